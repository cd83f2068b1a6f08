package import Basics
package import Diagnostics
package import Pipelines
package import Postgres

/// The platform's database. It is only read.
///
/// Confined to one thread at a time, as its connection is.
package final class Source {
  package let connection: Connection
  package let schema: String
  var readCatalog: SourceCatalog?
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
  /// - Parameter statementSeconds: how many seconds one statement can take; 0 for no limit.
  package init(_ conninfo: String, schema: String, statementSeconds: Int = 0) throws {
    self.schema = schema
    connection = try Connection(
      conninfo, application: "yearbook source",
      settings: SessionSettings(
        // Queries name shadows, which name the schema. No other name of a table is known.
        searchPath: ["pg_catalog", "pg_temp"], statementTimeout: statementSeconds * 1000,
        isReadOnly: true))
    // A statement is planned once for all tenants.
    try connection.execute("SET plan_cache_mode = force_generic_plan")
    guard connection.serverVersion >= 130_000 else {
      throw Diagnostic(
        .configuration,
        "the source is PostgreSQL \(connection.serverVersion / 10_000), which is too old",
        hint: "use PostgreSQL 13 or later")
    }
    try refuseUnsafeRole()
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
        .configuration, "the source's role \(fault): refused (\(connection.target))",
        hint: "connect as a role that can only read; docs/platform-role.sql creates yearbook_reader"
      )
    }
    guard try role.bool("has_schema") else {
      throw Diagnostic(
        .configuration, "the source has no schema '\(schema)' (\(connection.target))",
        hint: "set source.schema, or create the tables with docs/platform-schema.sql")
    }
  }

  /// The catalog of the platform's schema, read once per session.
  package func catalog() throws(Diagnostic) -> SourceCatalog {
    if let readCatalog { return readCatalog }
    let catalog = try SourceCatalog(connection, schema: schema)
    readCatalog = catalog
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

  /// When the present transaction's snapshot was taken, by the server's clock: microseconds since
  /// 1970.
  package func snapshotMoment() throws(Diagnostic) -> Int64 {
    let text = try connection.query(
      "SELECT (extract(epoch FROM pg_catalog.now()) * 1000000)::bigint::text AS moment"
    ).only().string("moment")
    return Int64(text) ?? 0
  }

  var tenantTable: String { Shadow.qualified(Ownership.tenantTable, schema) }

  /// The active tenants, by slug.
  package struct Tenants: Sendable {
    /// Those that can be served.
    package var served: [Tenant] = []
    /// Tenants with a fault in their row. Their partitions fail.
    package var faulty: [(tenant: Tenant, fault: Diagnostic)] = []
    /// The faults of tenants whose slug is not valid. Such a tenant has no partitions.
    package var nameless: [Diagnostic] = []

    /// The slugs of all tenants, active or not.
    package var slugs: Set<String> = []
    /// The time zones that were asked for and that PostgreSQL knows.
    package var zones = [ZoneRules.utc.name: ZoneRules.utc]

    package init() {}

    /// How many tenants cannot be served.
    package var unservedCount: Int { faulty.count + nameless.count }
  }

  /// The active tenants. What is wrong with one tenant's row is that tenant's fault alone.
  ///
  /// - Parameter zone: a further time zone whose rules are wanted.
  package func tenants(alsoZone zone: String? = nil) throws(Diagnostic) -> Tenants {
    if let fault = try security().fault(of: [Ownership.tenantTable]) { throw fault }
    var tenants = Tenants()
    let rows = try connection.query(
      """
      SELECT id::text AS id, slug, name, timezone, locale, currency,
        CASE WHEN created >= '1971-01-01' AND created < pg_catalog.now() + interval '1 day'
          THEN extract(epoch FROM created)::bigint END AS created
      FROM \(tenantTable)
      WHERE status = 'A' ORDER BY slug COLLATE "C"
      """)
    var names = Set(zone.map { [$0] } ?? [])
    for row in rows { if let name = try row.optionalString("timezone") { names.insert(name) } }
    tenants.zones.merge(try zones(named: names)) { known, _ in known }
    for row in rows {
      var missing: String?
      func value(_ column: String) throws(Diagnostic) -> String {
        if let value = try row.optionalString(column) { return value }
        missing = missing ?? column
        return ""
      }
      let zone = try value("timezone")
      var tenant = Tenant(
        id: try row.string("id"), slug: try value("slug"), name: try value("name"),
        zone: tenants.zones[zone] ?? ZoneRules(name: zone, offset: 0),
        locale: try value("locale"), currency: try value("currency"))
      tenant.created = try row.optionalString("created").flatMap { Int($0) }
      if !Self.isSlug(tenant.slug) {
        // Name the id, not the slug: an invalid slug must not reach a path or a log line.
        tenants.nameless.append(
          Diagnostic(
            .data, "a tenant's slug is not 1 to 63 characters of [a-z0-9-]",
            at: .init(tenant: tenant.id)
          ))
      } else if let missing {
        tenants.faulty.append(
          (
            tenant,
            Diagnostic(
              .data, "the tenant's row has no \(missing)",
              at: .init(stage: "plan", tenant: tenant.slug), hint: "fill in the column")
          ))
      } else if tenants.zones[zone] == nil {
        let fault = try zoneFault(zone)
        tenants.faulty.append(
          (
            tenant,
            Diagnostic(
              .data, fault.message, at: .init(stage: "plan", tenant: tenant.slug),
              hint: fault.hint)
          ))
      } else {
        tenants.served.append(tenant)
      }
    }
    tenants.slugs = Set(
      try connection.query("SELECT slug FROM \(tenantTable) WHERE slug IS NOT NULL").map {
        row throws(Diagnostic) in try row.string("slug")
      })
    return tenants.withoutTwins()
  }

  /// The slug of a tenant, active or not; `nil` if the platform has no such tenant.
  package func slug(of id: String) throws(Diagnostic) -> String? {
    if let fault = try security().fault(of: [Ownership.tenantTable]) { throw fault }
    return try connection.query("SELECT slug FROM \(tenantTable) WHERE id::text = $1", [id]).first?
      .string("slug")
  }

  private static func isSlug(_ slug: String) -> Bool {
    (1...63).contains(slug.utf8.count)
      && slug.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }
}
