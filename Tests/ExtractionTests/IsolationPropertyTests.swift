import Basics
import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Extraction
@testable import Pipelines

/// Random queries over the platform's schema, written without any care for tenants, as a run
/// executes them: with the neighbours' rows and without.
@Suite struct IsolationPropertyTests {
  @Test(arguments: TenantIDType.allCases)
  func `No byte of a tenant's rows depends on its neighbours, whatever the query`(
    _ idType: TenantIDType
  ) throws {
    try withDatabase { conninfo in
      let connection = try Connection(conninfo)
      var schema = try String(
        contentsOfFile: Places.project + "/docs/platform-schema.sql", encoding: .utf8)
      if idType != .uuid {
        schema = schema.replacing("DEFAULT gen_random_uuid() ", with: "")
          .replacing(" uuid ", with: " \(idType.rawValue) ")
      }
      try connection.execute(schema)
      var catalog = try TriedQuery.catalog(connection)
      catalog.tenancy.idType = idType
      let platform = try PipelineLibrary(folder: Places.project + "/pipelines")
        .pipelines[0].extract.platform
      var extract = ExtractSpec(preludes: [], queries: [])
      extract.platform = platform
      let made = TrialRows(
        catalog: catalog, extract: extract,
        period: Period(.year, containing: CivilDate(daysSince1970: 19_858)))
      var constants = QueryReading.Constants()
      constants.texts = ["A", "Y", "あ1name"]
      constants.integers = [0, 5, 40]
      let group = TrialWorld.groups(constants)[1]
      for (schema, world) in [("alone", group[0]), ("apart", group[2]), ("crowd", group[3])] {
        try connection.execute("CREATE SCHEMA \(schema); SET search_path = \(schema)")
        for statement in made.tables + made.rows(of: world.watched, world.own) {
          try connection.execute(statement)
        }
        if let neighbour = world.neighbour {
          for statement in made.rows(of: world.watched.other, neighbour) {
            try connection.execute(statement)
          }
        }
      }
      let member = made.member(group[0].watched, group[0].own, asOf: nil)
      var filled = 0
      var careless = 0
      let few = idType == .uuid ? 120 : 60
      for seed in Seeds.of(few: few, many: 3_000) {
        var writer = QueryWriter(catalog, platform, seed: seed)
        let sql = writer.query()
        extract.queries = [ExtractSpec.Query(name: "rows", file: "rows.sql", sql: sql, order: [])]
        func rows(_ schema: String, shadowed: Bool) throws -> [[UInt8]] {
          let text = ExtractStatement(
            extract, partition: .parameters,
            shadows: shadowed ? catalog.shadows(for: extract, tenant: "$1", schema: schema) : [],
            idType: idType)
          try connection.execute("SET search_path = \(shadowed ? "pg_catalog" : schema)")
          let prepared = try PreparedExtract(text, on: connection)
          var rows: [[UInt8]] = []
          try connection.stream(
            prepared.statement, text.parameters(member, made.period, .day(made.period.end))
          ) { row in
            var line: [UInt8] = []
            row.appendCSV(0..<(2 + prepared.queries[0].columns.count), to: &line)
            rows.append(line)
          }
          return rows.sorted { $0.lexicographicallyPrecedes($1) }
        }
        let alone = try rows("alone", shadowed: true)
        if !alone.isEmpty { filled += 1 }
        for schema in ["apart", "crowd"] {
          let beside = try rows(schema, shadowed: true)
          #expect(beside == alone, "seed \(seed), \(schema): \(sql)")
        }
        if try rows("apart", shadowed: false) != alone { careless += 1 }
      }
      // Most queries have rows, and most would leak if nothing stood before the tables.
      let count = Seeds.of(few: few, many: 3_000).count
      #expect(filled > count / 2 && careless > count / 3, "\(filled) and \(careless) of \(count)")
    }
  }
}

/// Writes random queries: joins by key, by value and by nothing, aggregates, windows, sub-queries
/// that are correlated and not.
private struct QueryWriter {
  private let tables: [SourceCatalog.Table]
  private var random: SeededRandom

  init(_ catalog: SourceCatalog, _ platform: PlatformSpec, seed: UInt64) {
    tables = catalog.tables.map { table in
      var table = table
      let closed =
        (platform.withheld[table.name] ?? []) + (platform.addresses[table.name] ?? [])
        + (platform.personal[table.name]?.columns ?? [])
      table.columns.removeAll { closed.contains($0.name) }
      return table
    }
    random = SeededRandom(seed: seed)
  }

