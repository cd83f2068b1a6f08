import Basics
import Crypto
package import Diagnostics
package import Pipelines
package import Postgres

/// Proves, before a pipeline can run, that none of its queries mixes one tenant's rows with
/// another's.
///
/// A row's tenant id says where the row goes, not whose data is in it: a join that forgets the
/// tenant puts that id on another tenant's data. So each query runs on a generated platform of two
/// tenants, in a schema that is rolled back, in two ways:
///
/// - **Canaries**: every key and text names its tenant, and some rows refer to the other tenant's
///   rows. A foreign mark in a row is a leak.
/// - **Non-interference** (Goguen and Meseguer, 1982): texts and numbers are the same for both
///   tenants. Each tenant's rows are compared with those that it gets alone. Any difference comes
///   from the other tenant, even if it is only a count or a sum.
package struct IsolationTrial {
  /// Where the trial runs: the record's database, as a role that can create a schema there.
  private let record: Connection
  private let catalog: TrialCatalog
  /// All schemas outside of the trial's own that a query could name.
  private let schemas: Set<String>

  /// A day in the middle of a leap year: 2024-05-15.
  private static let triedDay = CivilDate(daysSince1970: 19_858)

  /// Reads the catalog of the source's schema.
  package init(record: Connection, source: Connection, schema: String) throws(Diagnostic) {
    self.record = record
    catalog = try TrialCatalog(source, schema: schema)
    var schemas = QueryRules.systemSchemas
    for connection in [record, source] {
      for row in try connection.query("SELECT nspname AS name FROM pg_catalog.pg_namespace") {
        schemas.insert(try row.string("name"))
      }
    }
    self.schemas = schemas
  }

  /// The digest under which a passed trial is recorded: of the pipeline's SQL, the source's catalog
  /// and the trial's version.
  package func fingerprint(of pipeline: Pipeline) -> String {
    var inputs = KeyInputs(stage: "trial", version: 2)
    inputs.add("catalog", contentsOf: catalog.fingerprint.utf8)
    for prelude in pipeline.extract.preludes {
      inputs.add("with.\(prelude.name)", contentsOf: prelude.sql.utf8)
    }
    for query in pipeline.extract.queries {
      inputs.add("query.\(query.name)", contentsOf: query.sql.utf8)
      inputs.add("order.\(query.name)", contentsOf: "\(query.order)".utf8)
    }
    inputs.add("periods", pipeline.periods.map(\.rawValue).joined(separator: ","))
    return inputs.key.hex
  }

  /// The outcome of a trial without faults.
  package struct Outcome: Equatable, Sendable {
    /// The queries that returned no rows in the trial. The trial proves nothing about them.
    package var silent: [String]
    /// The columns of each query, in order, without `tenant_id`.
    package var columns: [String: [String]]
  }

  /// Runs the trial of a pipeline.
  ///
  /// - Throws: `Diagnostics` with every fault found: a leak, a refused construct, a statement
  ///   PostgreSQL does not accept (with file, line and column).
  package func run(_ pipeline: Pipeline) throws -> Outcome {
    let files =
      pipeline.extract.preludes.map { ($0.sql, $0.file) }
      + pipeline.extract.queries.map { ($0.sql, $0.file) }
    var faults = files.flatMap { QueryRules.faults(inText: $0, file: $1, schemas: schemas) }
    // A construct that could reach outside of the trial's schema is not run at all.
    guard faults.isEmpty else { throw Diagnostics(faults) }
    var silent = Set(pipeline.extract.queries.map(\.name))
    var columns: [String: [String]] = [:]
    for kind in pipeline.periods {
      let period = Period(kind, containing: Self.triedDay)
      let canaries = TrialRows(
        catalog: catalog, period: period, hasCanaries: true, hasForeignReferences: true)
      let same = TrialRows(
        catalog: catalog, period: period, hasCanaries: false, hasForeignReferences: false)
      let marked = try outputs(of: pipeline, canaries, owners: TrialRows.Owner.allCases)
      faults += marked.faults
      columns.merge(marked.columns) { $1 }
      guard marked.faults.isEmpty else { continue }
      let together = try outputs(of: pipeline, same, owners: TrialRows.Owner.allCases)
      let alone = try TrialRows.Owner.allCases.map { try outputs(of: pipeline, same, owners: [$0]) }
      faults += together.faults
      for single in alone { faults += single.faults }
      for query in pipeline.extract.queries {
        if !(marked.rows[query.name] ?? [:]).isEmpty { silent.remove(query.name) }
        faults += leaks(query, marked.rows[query.name] ?? [:])
        for (owner, single) in zip(TrialRows.Owner.allCases, alone) {
          let key = same.tenantKey(owner)
          if together.rows[query.name]?[key] != single.rows[query.name]?[key] {
            faults.append(
              Diagnostic(
                .configuration,
                "a tenant's rows change when another tenant's data is there (tried for a \(kind.rawValue))",
                at: .init(pipeline: pipeline.name, file: query.file),
                hint:
                  "a join, a subquery or a window forgets the tenant: join and partition by tenant_id"
              ))
          }
        }
      }
    }
    guard faults.isEmpty else { throw Diagnostics(faults.uniqued()) }
    return Outcome(silent: silent.sorted(), columns: columns)
  }

  private func leaks(_ query: ExtractSpec.Query, _ rows: [String: [[UInt8]]]) -> [Diagnostic] {
    for owner in TrialRows.Owner.allCases {
      let foreign = [owner.other.mark, owner.other.keyPrefix].map { Array($0.utf8) }
      let own = rows.filter { $0.key.hasPrefix(owner.keyPrefix) }.flatMap(\.value)
      if own.contains(where: { row in foreign.contains { row.containsSequence($0) } }) {
        return [
          Diagnostic(
            .configuration, "a row of one tenant holds another tenant's data",
            at: .init(file: query.file),
            hint: "a join forgets the tenant: join on tenant_id as well as on the key")
        ]
      }
    }
    return []
  }

  /// The rows of every query by tenant, run in a schema that is rolled back.
  private func outputs(
    of pipeline: Pipeline, _ made: TrialRows, owners: [TrialRows.Owner]
  ) throws -> (
    rows: [String: [String: [[UInt8]]]], columns: [String: [String]], faults: [Diagnostic]
  ) {
    var rows: [String: [String: [[UInt8]]]] = [:]
    var columns: [String: [String]] = [:]
    var faults: [Diagnostic] = []
    // Thrown to leave the transaction: nothing of a trial stays.
    struct Finished: Error {}
    do {
      try record.transaction {
        let schema = Quoting.identifier("yearbook_trial")
        try record.execute("CREATE SCHEMA \(schema); SET LOCAL search_path = \(schema)")
        for statement in made.statements(for: owners) { try record.execute(statement) }
        for query in pipeline.extract.queries {
          do {
            (rows[query.name], columns[query.name]) = try record.savepoint {
              try self.rows(of: query, pipeline, made, owners)
            }
          } catch let error as Diagnostics {
            faults += error.all
          }
        }
        throw Finished()
      }
    } catch is Finished {}
    return (rows, columns, faults)
  }

  private func rows(
    of query: ExtractSpec.Query, _ pipeline: Pipeline, _ made: TrialRows,
    _ owners: [TrialRows.Owner]
  ) throws -> ([String: [[UInt8]]], columns: [String]) {
    let members = owners.map { owner in
      Extractor.Member(
        tenant: Tenant(
          id: made.tenantKey(owner), slug: owner.rawValue, name: owner.mark, timeZone: "UTC",
          locale: "en", currency: "EUR"),
        settings: TenantSettings(), asOf: pipeline.dependsOnDay ? made.period.lastDay : nil)
    }
    let statement = ExtractStatement(
      query: query, preludes: pipeline.extract.preludes, members: members, period: made.period,
      moment: .day(made.period.end.adding(days: 40)))
    let known = Set(members.map(\.tenant.id))
    var rows: [String: [[UInt8]]] = [:]
    let columns: [Column]
    do {
      columns = try record.describe(statement.unordered)
      let faults = QueryRules.faults(in: columns, of: query)
      guard faults.isEmpty else { throw Diagnostics(faults) }
      try record.copyOut("COPY (\(statement.ordered(by: columns))) TO STDOUT (FORMAT csv)") { row in
        // A row about all tenants: only the operator sees it.
        if pipeline.scope == .platform, row.first == UInt8(ascii: ",") {
          rows["", default: []].append(Array(row))
          return
        }
        let tenant = String(decoding: row.prefix(36), as: UTF8.self)
        guard known.contains(tenant) else {
          throw Diagnostics([
            Diagnostic(
              .configuration, "the query returned a row of a tenant that was not asked for",
              at: .init(file: query.file), hint: "read 'partition' and join every table to it")
          ])
        }
        rows[tenant, default: []].append(Array(row.dropFirst(36)))
      }
    } catch let error as Diagnostic {
      throw Diagnostics([statement.located(error)])
    }
    return (rows, columns.dropFirst().map(\.name))
  }
}

extension ExtractStatement {
  /// The error of a statement, with the place in the pipeline's file that PostgreSQL reported.
  func located(_ error: Diagnostic) -> Diagnostic {
    guard let server = error.underlying as? PostgresError else { return error }
    var located = error
    let place = server.position.flatMap { self.place(of: $0) }
    located.subject.file = place?.file ?? query.file
    located.subject.line = place?.line
    located.subject.column = place?.column
    return located
  }
}

extension [UInt8] {
  fileprivate func containsSequence(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, count >= wanted.count else { return false }
    return indices.dropLast(wanted.count - 1).contains { index in
      self[index] == first && self[index..<(index + wanted.count)].elementsEqual(wanted)
    }
  }
}

extension [Diagnostic] {
  fileprivate func uniqued() -> [Diagnostic] {
    var unique: [Diagnostic] = []
    for diagnostic in self where !unique.contains(diagnostic) { unique.append(diagnostic) }
    return unique
  }
}
