package import Diagnostics
package import Extraction
import Foundation
package import Pipelines

/// What is set of one source.
package struct SourceSettings: Sendable {
  /// A libpq URI or keyword string; it may hold a password and is never printed.
  package var uri: String?
  /// The schema of its tables.
  package var schema = "app"
  /// The file of its query of tenants; `nil` for the one beside the pipelines.
  package var tenants: String?
  /// The type that its tenants' ids must have; `nil` for any.
  package var id: TenantIDType?
  /// The table of people. It comes before what the source's `platform.yaml` says.
  package var people: PeopleTable?

  /// How many sessions read side by side; `nil`: as many as there are processors, at most 4.
  package var connections: Int?

  /// The defaults.
  package init() {}
}

extension Configuration {
  private static let sourceKeys = ["uri", "schema", "people", "tenants", "id", "connections"]

  /// Reads `source` and `sources`.
  mutating func readSources(_ map: SpecMapping) {
    if let node = map["source"] {
      if node.isMapping {
        if let read = settings(ofSource: node) {
          (source, schema, sourceSettings) = (read.uri, read.schema, read)
        }
      } else {
        source = node.string()
      }
    }
    for entry in map["sources"]?.mapping()?.entries ?? [] {
      guard let name = entry.keyNode.name() else { continue }
      if entry.value.isMapping {
        sources[name] = settings(ofSource: entry.value)
      } else {
        var settings = SourceSettings()
        settings.uri = entry.value.string()
        sources[name] = settings
      }
    }
  }

  private func settings(ofSource node: SpecNode) -> SourceSettings? {
    guard let map = node.mapping(keys: Self.sourceKeys) else { return nil }
    var settings = SourceSettings()
    settings.uri = map.required("uri")?.string()
    settings.schema = map["schema"]?.name() ?? settings.schema
    settings.people = map["people"].flatMap { PeopleTable($0) }
    settings.tenants = map["tenants"]?.string().map(resolve)
    settings.id = map["id"]?.word(of: TenantIDType.allCases.map(\.rawValue))
      .flatMap(TenantIDType.init(rawValue:))
    if let node = map["connections"], let count = node.integer() {
      if (1...64).contains(count) {
        settings.connections = count
      } else {
        node.report("connections is \(count), which is not 1 to 64")
      }
    }
    return settings
  }

  /// What is set of a source.
  ///
  /// - Parameter name: `nil` for the platform itself.
  /// - Throws: `.configuration` if it is not configured.
  package func settings(ofSource name: String?) throws(Diagnostic) -> SourceSettings {
    guard let name else {
      var settings = sourceSettings
      (settings.uri, settings.schema) = (try required(.source), schema)
      return settings
    }
    if let settings = sources[name], settings.uri?.isEmpty == false { return settings }
    throw Diagnostic(
      .configuration, "the source '\(name)' is not configured", at: .init(file: file),
      hint: NearestWords.hint(for: name, in: Array(sources.keys))
        ?? "set sources: {\(name): {uri: …}} in yearbook.yaml")
  }

  /// How many sessions read a source side by side.
  func connections(to name: String?) -> Int {
    (name.map { sources[$0]?.connections } ?? sourceSettings.connections)
      ?? min(4, ProcessInfo.processInfo.activeProcessorCount)
  }

  /// The sources that are configured: the platform itself is `nil`, and the first.
  package var sourceNames: [String?] {
    (source == nil ? [] : [nil]) + sources.keys.sorted().map(Optional.some)
  }

  /// Opens a source.
  ///
  /// - Parameters:
  ///   - name: `nil` for the platform itself.
  ///   - pipelines: the folder of pipelines, with what is said of the source's tables.
  ///   - isLimited: whether a statement has only the configured time.
  package func openSource(
    _ name: String?, pipelines: String, isLimited: Bool = true
  ) throws -> Source {
    let settings = try settings(ofSource: name)
    return try Source(
      settings.uri ?? "", schema: settings.schema, name: name,
      tenants: SourceFiles.tenants(
        in: pipelines, source: name, named: settings.tenants, shipped: shippedTenants),
      platform: SourceFiles.platform(in: pipelines, source: name), id: settings.id,
      statementSeconds: isLimited ? statementSeconds : 0)
  }

  /// The table of people that a pipeline's queries can read; `nil` if nothing says which.
  func people(of pipeline: Pipeline) -> PeopleTable? {
    let settings = pipeline.extract.source.map { sources[$0] ?? SourceSettings() } ?? sourceSettings
    return settings.people ?? pipeline.extract.platform.people
  }
}
