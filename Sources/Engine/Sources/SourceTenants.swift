import Basics
package import Diagnostics
package import Extraction
package import Pipelines

/// The active tenants of all sources that a run reads.
package struct SourceTenants: Sendable {
  /// A tenant with the source that has it, and why it cannot be served.
  package typealias Chosen = (source: String?, tenant: Tenant, fault: Diagnostic?)

  /// In the order of the configuration, the platform itself first.
  private var sources: [(name: String?, tenants: Source.Tenants)]

  /// - Parameter sources: each source's tenants.
  package init(_ sources: [(name: String?, tenants: Source.Tenants)]) {
    self.sources = sources
    refuseTwins()
  }

  /// Reads the tenants of the sources.
  ///
  /// - Parameter zone: a further time zone whose rules are wanted.
  package init(
    of sources: [Shards], alsoZone zone: String? = nil
  ) throws(Diagnostic) { try self.init(of: sources, alsoZone: zone, record: nil) }

  /// - Parameters:
  ///   - record: knows the tenants of shards that do not answer.
  ///   - remembers: whether the record takes those of shards that do.
  init(
    of sources: [Shards], alsoZone zone: String?, record: RunRecord?, remembers: Bool = false
  ) throws(Diagnostic) {
    var read: [(name: String?, tenants: Source.Tenants)] = []
    for source in sources {
      read.append(
        (
          source.name,
          try source.tenants(
            alsoZone: zone, record: record, remembers: remembers)
        ))
    }
    self.init(read)
  }

  /// The tenants of one source; none, if it is not read.
  package subscript(name: String?) -> Source.Tenants {
    sources.first { $0.name == name }?.tenants ?? Source.Tenants()
  }

  /// The names of the sources.
  package var names: Set<String?> { Set(sources.map(\.name)) }

  /// The slugs of all tenants, active or not.
  package var slugs: Set<String> {
    sources.reduce(into: []) { $0.formUnion($1.tenants.slugs) }
  }

  /// The faults of tenants whose slug is not valid.
  package var nameless: [Diagnostic] { sources.flatMap(\.tenants.nameless) }

  /// The faults of all tenants that cannot be served.
  package var faults: [Diagnostic] { sources.flatMap { $0.tenants.faulty.map(\.fault) } + nameless }

  /// The ids of the tenants that can be served.
  package var served: Set<String> {
    sources.reduce(into: []) { $0.formUnion($1.tenants.served.map(\.id)) }
  }

  /// The time zones of the tenants that can be served.
  package var timeZones: Set<String> {
    sources.reduce(into: []) { $0.formUnion($1.tenants.served.map(\.timeZone)) }
  }

  func zone(named name: String) -> ZoneRules? {
    sources.lazy.compactMap { $0.tenants.zones[name] }.first
  }

  /// All tenants of these sources: of each, those that can be served first.
  func all(among names: Set<String?>) -> [Chosen] {
    sources.filter { names.contains($0.name) }.flatMap { source in
      source.tenants.served.map { (source.name, $0, nil) }
        + source.tenants.faulty.map { (source.name, $0.tenant, $0.fault) }
    }
  }

  /// Two sources can have the same tenant: then its id is the same in both. Different tenants must
  /// not have one slug. It is the name of one folder in the store, and nobody can say whose.
  private mutating func refuseTwins() {
    var ids: [String: Set<String>] = [:]
    for (_, tenants) in sources {
      for tenant in tenants.served { ids[tenant.slug, default: []].insert(tenant.id) }
    }
    let twins = ids.filter { $0.value.count > 1 }
    if twins.isEmpty { return }
    for place in sources.indices {
      let found = sources[place].tenants.served.filter { twins[$0.slug] != nil }
      sources[place].tenants.served.removeAll { twins[$0.slug] != nil }
      let holders = sources.map(\.name).map { $0.map { "'\($0)'" } ?? "the platform" }
      sources[place].tenants.faulty += found.map { tenant in
        (
          tenant,
          Diagnostic(
            .data, "several sources have a tenant '\(tenant.slug)', with different ids",
            at: .init(stage: "plan", tenant: tenant.slug),
            hint: "of \(holders.joined(separator: ", ")): give each tenant a slug of its own")
        )
      }
    }
  }
}

extension RunSession {
  /// The names of the sources that a pipeline or the pipelines of a schedule read.
  func sourceNames(of name: String) -> [String?] {
    let names = library.schedule(name)?.entries.map(\.pipeline) ?? [name]
    let sources = names.compactMap { library.pipeline($0) }.map(\.extract.source)
    return (sources.contains(nil) || sources.isEmpty ? [nil] : [])
      + Set(sources.compactMap(\.self)).sorted().map(Optional.some)
  }

  private func openShards(_ name: String?) throws -> Shards {
    try configuration.openShards(name, pipelines: library.folder)
  }

  /// The tenants of a source.
  func tenants(ofSource name: String?) throws -> Source.Tenants {
    try openShards(name).tenants()
  }

  /// Opens sources. If one of several does not answer, the others are read: its failure is given
  /// back.
  ///
  /// - Parameter isWhole: whether all must answer.
  func openSources(
    _ names: [String?], isWhole: Bool
  ) throws -> (sources: [Shards], unreached: [Diagnostic]) {
    if names.count == 1 || isWhole { return (try names.map(openShards), []) }
    var sources: [Shards] = []
    var unreached: [Diagnostic] = []
    for name in names {
      do {
        sources.append(try openShards(name))
      } catch let error as Diagnostic where error.code == .unavailable {
        unreached.append(error)
      }
    }
    if sources.isEmpty, let first = unreached.first { throw first }
    return (sources, unreached)
  }

  /// The slugs of tenants of sources that this run does not read, if the configuration has settings
  /// of a tenant that those it reads do not have.
  ///
  /// A source that does not answer says nothing: then a setting could be of one of its tenants.
  func slugsElsewhere(_ tenants: SourceTenants) -> Set<String> {
    var unknown = Set(configuration.tenants.keys).subtracting(tenants.slugs)
    var found: Set<String> = []
    for name in configuration.sourceNames where !tenants.names.contains(name) && !unknown.isEmpty {
      do {
        let slugs = try self.tenants(ofSource: name).slugs
        found.formUnion(slugs)
        unknown.subtract(slugs)
      } catch {
        return found.union(unknown)
      }
    }
    return found
  }
}
