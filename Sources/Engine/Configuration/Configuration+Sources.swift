package import Diagnostics
package import Extraction
import Foundation
package import Pipelines
import Postgres

/// What is set of one source.
package struct SourceSettings: Sendable {
  /// libpq URIs or keyword strings, one for each shard; they may hold a password and are never
  /// printed.
  package var uris: [String] = []
  /// Where the rows of a tenant are, if there are several shards.
  package var spread = ShardSpread.rows
  /// The schema of its tables.
  package var schema = "app"
  /// The file of its query of tenants; `nil` for the one beside the pipelines.
  package var tenants: String?
  /// The type that its tenants' ids must have; `nil` for any.
  package var id: TenantIDType?
  /// How many seconds a standby's rows can be behind its primary; `nil` for any.
  package var maxLag: Int?
  /// The table of people. It comes before what the source's `platform.yaml` says.
  package var people: PeopleTable?

  /// How many sessions read side by side; `nil`: as many as there are processors, at most 4.
  package var connections: Int?

  /// The defaults.
  package init() {}
}

extension Configuration {
  private static let sourceKeys = [
    "uri", "uris", "spread", "schema", "people", "tenants", "id", "max_lag", "connections",
  ]

  /// Reads `source` and `sources`.
  mutating func readSources(_ map: SpecMapping) {
    if let node = map["source"] {
      if node.isMapping {
        if let read = settings(ofSource: node) {
          (source, schema, sourceSettings) = (read.uris.first, read.schema, read)
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
        settings.uris = entry.value.string().map { [$0] } ?? []
        sources[name] = settings
      }
    }
  }

  private func settings(ofSource node: SpecNode) -> SourceSettings? {
    guard let map = node.mapping(keys: Self.sourceKeys) else { return nil }
    var settings = SourceSettings()
    if let uris = map["uris"] {
      settings.uris = uris.list().compactMap { $0.string() }
      map["uri"]?.report("'uri' and 'uris' exclude each other")
    } else {
      settings.uris = map.required("uri")?.string().map { [$0] } ?? []
    }
    if Set(settings.uris).count != settings.uris.count {
      map["uris"]?.report("two shards have the same URI: their rows would count twice")
    }
    if let word = map["spread"]?.word(of: ShardSpread.allCases.map(\.rawValue)) {
      settings.spread = ShardSpread(rawValue: word) ?? .rows
    }
    settings.schema = map["schema"]?.name() ?? settings.schema
    settings.maxLag = map["max_lag"]?.duration()
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
      settings.schema = schema
      // The environment and the flag name one database.
      let uri = try required(.source)
      if settings.uris.first != uri { settings.uris = [uri] }
      return settings
    }
    if let settings = sources[name], settings.uris.first?.isEmpty == false { return settings }
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
  ///   - shard: the shard's number, from 1.
  ///   - conflicts: what a standby ended before. After several, the primary is asked, if the URI
  ///     allows it and if it answers.
  package func openSource(
    _ name: String?, shard: Int = 1, pipelines: String, isLimited: Bool = true,
    conflicts: RecoveryConflicts = RecoveryConflicts()
  ) throws -> Source {
    let settings = try settings(ofSource: name)
    let uri = settings.uris.indices.contains(shard - 1) ? settings.uris[shard - 1] : ""
    func open(isWithPrimary: Bool) throws -> Source {
      let source = try Source(
        uri, schema: settings.schema, name: name,
        tenants: SourceFiles.tenants(
          in: pipelines, source: name, named: settings.tenants, shipped: shippedTenants),
        platform: SourceFiles.platform(in: pipelines, source: name), id: settings.id,
        maxLag: settings.maxLag, statementSeconds: isLimited ? statementSeconds : 0,
        isWithPrimary: isWithPrimary)
      source.conflicts = conflicts
      return source
    }
    if conflicts.areMany, ConnectionHosts(uri).allowsPrimary {
      do { return try open(isWithPrimary: true) } catch let error as Diagnostic
        where error.code == .unavailable
      {
        // Without the primary, the standby may still do.
      }
    }
    return try open(isWithPrimary: false)
  }

  /// Opens all shards of a source.
  package func openShards(
    _ name: String?, pipelines: String, isLimited: Bool = true
  ) throws -> Shards {
    let settings = try settings(ofSource: name)
    let conflicts = settings.uris.map { _ in RecoveryConflicts() }
    return try Shards(name, count: settings.uris.count, spread: settings.spread) { number in
      try openSource(
        name, shard: number, pipelines: pipelines, isLimited: isLimited,
        conflicts: conflicts[number - 1])
    }
  }

  /// The table of people that a pipeline's queries can read; `nil` if nothing says which.
  func people(of pipeline: Pipeline) -> PeopleTable? {
    let settings = pipeline.extract.source.map { sources[$0] ?? SourceSettings() } ?? sourceSettings
    return settings.people ?? pipeline.extract.platform.people
  }
}
