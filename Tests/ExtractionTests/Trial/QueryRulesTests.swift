import Diagnostics
import Postgres
import TestSupport
import Testing

@testable import Extraction
@testable import Pipelines

/// The text of a query, read as PostgreSQL reads it: each statement here is one that it accepts.
@Suite struct QueryRulesTests {
  /// The words and places of what is refused.
  private func refused(_ sql: String) -> [String] {
    QueryRules.faults(inText: sql, file: "q.sql").map { fault in
      let word = fault.message.split(separator: "'", omittingEmptySubsequences: false)[1]
      return "\(word) \(fault.subject.line ?? 0):\(fault.subject.column ?? 0)"
    }
  }

  @Test(arguments: [
    ("SELECT now()", ["now 1:8"]), ("SELECT\n  NOW ( )", ["now 2:3"]),
    ("SELECT now/* c */()", ["now 1:8"]), ("SELECT now -- c\n()", ["now 1:8"]),
    ("SELECT \"now\"()", ["now 1:8"]), ("SELECT current_date", ["current_date 1:8"]),
    ("SELECT 1 + random()", ["random 1:12"]), ("SELECT 1; SELECT 2", ["; 1:9"]),
    ("SELECT pg_catalog.now()", ["pg_catalog 1:8"]),
    ("SELECT 1 FROM \"pg_catalog\" . pg_class", ["pg_catalog 1:15"]),
    // What ends a string or a comment, by PostgreSQL's rules of quoting.
    ("SELECT 'a''b', now()", ["now 1:16"]), ("SELECT '\\', now()", ["now 1:13"]),
    ("SELECT E'\\'', now()", ["now 1:15"]), ("SELECT e'\\\\', now()", ["now 1:15"]),
    ("SELECT 1 AS \"a\"\"b\", now()", ["now 1:21"]), ("SELECT $$'$$, now()", ["now 1:15"]),
    ("SELECT $a$'$$$a$, now()", ["now 1:19"]), ("SELECT $a1$'$a1$, now()", ["now 1:19"]),
    ("SELECT $é$'$é$, now()", ["now 1:17"]), ("SELECT /* /* ' */ */ now()", ["now 1:22"]),
    ("SELECT 1 -- '\n, now()", ["now 2:3"]), ("SELECT 1 -- '\r, now()", ["now 1:17"]),
    ("SELECT E'a'\n'\\'', now()", ["now 2:7"]), ("SELECT 1 AS a$b, now()", ["now 1:18"]),
  ])
  func `What PostgreSQL runs as a call or a second statement is refused, at its place`(
    sql: String, expected: [String]
  ) throws {
    #expect(refused(sql) == expected)
    // It is no invention of ours: the server runs it.
    try Connection(TestServer.conninfo()).execute(sql)
  }

  @Test(arguments: [
    "SELECT 'now(); random()'", "SELECT $q$ now(); $q$", "SELECT /* now(); */ 1",
    "SELECT 1 -- now();", "SELECT E'\\' now();'", "SELECT 1 AS \"a now(); b\"",
    "SELECT x.now FROM (SELECT 1 AS now) x", "SELECT now FROM (SELECT 1 AS now) x",
    "SELECT E'a'\n'\\' now();'", "SELECT $a1$ now(); $a1$", "SELECT 1 AS nowhere",
  ])
  func `What only looks like one is let through`(sql: String) throws {
    #expect(refused(sql) == [])
    try Connection(TestServer.conninfo()).execute(sql)
  }

  @Test(arguments: ["'", "\"", "$$", "/*", "/*/", "E'\\", "--", "$", "$a", "\"\"", "''", ""])
  func `A text that breaks off is read to its end`(sql: String) {
    #expect(refused(sql) == [])
    #expect(refused(sql + "x") == [])
  }

  private func query(_ order: [String] = []) -> ExtractSpec.Query {
    ExtractSpec.Query(
      name: "rows", file: "q.sql", sql: "",
      order: order.map { ExtractSpec.Order(column: $0, descending: false) })
  }

  private func faults(
    _ columns: String, order: [String] = []
  ) throws -> [Diagnostic] {
    let described = try Connection(TestServer.conninfo()).describe("SELECT \(columns)")
    return QueryRules.faults(in: described, of: query(order))
  }

  @Test func `Columns of the types that reports know are let through`() throws {
    let columns = """
      gen_random_uuid() AS tenant_id, ''::text AS a, ''::varchar AS b, 1::smallint AS c, 1 AS d,
      1::bigint AS e, 1.5 AS f, true AS g, '2026-01-01'::date AS h, clock_timestamp() AS i
      """
    #expect(try faults(columns, order: ["a", "tenant_id"]) == [])
  }

  @Test(arguments: [
    ("1 AS a, gen_random_uuid() AS tenant_id", "first column"),
    ("'x'::text AS tenant_id, 1 AS a", "first column"),
    ("gen_random_uuid() AS tenant_id", "tenant_id"),
    ("gen_random_uuid() AS tenant_id, 1::float8 AS a", "'a'"),
    ("gen_random_uuid() AS tenant_id, '{}'::jsonb AS a", "'a'"),
    ("gen_random_uuid() AS tenant_id, now()::timestamp AS a", "'a'"),
    ("gen_random_uuid() AS tenant_id, 1 AS \"A b\"", "'A b'"),
    ("gen_random_uuid() AS tenant_id, 1 AS a, 2 AS a", "'a'"),
  ])
  func `A column that reports could not use is named`(columns: String, naming: String) throws {
    let faults = try faults(columns)
    #expect(faults.map(\.code) == [.configuration])
    #expect(faults.first?.subject.file == "q.sql")
    #expect(faults.first?.message.contains(naming) == true, "\(faults)")
  }

  @Test func `An order by what is no column is refused with the nearest`() throws {
    let faults = try faults("gen_random_uuid() AS tenant_id, 1 AS amount", order: ["amout"])
    #expect(faults.map(\.code) == [.configuration])
    #expect(faults.first?.hint?.contains("amount") == true)
  }
}
