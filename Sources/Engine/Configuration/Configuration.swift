import Basics
package import Delivery
package import Diagnostics
import Foundation
import ObjectStorage
package import Pipelines
import Postgres
package import Store

/// Where everything is: `yearbook.yaml`, overridden by the environment, overridden by flags.
package struct Configuration: Sendable {
  /// libpq URIs or keyword strings; they may hold a password and are never printed.
  package var source: String?
  package var record: String?
  /// The schema of the platform's tables.
  package var schema = "app"
  package var store: String?
  /// Who can read what is published in the store; `nil` if nothing is said, which means all.
  package var storeMode: StoreMode?
  package var workspace: String?
  package var media: String?
  package var mediaLayout = MediaLayout.tenants
  package var pipelines: String?
  package var templates: String?
  /// The folder of a private PostgreSQL that is started for a command and stopped after it.
  package var privateServer: String?
  /// How many seconds one statement on the source may take.
  package var statementSeconds = 900
  /// How many seconds one stage of one partition may take.
  package var stageSeconds = 7200
  /// What else is set of the platform's source.
  package var sourceSettings = SourceSettings()
  /// The other sources, by name.
  package var sources: [String: SourceSettings] = [:]
  /// The query of tenants that comes with the program.
  package var shippedTenants: String?
  /// The file of the key that signs what is published; a public key's, if an agent signs.
  package var signingKey: String?
  /// The operator's age public keys. They can open every encrypted release, like the tenant's own.
  package var recipients: [AgeRecipient] = []
  /// The bucket that the store is mirrored to.
  package var mirror: MirrorSettings?
  /// By slug.
  package var tenants: [String: TenantSettings] = [:]
  /// The ways by which messages leave, by name.
  package var channels: [String: ChannelSettings] = [:]
  /// The operator, as the owner of the reports about all tenants. Its currency is shown first.
  package var operatorTenant = Tenant(
    id: "00000000-0000-0000-0000-000000000000", slug: ReleaseTenant.operatorName,
    name: "Operator", zone: .utc, locale: "en", currency: "USD")
  /// How the operator is told of runs and incidents; `nil`: not at all.
  package var operatorContact: OperatorContact?
  /// The address of the store's root on the web, without a slash at the end, for links in messages.
  package var site: String?
  /// For how many seconds links into the mirror's bucket work; `nil`: links lead to `site`.
  package var signedLinks: Int?
  /// How long messages are kept.
  package var delivery = DeliverySettings()
  /// What others see of runs.
  package var telemetry = TelemetrySettings()
  /// The operator's time zone, a name that the platform's PostgreSQL knows.
  package var operatorZone = ZoneRules.utc.name
  /// The file that was read; `nil` without one.
  package var file: String?
  /// Whether a connection string in the file holds a password.
  package var holdsPassword = false

  /// Nothing set.
  package init() {}

  /// The settings of a tenant; the defaults where the file has none.
  package func settings(for slug: String) -> TenantSettings { tenants[slug] ?? TenantSettings() }

  /// Refuses settings of a tenant that the platform does not have. If a slug is misspelt or was
  /// changed, its tenant would be published without encryption, or with names.
  ///
  /// - Throws: `.configuration`.
  package func refuseUnknownTenants(among slugs: Set<String>) throws(Diagnostic) {
    guard let unknown = tenants.keys.filter({ !slugs.contains($0) }).min() else { return }
    let nearest = NearestWords.hint(for: unknown, in: Array(slugs))
    throw Diagnostic(
      .configuration,
      "\(file ?? "yearbook.yaml") sets 'tenants: \(unknown):', but the platform has no such tenant",
      hint: [nearest, "if the tenant is gone, remove the section"].compactMap(\.self).joined(
        separator: "; "))
  }

  /// The folder that relative paths in the file, and `pipelines/`, are relative to.
  package var folder: String {
    guard let file else { return FileManager.default.currentDirectoryPath }
    return URL(fileURLWithPath: file).deletingLastPathComponent().path
  }
}

