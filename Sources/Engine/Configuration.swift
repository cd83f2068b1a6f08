public import Diagnostics
import Foundation
public import Pipelines

/// Where everything is: `yearbook.yaml`, overridden by the environment, overridden by flags.
public struct Configuration: Sendable {
  /// libpq URIs or keyword strings; they may hold a password and are never printed.
  public var source: String?
  public var record: String?
  /// The schema of the platform's tables.
  public var schema = "app"
  public var store: String?
  public var workspace: String?
  public var media: String?
  public var pipelines: String?
  public var templates: String?
  /// The folder of a private PostgreSQL that is started for a command and stopped after it.
  public var privateServer: String?
  /// How many seconds one statement on the source may take.
  public var statementSeconds = 900
  /// How many seconds one stage of one partition may take.
  public var stageSeconds = 7200
  /// By slug.
  public var tenants: [String: TenantSettings] = [:]
  /// The file that was read, if one was.
  public var file: String?

  /// Nothing set.
  public init() {}

  /// The settings of a tenant, the defaults where the file names none.
  public func settings(for slug: String) -> TenantSettings { tenants[slug] ?? TenantSettings() }

  /// The folder that relative paths in the file, and `pipelines/`, are sought in.
  public var folder: String {
    guard let file else { return FileManager.default.currentDirectoryPath }
    return URL(fileURLWithPath: file).deletingLastPathComponent().path
  }
}

extension Configuration {
  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - path: the file named with `--config`; without one `yearbook.yaml` in the working folder, if there.
  ///   - environment: the process's.
  public init(
    path: String?, environment: [String: String]
  ) throws(Diagnostics) {
    self.init()
    let isNamed = path != nil
    let path = path ?? "yearbook.yaml"
    if let data = FileManager.default.contents(atPath: path) {
      file = URL(fileURLWithPath: path).standardizedFileURL.path
      let reader = SpecReader(file: path)
      if let text = String(validating: data, as: UTF8.self) {
        if let root = reader.parse(text) { read(root) }
      } else {
        reader.report("not UTF-8", line: nil, column: nil)
      }
      try reader.finish()
    } else if isNamed {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the configuration can't be read", at: .init(file: path),
          hint: "name an existing file with --config")
      ])
    }
    override(by: environment)
  }

  private mutating func override(by environment: [String: String]) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    source = value("YEARBOOK_SOURCE") ?? source
    record = value("YEARBOOK_RECORD") ?? record
    store = value("YEARBOOK_STORE") ?? store
    workspace = value("YEARBOOK_WORKSPACE") ?? workspace
    media = value("YEARBOOK_MEDIA") ?? media
  }

  private mutating func read(_ root: SpecNode) {
    guard
      let map = root.mapping(keys: [
        "source", "record", "store", "workspace", "media", "pipelines", "templates", "postgres",
        "timeouts", "tenants",
      ])
    else { return }
    if let node = map["source"] {
      if node.isMapping {
        let map = node.mapping(keys: ["uri", "schema"])
        source = map?.required("uri")?.string()
        schema = map?["schema"]?.name() ?? schema
      } else {
        source = node.string()
      }
    }
    record = map["record"]?.string()
    store = map["store"]?.string().map(resolve)
    workspace = map["workspace"]?.string().map(resolve)
    media = map["media"]?.string().map(resolve)
    pipelines = map["pipelines"]?.string().map(resolve)
    templates = map["templates"]?.string().map(resolve)
    privateServer = map["postgres"]?.mapping(keys: ["private"])?.required("private")?.string()
      .map(resolve)
    if let timeouts = map["timeouts"]?.mapping(keys: ["statement", "stage"]) {
      statementSeconds = timeouts["statement"]?.duration() ?? statementSeconds
      stageSeconds = timeouts["stage"]?.duration() ?? stageSeconds
    }
    for entry in map["tenants"]?.mapping()?.entries ?? [] {
      tenants[entry.key] = Configuration.tenant(entry.value)
    }
  }

  private static func tenant(_ node: SpecNode) -> TenantSettings {
    var settings = TenantSettings()
    let map = node.mapping(keys: ["privacy", "film", "media_prefix"])
    if let word = map?["privacy"]?.word(of: Privacy.allCases.map(\.rawValue)) {
      settings.privacy = Privacy(rawValue: word) ?? .names
    }
    if let film = map?["film"]?.mapping(keys: ["target", "max"]) {
      settings.filmTarget = film["target"].flatMap(seconds)
      settings.filmMaximum = film["max"].flatMap(seconds)
      if let target = settings.filmTarget, let most = settings.filmMaximum, target > most {
        film["target"]?.report("the target is longer than the maximum")
      }
    }
    if let prefix = map?["media_prefix"]?.string() {
      settings.mediaPrefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }
    return settings
  }

  private static func seconds(_ node: SpecNode) -> Int? { node.duration() }

  /// A path of the file, relative to the file's folder.
  private func resolve(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    return URL(fileURLWithPath: folder).appendingPathComponent(path).standardizedFileURL.path
  }
}
