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
  package func take(_ demands: [Demand]) throws -> Fingerprints {
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
      guard let period = demand.periods.first else { continue }
      let tenants = demand.tenants.compactMap { tenant in
        clock.times[.init(zone: tenant.timeZone, period: period)].map {
          TableScan.Tenant(id: tenant.key, cutoff: $0.from)
        }
      }
      plans[demand.pipeline.name] = add(demand, tenants, catalog, &scans)
    }
    var found: [Fingerprints.Place: [TableScan.Owner: TableScan.Found]] = [:]
    var faults: [Diagnostic] = []
    for (place, scan) in scans.sorted(by: { $0.key < $1.key }) {
      do {
        found[place] = try connection.savepoint { try scan.run(on: connection, seeds: seeds) }
      } catch let error as Diagnostic {
        guard connection.isOpen, error.code != .interrupted else { throw error }
        faults.append(error)
      }
    }
    let server = try connection.query(Self.server, [source.schema]).only().string("server")
    return Fingerprints(
      plans: plans, scans: scans, found: found, clock: clock, moment: moment,
      server: server, schema: source.schema, program: program, faults: faults)
  }

  /// What of the server decides how rows are compared, ordered and printed: its version, the
  /// database's locale, and the collations of columns with their libraries' versions.
  private static let server = """
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
      scans[
        place,
        default: TableScan(
          table, schema: source.schema, ownership, idType: catalog.tenancy.idType)
      ]
      .add(columns: names, times: times, tenants: tenants)
      tables.append(.init(place: place, columns: names, times: times))
    }
    return Fingerprints.Plan(demand: demand, tables: tables)
  }
}
