import Basics
import Diagnostics
package import Pipelines
import Postgres

/// Takes the fingerprints of the tables that pipelines read: one scan of each table, for all
/// tenants, pipelines and periods of a run.
///
/// A partition's datasets are decided by its pipeline's SQL, its row of `partition`, the hidden
/// rows, and the rows that its shadows show. If all of them are as they were, the datasets are.
package struct Fingerprinter {
  /// Two random numbers that only the record knows. Nobody can write rows whose hashes cancel each
  /// other without them.
  package struct Seeds: Hashable, Sendable {
    package var first: Int64
    package var second: Int64

    package init(first: Int64, second: Int64) {
      self.first = first
      self.second = second
    }
  }

  /// The partitions of one pipeline in a run.
  package struct Demand {
    package var pipeline: Pipeline
    package var reads: PipelineReads
    /// The digest of the SQL and of the source's catalog, from `IsolationTrial`.
    package var statement: String
    package var periods: Set<Period>
    package var tenants: [Tenant]

    package init(
      _ pipeline: Pipeline, reads: PipelineReads, statement: String, periods: Set<Period>,
      tenants: [Tenant]
    ) {
      self.pipeline = pipeline
      self.reads = reads
      self.statement = statement
      self.periods = periods
      self.tenants = tenants
    }
  }

  private let source: Source
  private let seeds: Seeds
  private let moment: RunMoment
  /// The program's version: another one may print rows in another form.
  private let program: String
  /// The table whose rows can be hidden, and the column that says which.
  private let hidden: PipelineReads.Column

  package init(
    _ source: Source, seeds: Seeds, moment: RunMoment, program: String,
    hidden: (table: String, column: String)
  ) {
    self.source = source
    self.seeds = seeds
    self.moment = moment
    self.program = program
    self.hidden = PipelineReads.Column(table: hidden.table, name: hidden.column)
  }

  /// Takes the fingerprints in the source's present snapshot.
  ///
  /// A table that cannot be scanned is left out, and with it all pipelines that read it: then their
  /// rows are read. Throws only if the session is lost.
  ///
  /// - Parameter sideBySide: runs the scans in sessions with this snapshot; else this session alone
  ///   does.
  package func take(
    _ demands: [Demand],
    sideBySide: ((_ count: Int, @escaping @Sendable (Int, Source) throws -> Void) throws -> Void)? =
      nil
  ) throws -> Fingerprints {
    let catalog = try source.catalog()
    let connection = source.connection
    var places: Set<RunClock.Place> = []
    for demand in demands {
      for zone in Set(demand.tenants.map(\.timeZone)) {
        for period in demand.periods { places.insert(.init(zone: zone, period: period)) }
      }
    }
    let clock = try connection.savepoint { try RunClock(places, moment, on: connection) }
    var scans: [Fingerprints.Place: TableScan] = [:]
    var plans: [String: Fingerprints.Plan] = [:]
    for demand in demands {
      plans[demand.pipeline.name] = add(demand, Self.tenants(of: demand, clock), catalog, &scans)
    }
    let (found, faults) = try run(scans, sideBySide)
    let server = try connection.query(Self.server, [source.schema]).only().string("server")
    return Fingerprints(
      plans: plans, scans: scans, found: found, clock: clock, moment: moment,
      server: server, schema: source.schema, program: program, faults: faults)
  }

  private typealias Rows = [TableScan.Owner: TableScan.Found]

  /// Runs the scans, the largest table first, so that the last ones are short.
  private func run(
    _ scans: [Fingerprints.Place: TableScan],
    _ sideBySide: ((Int, @escaping @Sendable (Int, Source) throws -> Void) throws -> Void)?
  ) throws -> (found: [Fingerprints.Place: Rows], faults: [Diagnostic]) {
    var sizes: [String: Int] = [:]
    for row in try source.connection.query(Self.sizes, [source.schema]) {
      sizes[try row.string("name")] = try row.int("pages")
    }
    let ordered = scans.sorted {
      (-(sizes[$0.key.table] ?? 0), $0.key) < (-(sizes[$1.key.table] ?? 0), $1.key)
    }.map { (place: $0.key, scan: $0.value) }
    let results = Locked<[Int: Result<Rows, Diagnostic>]>([:])
    let scan: @Sendable (Int, Source) throws -> Void = { [seeds] index, source in
      let connection = source.connection
      let result: Result<Rows, Diagnostic>
      do {
        result = .success(
          try connection.savepoint { try ordered[index].scan.run(on: connection, seeds: seeds) })
      } catch let error as Diagnostic {
        guard connection.isOpen, error.code != .interrupted else { throw error }
        result = .failure(error)
      }
      results.withLock { $0[index] = result }
    }
    if let sideBySide {
      try sideBySide(ordered.count, scan)
    } else {
      for index in ordered.indices { try scan(index, source) }
    }
    var found: [Fingerprints.Place: Rows] = [:]
    var faults: [Diagnostic] = []
    for (index, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      switch result {
      case .success(let rows): found[ordered[index].place] = rows
      case .failure(let fault): faults.append(fault)
      }
    }
    return (found, faults)
  }

  private static let sizes = """
    SELECT c.relname AS name, greatest(c.relpages, 0)::bigint AS pages FROM pg_catalog.pg_class c
    WHERE c.relnamespace = pg_catalog.to_regnamespace($1) AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
    """

  private static func tenants(of demand: Demand, _ clock: RunClock) -> [TableScan.Tenant] {
    let isCompared = !demand.reads.previousEnd.columns.isEmpty
    return demand.tenants.compactMap { tenant in
      var found: TableScan.Tenant?
      for period in demand.periods {
        guard let times = clock.times[.init(zone: tenant.timeZone, period: period)] else {
          return nil
        }
        var own = found ?? TableScan.Tenant(id: tenant.key, cutoff: times.now, previousEnds: [:])
        if isCompared, times.isMoving { own.previousEnds[period] = times.previousEnd }
        found = own
      }
      return found
    }
  }

  /// What of the server decides how rows are compared, ordered and printed: its version, the
  /// database's locale, and the collations of columns with their libraries' versions.
  static let server = """
    SELECT concat_ws(' ', version(),
      (SELECT string_agg(s.key || '=' || s.value, ' ' ORDER BY s.key)
        FROM pg_database d CROSS JOIN LATERAL jsonb_each_text(to_jsonb(d)) s
        WHERE d.datname = current_database()
          AND s.key ~ '^(encoding|datcoll|datctype|datlocprovider|datlocale|daticu)'),
      (SELECT md5(string_agg(
          concat_ws(' ', c.relname, a.attname, l.collname, pg_collation_actual_version(l.oid)),
          ',' ORDER BY c.relname, a.attname))
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))) AS server
    """

  /// Adds what a pipeline reads to the scans. `nil` if a table cannot be fingerprinted.
  private func add(
    _ demand: Demand, _ tenants: [TableScan.Tenant], _ catalog: SourceCatalog,
    _ scans: inout [Fingerprints.Place: TableScan]
  ) -> Fingerprints.Plan? {
    let extract = demand.pipeline.extract
    var tables: [Fingerprints.Plan.Table] = []
    for (name, columns) in demand.reads.tables.sorted(by: { $0.key < $1.key }) {
      guard let table = catalog.table(name) else { return nil }
      var names = columns
      if name == hidden.table, !names.contains(hidden.name),
        table.columns.contains(where: { $0.name == hidden.name && $0.isReadable })
      {
        names = (names + [hidden.name]).sorted()
      }
      guard
        names.allSatisfy({ name in table.columns.contains { $0.name == name && $0.isReadable } })
      else { return nil }
      let isTogether =
        demand.pipeline.scope == .platform || extract.shared.contains(name)
        || catalog.tenancy.hasOneTenant
      var ownership: Ownership?
      if !isTogether {
        do throws(Diagnostic) {
          ownership = try Ownership(of: table, in: catalog, extract.platform)
        } catch {
          return nil
        }
      }
      // Pipelines of one folder agree on the owners.
      let place = Fingerprints.Place(table: name, isTogether: isTogether)
      let times = demand.reads.cutoff.columns.filter { $0.table == name }.map(\.name)
      let compared = demand.reads.previousEnd.columns.filter { $0.table == name }.map(\.name)
      scans[
        place,
        default: TableScan(
          table, schema: source.schema, ownership, idType: catalog.tenancy.idType)
      ]
      .add(columns: names, times: times, compared: compared, tenants: tenants)
      tables.append(.init(place: place, columns: names, times: times, compared: compared))
    }
    return Fingerprints.Plan(demand: demand, tables: tables)
  }
}
