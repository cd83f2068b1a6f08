import Basics
import Crypto
package import Diagnostics
package import Pipelines
package import Postgres

/// Holds a pipeline's queries against the rules, and tries them, before the pipeline can run.
///
/// What a query sees of the source is bounded by its shadows: one tenant's rows. The trial is the
/// second wall. It finds the mistake that a shadow would hide, as a query that forgets the tenant
/// does not say what its author meant, and it proves that the shadows hold:
///
/// 1. **Reading**: by PostgreSQL's own parse, the queries read only tables that lead to a tenant
///    and columns that reports can read, and call only what depends on the rows.
/// 2. **Non-interference** (Goguen and Meseguer, 1982): the queries run without shadows on a
///    generated platform. A tenant's rows must be the same with a neighbour and without, for
///    neighbours that differ in numbers, days, words, missing values, number of rows, time zone,
///    currency, locale and privacy.
/// 3. The same with shadows, as a run executes them.
///
/// All of it happens in a schema of the record's database that is rolled back.
package struct IsolationTrial {
  /// Where the trial runs: the record's database, as a role that can create a schema there.
  let record: Connection
  let catalog: SourceCatalog

  /// A day in the middle of a leap year: 2024-05-15.
  private static let triedDay = CivilDate(daysSince1970: 19_858)
  static let schema = "yearbook_trial"

  /// - Parameters:
  ///   - record: a session of the record's database.
  ///   - catalog: the source's catalog.
  package init(record: Connection, catalog: SourceCatalog) {
    self.record = record
    self.catalog = catalog
  }

  /// The digest under which a passed trial is recorded: of the pipeline's SQL, what is said of the
  /// platform's tables, the source's catalog and the trial's version.
  package func fingerprint(of pipeline: Pipeline) -> String {
    var inputs = KeyInputs(stage: "trial", version: 5)
    inputs.add("catalog", contentsOf: catalog.fingerprint.utf8)
    let extract = pipeline.extract
    if let source = extract.source { inputs.add("source", source) }
    for prelude in extract.preludes {
      inputs.add("with.\(prelude.name)", contentsOf: prelude.sql.utf8)
      inputs.add("file.\(prelude.name)", prelude.file)
    }
    for query in extract.queries {
      inputs.add("query.\(query.name)", contentsOf: query.sql.utf8)
      inputs.add("order.\(query.name)", contentsOf: "\(query.order)".utf8)
      inputs.add("silent.\(query.name)", query.silent ?? "")
      if query.isForDelivery { inputs.add("deliver.\(query.name)", "") }
      if let combine = query.combine {
        inputs.add("combine.\(query.name)", contentsOf: combine.sql.utf8)
        inputs.add("combined order.\(query.name)", contentsOf: "\(combine.order)".utf8)
      }
    }
    inputs.add("periods", pipeline.periods.map(\.rawValue).joined(separator: ","))
    inputs.add("scope", pipeline.scope.rawValue)
    inputs.add("shared", extract.shared.sorted().joined(separator: ","))
    for (table, column) in extract.platform.owners.sorted(by: { $0.key < $1.key }) {
      inputs.add("owner.\(table)", column.joined(separator: ","))
    }
    for (table, columns) in extract.platform.withheld.sorted(by: { $0.key < $1.key }) {
      inputs.add("withheld.\(table)", columns.joined(separator: ","))
    }
    for (table, columns) in extract.platform.unsafeTypes.sorted(by: { $0.key < $1.key }) {
      inputs.add("unsafe.\(table)", columns.joined(separator: ","))
    }
    for (table, personal) in extract.platform.personal.sorted(by: { $0.key < $1.key }) {
      inputs.add("personal.\(table)", "\(personal.reader): \(personal.columns)")
    }
    for (table, columns) in extract.platform.addresses.sorted(by: { $0.key < $1.key }) {
      inputs.add("addresses.\(table)", columns.joined(separator: ","))
    }
    for message in pipeline.deliver?.messages ?? [] {
      inputs.add("message.\(message.name)", "\(message.query) \(message.key)")
    }
    return inputs.key.hex
  }

  /// The outcome of a trial without faults.
  package struct Outcome: Equatable, Sendable {
    /// The queries that returned no rows in the trial, as the pipeline says they do. The trial
    /// proves nothing about them.
    package var silent: [String]
    /// The columns of each query, in order, without `tenant_id`.
    package var columns: [String: [String]] { types.mapValues { $0.map(\.name) } }
    /// The same with their types.
    package var types: [String: [Dataset.Column]]
    /// Queries whose order left different rows in the same place. They are faults for `check`; a
    /// run looks at the rows that it reads.
    package var ties: [Diagnostic] = []
    /// What the queries read.
    package var reads: PipelineReads
  }

  /// What a pipeline's queries read, without running them.
  package func reads(of pipeline: Pipeline) throws -> PipelineReads {
    PipelineReads(try reading(of: pipeline, timeZone: "UTC"), catalog)
  }

  /// Runs the trial of a pipeline.
  ///
  /// - Throws: `Diagnostics` with every fault found: a leak, a refused construct, a statement
  ///   PostgreSQL does not accept (with file, line and column).
  package func run(_ pipeline: Pipeline) throws -> Outcome {
    let read = try reading(of: pipeline, timeZone: "Etc/GMT+12")
    var faults = PipelineRules(
      pipeline: pipeline, catalog: catalog, reading: read, schema: Self.schema
    ).faults()
    let constants = read.constants
    if !constants.times.isEmpty {
      faults += Self.movingTimes(
        constants, try reading(of: pipeline, timeZone: "Etc/GMT-14").constants)
    }
    faults += try tenantFaults(pipeline)
    // What could reach outside of the trial's schema is not run at all.
    guard faults.isEmpty else { throw Diagnostics(faults.uniqued()) }
    var seen: Set<String> = []
    var ties: [Diagnostic] = []
    var own: [Rows] = []
    for kind in pipeline.periods {
      let found = try watch(pipeline, kind, read)
      own += found.own
      faults += found.faults
      seen.formUnion(found.seen)
      ties += found.ties
    }
    var silent: [String] = []
    for query in pipeline.extract.queries where !seen.contains(query.name) {
      if query.silent != nil {
        silent.append(query.name)
      } else {
        faults.append(
          Diagnostic(
            .configuration,
            "the query '\(query.name)' had no rows in the trial, so nothing is known of it",
            at: .init(pipeline: pipeline.name, file: query.file),
            hint: "if generated rows cannot fit it, say why: queries: {\(query.name): {silent: …}}")
        )
      }
    }
    guard faults.isEmpty else { throw Diagnostics(faults.uniqued()) }
    let combined = try combine(pipeline, read, own)
    return Outcome(
      silent: silent.sorted(),
      types: Dictionary(
        uniqueKeysWithValues: read.files.compactMap { file in
          file.query.map { query in
            (
              query.name,
              combined.types[query.name]
                ?? file.columns.dropFirst().map { Dataset.Column(name: $0.name, type: $0.typeName) }
            )
          }
        }), ties: (ties + combined.ties).uniqued(),
      reads: PipelineReads(read, catalog))
  }

  /// Runs `body` in the trial's schema, and rolls all of it back.
  func scratch<T>(_ body: () throws -> T) throws -> T {
    var outcome: T?
    do {
      try record.transaction {
        let schema = Quoting.identifier(Self.schema)
        try record.execute("CREATE SCHEMA \(schema); SET LOCAL search_path = \(schema)")
        outcome = try body()
        throw Finished()
      }
    } catch is Finished {}
    guard let outcome else { throw Diagnostic(.bug, "a trial had no outcome") }
    return outcome
  }

  func reading(of pipeline: Pipeline, timeZone: String) throws -> QueryReading {
    let made = TrialRows(
      catalog: catalog, extract: pipeline.extract,
      period: .sample(pipeline.periods[0], on: Self.triedDay))
    return try scratch {
      try record.execute("SET LOCAL TimeZone = \(Quoting.literal(timeZone))")
      for statement in made.tables { try record.execute(statement) }
      try record.execute(
        "CREATE TABLE partition (tenant_id \(catalog.tenancy.idType.rawValue), \(Self.partition))")
      do {
        return try QueryReading(pipeline.extract, on: record, schema: Self.schema)
      } catch let error as Diagnostics {
        throw Diagnostics(error.all.map { explained($0, pipeline.extract) })
      }
    }
  }

  private static let partition = """
    period_starts date, starts_at timestamptz, ends_at timestamptz,
    previous_starts_at timestamptz, previous_ends_at timestamptz, cutoff_at timestamptz, as_of date,
    time_zone text, currency text, locale text, privacy text, known_from timestamptz, known_until timestamptz
    """

  /// Thrown to leave a transaction: nothing of a trial stays.
  private struct Finished: Error {}

  // MARK: - Worlds

  /// The rows of one world, by the query's place.
  typealias Rows = [Int: [[UInt8]]]

  /// The faults, the queries that had rows, those whose order is not unique, and the rows of
  /// tenants that are alone.
  private typealias Sight = (
    faults: [Diagnostic], seen: Set<String>, ties: [Diagnostic], own: [Rows]
  )

  private func watch(
    _ pipeline: Pipeline, _ kind: Period.Kind, _ read: QueryReading
  ) throws -> Sight {
    var made = TrialRows(
      catalog: catalog, extract: pipeline.extract,
      period: .sample(kind, on: Self.triedDay), comparisons: read.comparisons)
    do {
      return try watch(
        pipeline, kind, made, TrialWorld.groups(read.constants, hasGaps: true), read)
    } catch let error as Diagnostics where error.all.allSatisfy(\.isDataException) {
      // A query can be made to fail on a value that it names itself, or on one that is missing.
      made.comparisons = [:]
      return try watch(
        pipeline, kind, made, TrialWorld.groups(QueryReading.Constants(), hasGaps: false), read)
    }
  }

  private func watch(
    _ pipeline: Pipeline, _ kind: Period.Kind, _ made: TrialRows,
    _ groups: [[TrialWorld]], _ read: QueryReading
  ) throws -> Sight {
    let queries = pipeline.extract.queries
    // One fault a query: that it holds another tenant's data says most.
    var faults: [Int: Diagnostic] = [:]
    var seen: Set<String> = []
    var ties: [Diagnostic] = []
    var alones: [Rows] = []
    for worlds in groups {
      var alone: (bare: Rows, shadowed: Rows) = ([:], [:])
      try scratch {
        let own = made.rows(of: worlds[0].watched, worlds[0].own)
        for statement in made.tables + made.sharedRows + own { try record.execute(statement) }
        // A platform of one tenant has no neighbours.
        for world in worlds where world.neighbour == nil || !catalog.tenancy.hasOneTenant {
          let rows = try self.rows(world, pipeline, made, read)
          for (place, query) in queries.enumerated() {
            if !(rows.bare[place] ?? []).isEmpty { seen.insert(query.name) }
          }
          if world.neighbour == nil {
            alone = (rows.bare, rows.shadowed)
            ties += rows.ties
            alones.append(rows.bare)
          }
          guard pipeline.scope == .tenant else { continue }
          for (place, query) in queries.enumerated() {
            if let fault = Self.difference(
              alone.bare[place] ?? [], rows.bare[place] ?? [], alone.shadowed[place] ?? [],
              rows.shadowed[place] ?? [], query, kind),
              faults[place]?.message != Self.foreignData
            {
              faults[place] = fault
            }
          }
        }
      }
    }
    return (queries.indices.compactMap { faults[$0] }, seen, ties, alones)
  }

  /// The watched tenant's rows in one world: without shadows, and with them. The neighbour's rows
  /// are removed again.
  private func rows(
    _ world: TrialWorld, _ pipeline: Pipeline, _ made: TrialRows, _ read: QueryReading
  ) throws -> (bare: Rows, shadowed: Rows, ties: [Diagnostic]) {
    let asOf = pipeline.dependsOnDay ? made.period.lastDay : nil
    let moment = RunMoment.day(made.period.end.adding(days: 40))
    let watched = made.member(world.watched, world.own, asOf: asOf)
    let columns = read.files.filter { $0.query != nil }.map { Array($0.columns.dropFirst()) }
    var found: (bare: Rows, shadowed: Rows, ties: [Diagnostic]) = ([:], [:], [])
    var ties = TrialTies(pipeline.extract.queries, columns)
    do {
      try record.savepoint {
        var members = [watched]
        if let neighbour = world.neighbour {
          let owner = world.watched.other
          for statement in made.rows(of: owner, neighbour) { try record.execute(statement) }
          members.append(made.member(owner, neighbour, asOf: asOf))
        }
        let bare = ExtractStatement(
          pipeline.extract, partition: .rows(members, made.period, moment),
          idType: catalog.tenancy.idType)
        found.bare = try rows(bare, columns, [], of: watched, among: members, pipeline.scope) {
          ties.add($1, to: $0, $2)
        }
        found.ties = ties.faults
        guard pipeline.scope == .tenant else { throw Finished() }
        let shadowed = ExtractStatement(
          pipeline.extract, partition: .parameters,
          shadows: catalog.shadows(for: pipeline.extract, tenant: "$1", schema: Self.schema),
          idType: catalog.tenancy.idType)
        try record.execute("SET LOCAL search_path = pg_catalog")
        found.shadowed = try rows(
          shadowed, columns, shadowed.parameters(watched, made.period, moment), of: watched,
          among: members, pipeline.scope)
        throw Finished()
      }
    } catch is Finished {}
    return found
  }

  private func rows(
    _ statement: ExtractStatement, _ columns: [[Column]], _ parameters: [String?],
    of watched: Extractor.Member, among members: [Extractor.Member], _ scope: Pipeline.Scope,
    each: (_ place: Int, _ row: StreamedRow, _ line: [UInt8]) -> Void = { _, _, _ in }
  ) throws -> Rows {
    let text = statement.combined(columns)
    let id = Array(watched.tenant.key.utf8)
    let known = members.map { Array($0.tenant.key.utf8) }
    let queries = statement.extract.queries
    var rows: Rows = [:]
    do {
      try record.savepoint {
        let prepared = try record.prepare(text.sql, parameters: parameters.count)
        try record.stream(prepared, parameters) { row in
          let place = row.bytes(1).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
          // A row about all tenants: only the operator sees it.
          guard let tenant = row.bytes(0), known.contains(where: { tenant.elementsEqual($0) })
          else {
            if scope == .platform, row.bytes(0) == nil {
              rows[place, default: []].append([])
              return
            }
            throw Diagnostics([
              Diagnostic(
                .configuration, "the query returned a row of a tenant that was not asked for",
                at: .init(file: queries[place].file), hint: "take tenant_id from 'partition'")
            ])
          }
          guard scope == .platform || tenant.elementsEqual(id) else { return }
          var line: [UInt8] = []
          row.appendCSV(2..<(2 + columns[place].count), to: &line)
          each(place, row, line)
          rows[place, default: []].append(line)
        }
        // A session of the record lives long, and a trial runs sixteen such statements.
        try record.forget(prepared)
      }
    } catch let error as Diagnostic {
      throw Diagnostics([named(text.located(error), statement, parameters)])
    }
    // An order that is not unique must not look like a leak.
    return rows.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
  }
}

extension IsolationTrial {
  /// An error of the combined statement, with the file of the query that fails by itself.
  private func named(
    _ error: Diagnostic, _ statement: ExtractStatement, _ parameters: [String?]
  ) -> Diagnostic {
    guard error.subject.file == nil, error.underlying is PostgresError else { return error }
    for query in statement.extract.queries {
      do {
        try record.savepoint {
          _ = try record.query(
            "SELECT count(q.*) FROM (\(statement.unordered(query).sql)) q", parameters)
        }
      } catch {
        return (error as? Diagnostic).map { found in
          var found = found
          found.subject.file = query.file
          return found
        } ?? Diagnostic(.bug, "a query of the trial failed", underlying: error)
      }
    }
    return error
  }
}

extension Diagnostic {
  /// Whether a value was the reason: SQLSTATE class 22.
  fileprivate var isDataException: Bool {
    (underlying as? PostgresError)?.sqlState.hasPrefix("22") ?? false
  }
}

extension [Diagnostic] {
  fileprivate func uniqued() -> [Diagnostic] {
    var unique: [Diagnostic] = []
    for diagnostic in self where !unique.contains(diagnostic) { unique.append(diagnostic) }
    return unique
  }
}
