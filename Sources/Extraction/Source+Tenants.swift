package import Basics
package import Diagnostics
package import Pipelines
import Postgres

/// The tenants, by the platform's query of them.
extension Source {
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

    /// Why rows of some tenants cannot be read, if a part of the source does not answer.
    package var outage: Diagnostic?

    package init() {}

    /// How many tenants cannot be served.
    package var unservedCount: Int { faulty.count + nameless.count }
  }

  /// The active tenants. What is wrong with one tenant's row is that tenant's fault alone.
  ///
  /// - Parameter zone: a further time zone whose rules are wanted.
  package func tenants(alsoZone zone: String? = nil) throws(Diagnostic) -> Tenants {
    let tenancy = try planningCatalog().tenancy
    var tenants = Tenants()
    let rows = try self.rows(tenancy)
    var active: [Row] = []
    for row in rows {
      if let slug = try row.optionalString("slug") { tenants.slugs.insert(slug) }
      if try row.optionalString("status") == Self.active { active.append(row) }
      if let fault = try fault(ofStatus: row, tenancy) { tenants.nameless.append(fault) }
    }
    var names = Set(zone.map { [$0] } ?? [])
    for row in active { if let name = try row.optionalString("time_zone") { names.insert(name) } }
    tenants.zones.merge(try zones(named: names)) { known, _ in known }
    for row in active {
      guard let key = try row.optionalString("id"), (1...200).contains(key.utf8.count) else {
        tenants.nameless.append(
          Diagnostic(
            .data, "a tenant's id is not 1 to 200 characters", at: .init(stage: "plan"),
            hint: "fill in the column"))
        continue
      }
      var missing: String?
      func value(_ column: String) throws(Diagnostic) -> String {
        if let value = try row.optionalString(column) { return value }
        missing = missing ?? column
        return ""
      }
      let zone = try value("time_zone")
      var tenant = Tenant(
        id: tenancy.idType.identity(of: key, source: name), key: key, slug: try value("slug"),
        name: try value("name"),
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
    return tenants.withoutTwins()
  }

  /// The slug of a tenant, active or not; `nil` if the platform has no such tenant.
  package func slug(of id: String) throws(Diagnostic) -> String? {
    let tenancy = try planningCatalog().tenancy
    for row in try rows(tenancy) {
      guard let key = try row.optionalString("id") else { continue }
      if tenancy.idType.identity(of: key, source: name) == id {
        return try row.optionalString("slug")
      }
    }
    return nil
  }

  private static let active = "active"
  private static let inactive = "inactive"

  /// A status that is neither of the two could mean either.
  private func fault(ofStatus row: Row, _ tenancy: Tenancy) throws(Diagnostic) -> Diagnostic? {
    let status = try row.optionalString("status")
    if status == Self.active || status == Self.inactive { return nil }
    let id = try row.optionalString("id").map { tenancy.idType.identity(of: $0, source: name) }
    return Diagnostic(
      .data, "a tenant's status is neither '\(Self.active)' nor '\(Self.inactive)'",
      at: .init(stage: "plan", tenant: id), hint: "the query of tenants must say one of the two")
  }

  /// All rows of the query of tenants, active or not, by slug.
  private func rows(_ tenancy: Tenancy) throws(Diagnostic) -> Rows {
    guard let query = tenancy.query else {
      throw Diagnostic(.configuration, "\(title) has no query of tenants")
    }
    let text = try statement(ofTenants: query, planningCatalog())
    let created =
      tenancy.saysCreated
      ? """
      CASE WHEN created >= '1971-01-01' AND created < pg_catalog.now() + interval '1 day'
        THEN extract(epoch FROM created)::bigint END
      """ : "NULL::bigint"
    let sql = """
      SELECT id::text AS id, slug::text AS slug, name::text AS name, time_zone::text AS time_zone,
        locale::text AS locale, currency::text AS currency, status::text AS status,
        \(created) AS created
      FROM (\(text.sql)\n) tenants
      ORDER BY slug::text COLLATE "C"
      """
    let rows: Rows
    do throws(Diagnostic) {
      rows = try connection.query(sql)
    } catch {
      throw explained(error, in: query.sql)
    }
    guard !tenancy.hasOneTenant || rows.count == 1 else {
      throw Diagnostic(
        .configuration,
        "platform.yaml says that there is one tenant, and the query of tenants has \(rows.count) rows",
        at: .init(file: query.file),
        hint:
          "all rows would be each tenant's: remove one_tenant, and say by which columns rows lead"
          + " to their tenant")
    }
    return rows
  }

  /// The query of tenants, which sees all rows of the platform's tables.
  func statement(
    ofTenants query: ExtractSpec.Query, _ catalog: SourceCatalog
  ) throws(Diagnostic) -> ExtractStatement.Text {
    var extract = ExtractSpec(preludes: [], queries: [query])
    extract.platform = platform
    let hidden = Set(try security().relations)
    let shadows = catalog.shadows(for: extract, tenant: nil, schema: schema)
      .filter { !hidden.contains($0.table) }
    var text = ExtractStatement.Text()
    text.file = query.file
    if !shadows.isEmpty {
      let expressions = shadows.map {
        $0.expression(withNames: platform.canName(peopleOf: $0.table, file: query.file))
      }
      text.sql += "WITH \(expressions.joined(separator: ",\n"))\n"
    }
    text.sql += "SELECT q.* FROM (\n"
    text.add(query.sql, of: query.file)
    text.sql += "\n) q"
    return text
  }

  private static func isSlug(_ slug: String) -> Bool {
    (1...63).contains(slug.utf8.count)
      && slug.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }
}
