import Basics
package import Diagnostics
package import Pipelines
package import Postgres

/// The platform's database. It is only read.
///
/// Confined to one thread at a time, as its connection is.
package final class Source {
  package let connection: Connection
  package let schema: String
  /// The name in the configuration; `nil` for the platform itself.
  package let name: String?
  /// The query of tenants; without one, the source has none.
  let tenantsQuery: ExtractSpec.Query?
  /// What holds for its tables.
  let platform: PlatformSpec
  private let idType: TenantIDType?
  /// How many seconds a standby's rows can be behind; `nil` for any.
  let maxLag: Int?
  /// Counts what a standby ends.
  package var conflicts = RecoveryConflicts()
  /// How far its rows were behind when its last snapshot was taken; `nil` before that.
  package private(set) var lastReplay: Replay?
  var readCatalog: SourceCatalog?
  private var readPlanningCatalog: SourceCatalog?
  var readSecurity: RowSecurity?
  private var madeShadows: [String: [Shadow]] = [:]
  private var prepared: [String: PreparedExtract] = [:]
  /// Names of time zones that were looked up, and the rules of those that were found.
  var askedZones: Set<String> = []
  var readZones = [ZoneRules.utc.name: ZoneRules.utc]

  /// Opens the source and refuses a role that could do more than read.
  ///
  /// Throws `unavailable` if it cannot be reached, and `configuration` for a superuser, for a role
  /// that can run programs on the server, and for a role that can write to the platform's tables.
  ///
  /// - Parameters:
  ///   - name: the name in the configuration; `nil` for the platform itself.
  ///   - tenants: the query of tenants.
  ///   - platform: what holds for its tables.
  ///   - id: the type that the tenants' ids must have; `nil` for any.
  ///   - maxLag: how many seconds a standby's rows can be behind its primary; `nil` for any.
  ///   - statementSeconds: how many seconds one statement can take; 0 for no limit.
  ///   - isWithPrimary: whether only the primary is taken, whatever the string prefers.
  package init(
    _ conninfo: String, schema: String, name: String? = nil, tenants: ExtractSpec.Query? = nil,
    platform: PlatformSpec = PlatformSpec(), id: TenantIDType? = nil, maxLag: Int? = nil,
    statementSeconds: Int = 0, isWithPrimary: Bool = false
  ) throws {
    self.schema = schema
    self.name = name
    tenantsQuery = tenants
    self.platform = platform
    idType = id
    self.maxLag = maxLag
    do throws(Diagnostic) {
      connection = try Connection(
        conninfo, application: "yearbook source",
        settings: SessionSettings(
          // Queries name shadows, which name the schema. No other name of a table is known.
          searchPath: ["pg_catalog", "pg_temp"], statementTimeout: statementSeconds * 1000,
          isReadOnly: true), isWithPrimary: isWithPrimary)
    } catch {
      guard let name else { throw error }
      var error = error
      error.message = "the source '\(name)': \(error.message)"
      throw error
    }
    // A statement is planned once for all tenants.
    try connection.execute("SET plan_cache_mode = force_generic_plan")
    guard connection.serverVersion >= 130_000 else {
      throw Diagnostic(
        .configuration,
        "\(title) is PostgreSQL \(connection.serverVersion / 10_000), which is too old",
        hint: "use PostgreSQL 13 or later")
    }
    try refuseUnsafeRole()
    try refuseStale()
  }

  private func refuseUnsafeRole() throws(Diagnostic) {
    let role = try connection.query(
      """
      SELECT r.rolsuper AS is_super,
        pg_catalog.pg_has_role('pg_execute_server_program', 'MEMBER') AS runs_programs,
        EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS writes,
        pg_catalog.to_regnamespace($1) IS NOT NULL AS has_schema
      FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
      """, [schema]
    ).only()
    let fault: String? =
      if try role.bool("is_super") {
        "is a superuser"
      } else if try role.bool("runs_programs") {
        "can run programs on the server"
      } else if try role.bool("writes") {
        "can write to the schema '\(schema)'"
      } else {
        nil
      }
    if let fault {
      throw Diagnostic(
        .configuration, "\(title)'s role \(fault): refused (\(connection.target))",
        hint: "connect as a role that can only read; docs/platform-role.sql creates yearbook_reader"
      )
    }
    guard try role.bool("has_schema") else {
      throw Diagnostic(
        .configuration, "\(title) has no schema '\(schema)' (\(connection.target))",
        hint:
          "set \(name.map { "sources.\($0)" } ?? "source").schema, or create the tables with docs/platform-schema.sql"
      )
    }
  }

  /// What messages call it.
  var title: String { name.map { "the source '\($0)'" } ?? "the source" }

  /// The catalog of the platform's schema, read once per session.
  package func catalog() throws(Diagnostic) -> SourceCatalog {
    if let readCatalog { return readCatalog }
    var catalog = try SourceCatalog(connection, schema: schema)
    catalog.tenancy = try planningCatalog().tenancy
    readCatalog = catalog
    return catalog
  }

  /// The catalog without tables' CHECKs, which a plan is made with: a table that the platform is
  /// just changing holds up the reading of its rows, and not the run's beginning.
  func planningCatalog() throws(Diagnostic) -> SourceCatalog {
    if let known = readCatalog ?? readPlanningCatalog { return known }
    var catalog = try SourceCatalog(connection, schema: schema, withChecks: false)
    if let tenantsQuery {
      do throws(Diagnostic) {
        catalog.tenancy = try Tenancy(
          tenantsQuery, statement: statement(ofTenants: tenantsQuery, catalog), platform,
          id: idType, on: connection)
      } catch {
        throw explained(error, in: tenantsQuery.sql)
      }
    }
    readPlanningCatalog = catalog
    return catalog
  }

  /// What row-level security hides, read once per session.
  func security() throws(Diagnostic) -> RowSecurity {
    if let readSecurity { return readSecurity }
    let security = try RowSecurity(connection, schema: schema)
    readSecurity = security
    return security
  }

  /// That this role sees all rows of all tables and views, for people. Throws `configuration` with
  /// the tables of which it does not.
  package func rowSecurity() throws(Diagnostic) -> String {
    let security = try RowSecurity(connection, schema: schema)
    if let fault = security.fault(of: security.relations) { throw fault }
    return "no row is hidden from this role"
  }

  /// What a pipeline's queries see of the platform's tables: one tenant's rows; all rows if its
  /// scope is `platform`.
  ///
  /// A table that hides rows has no shadow: PostgreSQL would refuse the statement, even if no query
  /// reads the table. A query that does read it fails, and `explained` says why.
  func shadows(for pipeline: Pipeline) throws(Diagnostic) -> [Shadow] {
    if let known = madeShadows[pipeline.name] { return known }
    let hidden = Set(try security().relations)
    let made = try catalog().shadows(
      for: pipeline.extract, tenant: pipeline.scope == .tenant ? "$1" : nil, schema: schema
    ).filter { !hidden.contains($0.table) }
    madeShadows[pipeline.name] = made
    return made
  }

  /// An error of a statement, or the row-level security that is behind it.
  ///
  /// - Parameter sql: the statement, or the texts that were made into it.
  func explained(_ error: Diagnostic, in sql: String) -> Diagnostic {
    guard let state = (error.underlying as? PostgresError)?.sqlState,
      // No right to do it; no such table.
      ["42501", "42P01"].contains(state), let readSecurity
    else { return error }
    let words = Set(
      sql.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }
        .map(String.init))
    let named = readSecurity.relations.filter { relation in
      relation.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") }
        .allSatisfy { words.contains(String($0)) }
    }
    guard var fault = readSecurity.fault(of: named) else { return error }
    fault.subject = error.subject
    fault.underlying = error.underlying
    return fault
  }

  /// A pipeline's queries, prepared once per session.
  func prepared(_ name: String, _ text: ExtractStatement) throws(Diagnostic) -> PreparedExtract {
    let key = "\(name) \(text.parameterCount)"
    if let known = prepared[key] { return known }
    let extract = try PreparedExtract(text, on: connection)
    prepared[key] = extract
    return extract
  }

  /// What tells this database from all others as long as its server runs.
  package func database() throws(Diagnostic) -> String {
    try connection.query(
      """
      SELECT pg_catalog.pg_postmaster_start_time()::text || ' ' || d.oid::text AS database
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
      """
    ).only().string("database")
  }

  /// From which moment the rows of the present transaction's snapshot are, by the server's clock:
  /// microseconds since 1970. Those of a standby are as old as what it replayed last.
  ///
  /// Throws `busy` if they are older than is allowed.
  package func snapshotMoment() throws(Diagnostic) -> Int64 {
    try refuseStale()
    let text = try connection.query(
      "SELECT (extract(epoch FROM pg_catalog.now()) * 1000000)::bigint::text AS moment"
    ).only().string("moment")
    let now = Int64(text) ?? 0
    let replay = try replay()
    lastReplay = replay
    if case .behind(let time) = replay { return now - time }
    return now
  }
}