  mutating func query() -> String {
    let first = random.pick(tables)
    let second = random.pick(tables)
    var from = "partition p"
    from += " JOIN \(name(first)) a ON \(condition("a", first, tenant: true))"
    if random.number(0...1) == 0 {
      from += " \(random.pick(["JOIN", "LEFT JOIN"])) \(name(second)) b ON "
      from += "\(join("a", first, "b", second))"
    } else {
      from += " CROSS JOIN (SELECT 1) b"
    }
    switch random.number(0...3) {
    case 0:
      return """
        SELECT p.tenant_id, \(aggregate("a", first)) AS x, \(aggregate("a", first)) AS y
        FROM \(from) GROUP BY p.tenant_id
        """
    case 1:
      let column = random.pick(first.columns).name
      return """
        SELECT p.tenant_id, a.\(quoted(column))::text AS x, \(aggregate("a", first)) AS y,
          \(subquery("p")) AS z
        FROM \(from) GROUP BY p.tenant_id, p.cutoff_at, a.\(quoted(column))
        """
    case 2:
      return """
        SELECT p.tenant_id, a.\(quoted(random.pick(first.columns).name))::text AS x,
          \(window("a", first)) AS y, \(subquery("a", first)) AS z
        FROM \(from)
        """
    default:
      return """
        SELECT p.tenant_id, \(subquery("p")) AS x, \(subquery("p")) AS y,
          EXISTS (SELECT FROM \(name(second)) e WHERE \(condition("e", second, tenant: false))) AS z
        FROM partition p
        """
    }
  }

  private func name(_ table: SourceCatalog.Table) -> String { Quoting.identifier(table.name) }
  private func quoted(_ name: String) -> String { Quoting.identifier(name) }

  /// A condition on one table; sometimes none, and the tenant's only by chance.
  private mutating func condition(
    _ alias: String, _ table: SourceCatalog.Table, tenant: Bool
  ) -> String {
    let column = random.pick(table.columns)
    switch random.number(0...4) {
    case 0: return "true"
    case 1: return "\(alias).\(quoted(column.name)) IS NOT NULL"
    case 2: return "\(alias).\(quoted(column.name))::text <> 'x'"
    case 3 where tenant:
      let times = table.columns.filter { $0.base == "timestamp with time zone" }
      guard !times.isEmpty else { return "true" }
      return "\(alias).\(quoted(random.pick(times).name)) < p.cutoff_at"
    default:
      guard tenant, table.columns.contains(where: { $0.name == "tenantid" }) else { return "true" }
      return "\(alias).tenantid = p.tenant_id"
    }
  }

  private mutating func join(
    _ one: String, _ first: SourceCatalog.Table, _ other: String, _ second: SourceCatalog.Table
  ) -> String {
    let pairs = first.columns.flatMap { a in
      second.columns.filter { $0.base == a.base }.map { (a.name, $0.name) }
    }
    guard !pairs.isEmpty, random.number(0...5) > 0 else { return "true" }
    let pair = random.pick(pairs)
    let sign = random.pick(["=", "=", "=", "<=", "IS NOT DISTINCT FROM"])
    return "\(one).\(quoted(pair.0)) \(sign) \(other).\(quoted(pair.1))"
  }

  private mutating func aggregate(_ alias: String, _ table: SourceCatalog.Table) -> String {
    let column = "\(alias).\(quoted(random.pick(table.columns).name))"
    return random.pick([
      "count(*)", "count(DISTINCT \(column))", "min(\(column)::text)", "max(\(column)::text)",
      "string_agg(DISTINCT \(column)::text, ',')", "bool_or(\(column) IS NULL)",
      "round(avg(length(\(column)::text)), 6)",
      "mode() WITHIN GROUP (ORDER BY \(column)::text)",
      "(array_agg(\(column)::text ORDER BY \(column)::text))[1]",
    ])
  }

  private mutating func window(_ alias: String, _ table: SourceCatalog.Table) -> String {
    let column = "\(alias).\(quoted(random.pick(table.columns).name))"
    let other = "\(alias).\(quoted(random.pick(table.columns).name))"
    return random.pick([
      "rank() OVER (ORDER BY \(column)::text)", "count(*) OVER ()",
      "count(*) OVER (PARTITION BY \(column))", "max(\(other)::text) OVER (PARTITION BY \(column))",
      "min(\(other)::text) OVER ()",
      "round(percent_rank() OVER (ORDER BY \(column)::text)::numeric, 6)",
    ])
  }

  private mutating func subquery(
    _ alias: String, _ outer: SourceCatalog.Table? = nil
  ) -> String {
    let table = random.pick(tables)
    var condition = self.condition("s", table, tenant: alias == "p")
    if let outer, random.number(0...2) > 0 { condition = join(alias, outer, "s", table) }
    return "(SELECT \(aggregate("s", table)) FROM \(name(table)) s WHERE \(condition))"
  }
}