extension Configuration {
  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - path: the file named with `--config`; `nil` reads `yearbook.yaml` in the working folder,
  ///     if it exists.
  ///   - environment: the environment of the process.
  package init(
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
          .configuration, "the configuration cannot be read", at: .init(file: path),
          hint: "name an existing file with --config")
      ])
    }
    override(by: environment)
    // It replaces the file's address. Endpoint and region stay: the variable cannot express them.
    if let address = environment["YEARBOOK_MIRROR"], !address.isEmpty {
      do throws(Diagnostic) {
        var location = try BucketLocation(address)
        (location.endpoint, location.region) = (mirror?.location.endpoint, mirror?.location.region)
        location.allowsPlainHTTP = mirror?.location.allowsPlainHTTP ?? false
        mirror = MirrorSettings(location, connections: mirror?.connections ?? 8)
      } catch {
        throw Diagnostics([error])
      }
    }
  }

  private mutating func override(by environment: [String: String]) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    for setting in Setting.allCases {
      self[setting] = value(setting.variable) ?? self[setting]
    }
    signingKey = value("YEARBOOK_SIGNING_KEY") ?? signingKey
  }

  private mutating func read(_ root: SpecNode) {
    guard
      let map = root.mapping(keys: [
        "source", "sources", "record", "store", "workspace", "media", "pipelines", "templates",
        "postgres",
        "timeouts", "operator", "tenants", "signing", "encryption", "mirror", "channels", "site",
        "delivery", "telemetry",
      ])
    else { return }
    readSources(map)
    record = map["record"]?.string()
    holdsPassword = ([source, record] + sourceSettings.uris + sources.values.flatMap(\.uris))
      .contains {
        $0.map { ConnectionSecrets($0).hasPassword } ?? false
      }
    if let node = map["store"] { readStore(node) }
    workspace = map["workspace"]?.string().map(resolve)
    if let node = map["media"] { readMedia(node) }
    pipelines = map["pipelines"]?.string().map(resolve)
    templates = map["templates"]?.string().map(resolve)
    privateServer = map["postgres"]?.mapping(keys: ["private"])?.required("private")?.string()
      .map(resolve)
    if let timeouts = map["timeouts"]?.mapping(keys: ["statement", "stage"]) {
      statementSeconds = timeouts["statement"]?.duration() ?? statementSeconds
      stageSeconds = timeouts["stage"]?.duration() ?? stageSeconds
    }
    signingKey = map["signing"]?.mapping(keys: ["key"])?.required("key")?.string().map(resolve)
    if let map = map["encryption"]?.mapping(keys: ["recipients"]) {
      recipients = Configuration.recipients(map.required("recipients"))
    }
    if let map = map["operator"]?.mapping(
      keys: ["name", "time_zone", "locale", "currency", "channel", "address"])
    {
      operatorContact = OperatorContact(map)
      operatorTenant.name = map["name"]?.string() ?? operatorTenant.name
      operatorTenant.locale = map["locale"]?.string() ?? operatorTenant.locale
      operatorTenant.currency = map["currency"]?.string() ?? operatorTenant.currency
      operatorZone = map["time_zone"]?.string() ?? operatorZone
    }
    mirror = map["mirror"].flatMap(Configuration.mirror)
    if let node = map["channels"] { channels = readChannels(node) }
    readDelivery(map)
    if let node = map["telemetry"] { telemetry = readTelemetry(node) }
    for entry in map["tenants"]?.mapping()?.entries ?? [] {
      tenants[entry.key] = Configuration.tenant(entry.value)
    }
  }

  private mutating func readStore(_ node: SpecNode) {
    guard node.isMapping else { return store = node.string().map(resolve) }
    let map = node.mapping(keys: ["folder", "mode"])
    store = map?["folder"]?.string().map(resolve)
    if let word = map?["mode"]?.word(of: StoreMode.allCases.map(\.rawValue)) {
      storeMode = StoreMode(rawValue: word)
    }
  }

  private static func tenant(_ node: SpecNode) -> TenantSettings {
    var settings = TenantSettings()
    let map = node.mapping(keys: [
      "privacy", "film", "media_prefix", "recipients", "since", "share",
    ])
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
    if let share = map?["share"]?.mapping(keys: ["film"]) {
      settings.sharesFilm = share["film"]?.boolean() ?? false
    }
    settings.mediaPrefix = map?["media_prefix"].flatMap(mediaPrefix)
    settings.recipients = recipients(map?["recipients"]).map(\.description)
    settings.isOpen = map?["recipients"] != nil && settings.recipients.isEmpty
    if let node = map?["since"], let text = node.string() {
      settings.since = CivilDate(text)
      if settings.since == nil { node.report("expected a day such as 2024-03-01, found '\(text)'") }
    }
    return settings
  }

  private static func mirror(_ node: SpecNode) -> MirrorSettings? {
    let map =
      node.isMapping
      ? node.mapping(
        keys: ["to", "endpoint", "region", "addressing", "connections", "plain_http"]) : nil
    if node.isMapping, map == nil { return nil }
    let address = map == nil ? node : map?.required("to")
    guard let text = address?.string() else { return nil }
    do throws(Diagnostic) {
      var location = try BucketLocation(
        text, endpoint: map?["endpoint"]?.string(), region: map?["region"]?.string())
      location.allowsPlainHTTP = map?["plain_http"]?.boolean() ?? false
      if let node = map?["addressing"],
        let word = node.word(of: BucketAddressing.allCases.map(\.rawValue))
      {
        location.addressing = BucketAddressing(rawValue: word)
      }
      try location.checkAddressing()
      let connections = map?["connections"]?.integer() ?? 8
      if !(1...64).contains(connections) {
        map?["connections"]?.report("expected a number from 1 to 64")
      }
      return MirrorSettings(location, connections: connections)
    } catch {
      node.report(error.message, hint: error.hint)
      return nil
    }
  }

  private static func recipients(_ node: SpecNode?) -> [AgeRecipient] {
    (node?.list() ?? []).compactMap { node in
      guard let text = node.string() else { return nil }
      if let recipient = AgeRecipient(text) { return recipient }
      node.report("not an age public key", hint: "it begins with age1; `age-keygen` prints one")
      return nil
    }
  }

  /// The store at a folder, with the key that signs what is published in it.
  package func releaseStore(_ root: String) throws(Diagnostic) -> ReleaseStore {
    let agent = ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"]
    let signer = try signingKey.map { file throws(Diagnostic) in
      try ReleaseSigner(file: file, agent: agent)
    }
    return try ReleaseStore(root: root, signer: signer, mode: storeMode ?? .public)
  }

  private static func seconds(_ node: SpecNode) -> Int? { node.duration() }

  /// A path of the file, relative to the file's folder.
  func resolve(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    return URL(fileURLWithPath: folder).appendingPathComponent(path).standardizedFileURL.path
  }
}
