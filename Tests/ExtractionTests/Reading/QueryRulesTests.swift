import Diagnostics
import Postgres
import TestSupport
import Testing

@testable import Extraction
@testable import Pipelines

/// What a query must not read or call, however it is written.
@Suite struct QueryRulesTests {
  /// Each hides a call or a table behind PostgreSQL's rules of quoting.
  @Test(arguments: [
    ("now()", "now"), ("NOW ( )", "now"), ("now/* c */()", "now"), ("\"now\"()", "now"),
    ("now -- c\n()", "now"), ("pg_catalog.now()", "now"), ("current_date", "current_date"),
    ("current_role::text", "current_role"), ("user::text", "user"), ("random()::text", "random"),
    ("'a''b' || now()", "now"), ("'\\' || now()", "now"), ("E'\\'' || now()", "now"),
    ("$$'$$ || now()", "now"), ("$a1$'$a1$ || now()", "now"), ("$é$'$é$ || now()", "now"),
    ("$😀$'$😀$ || now()", "now"), ("1 AS y -- '\n, now()", "now"), ("1 AS y -- '\r, now()", "now"),
    ("E'a'\n'\\'' || now()", "now"), ("/* /* ' */ */ now()", "now"),
    ("U&\"n\\006fw\"()", "now"), ("age(p.starts_at)::text", "age"),
    ("set_config('search_path', 'x', false)", "set_config"),
    ("pg_notify('x', 'y')::text", "pg_notify"), ("pg_advisory_lock(1)::text", "pg_advisory_lock"),
    ("query_to_xml('select 1', true, true, '')::text", "query_to_xml"),
    ("schema_to_xml('app', true, true, '')::text", "schema_to_xml"),
    ("(SELECT count(*) FROM ts_stat('select null::tsvector'))", "ts_stat"),
    ("pg_read_file('/etc/passwd')", "pg_read_file"), ("nextval('x')", "nextval"),
    ("current_setting('server_version')", "current_setting"), ("version()", "version"),
    ("inet_server_port()", "inet_server_port"), ("pg_backend_pid()", "pg_backend_pid"),
    ("(SELECT count(*) FROM pocuser TABLESAMPLE system (10))", "TABLESAMPLE"),
  ])
  func `What does not come from the rows is refused by name`(call: String, name: String) throws {
    let faults = try TriedQuery.faults("SELECT p.tenant_id, \(call) AS x FROM partition p")
    #expect(
      faults.contains {
        $0.code == .configuration
          && ($0.message.hasPrefix("'\(name)' is refused")
            || $0.message.contains("does not exist"))
      }, "\(faults)")
  }

  @Test(arguments: [
    "'now'::timestamptz", "'today'::date", "'tomorrow'::timestamptz", "timestamp 'now'",
    "date 'yesterday'", "E'n\\x6fw'::timestamptz", "c.name::timestamptz", "c.name::date",
  ])
  func `A text that can mean the present moment is refused`(value: String) throws {
    let faults = try TriedQuery.faults(
      """
      SELECT c.tenantid AS tenant_id, c.created > (\(value))::timestamptz AS x
      FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id
      """)
    #expect(faults.contains { $0.message.contains("'now'") }, "\(faults)")
  }

  @Test(arguments: [
    "'2024-01-01'::timestamptz", "'2024-01-01 10:00+02'::timestamptz", "'2024-01-01'::date",
    "timestamp '2024-02-29 12:00'", "to_char(c.created, 'YYYY')::integer > 2000 AS y, c.created",
  ])
  func `A time that is spelled out is let through`(value: String) throws {
    let faults = try TriedQuery.faults(
      """
      SELECT c.tenantid AS tenant_id, \(value) < c.created AS x
      FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id
      """)
    #expect(faults == [])
  }

  @Test(arguments: [
    ("pg_catalog.pg_class", "'pg_class'"), ("U&\"\\0070g_catalog\".pg_class", "'pg_class'"),
    ("\"information_schema\".tables", "'tables'"), ("pg_settings", "'pg_settings'"),
    ("pg_stat_activity", "'pg_stat_activity'"), ("app.pocuser", "schema 'app'"),
  ])
  func `Only the platform's tables can be read, by their names alone`(
    table: String, naming: String
  ) throws {
    let faults = try TriedQuery.faults(
      "SELECT p.tenant_id, (SELECT count(*) FROM \(table)) AS x FROM partition p")
    #expect(faults.contains { $0.message.contains(naming) }, "\(faults)")
  }

  @Test func `A table without a way to the tenant must be named as shared`() throws {
    let sql = "SELECT p.tenant_id, (SELECT count(*) FROM country) AS x FROM partition p"
    let faults = try TriedQuery.faults(sql)
    #expect(faults.map(\.message) == ["the rows of the table 'country' do not lead to a tenant"])
    #expect(try TriedQuery.faults(sql, extract: "shared: [country]") == [])
    #expect(
      try TriedQuery.faults(sql, extract: "shared: [countri]").first?.hint?.contains("country")
        == true)
  }

  @Test(arguments: [
    ("u.email", "'user.email' is an address"), ("count(u.age)", "'user.age' is withheld"),
    ("u.firstname", "'user.firstname' names a person"), ("u.id", "is a person's key"),
    ("c.userid", "is a person's key ('pocuser.userid')"), ("u::text", "a whole row"),
    ("row_to_json(u)::text", "a whole row"), ("c.ctid::text", "a system column"),
    ("(SELECT max(m.body) FROM message m)", "'message.body' is withheld"),
  ])
  func `What no report can read is refused`(column: String, message: String) throws {
    let aggregate = column.contains("count(") ? "GROUP BY p.tenant_id" : ""
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, \(column) AS x FROM partition p
      JOIN pocuser c ON c.tenantid = p.tenant_id
      JOIN "user" u ON u.tenantid = p.tenant_id AND u.id = c.userid \(aggregate)
      """)
    #expect(faults.contains { $0.message.contains(message) }, "\(faults)")
  }

  @Test func `A name and a key reach a result by the file that applies the privacy settings`()
    throws
  {
    let sql = """
      SELECT c.tenantid AS tenant_id, w.name, w.user_id
      FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id
      JOIN people w ON w.tenant_id = p.tenant_id AND w.user_id = c.userid
      """
    #expect(try TriedQuery.faults(sql, extract: "with: {people: ../common/people.sql}") == [])
    #expect(try TriedQuery.faults(sql, scope: "platform") != [])
  }

  /// What a reader with a fresh mind brought past the rules, each in another way.
  @Test(arguments: [
    "WITH x AS (SELECT tenantid, userid::text AS a FROM pocuser) SELECT p.tenant_id, x.a FROM partition p"
      + " JOIN x ON x.tenantid = p.tenant_id",
    "SELECT p.tenant_id, c.userid::text || '' AS a FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id",
    "SELECT p.tenant_id, c.name AS a FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id"
      + " UNION SELECT p.tenant_id, c.userid::text FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id",
    "SELECT p.tenant_id, min(c.userid::text) AS a FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id"
      + " GROUP BY 1",
    "SELECT p.tenant_id, (SELECT max(u.id::text) FROM \"user\" u WHERE u.tenantid = p.tenant_id) AS a"
      + " FROM partition p",
  ])
  func `A person's key reaches no result by a detour`(sql: String) throws {
    let faults = try TriedQuery.faults(sql)
    #expect(faults.contains { $0.message.contains("is a person's key") }, "\(faults)")
  }

  @Test func `A key may decide and be counted`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, count(DISTINCT c.userid) AS authors,
        CASE WHEN min(c.userid::text) IS NULL THEN 'none' ELSE 'some' END AS a
      FROM partition p LEFT JOIN pocuser c ON c.tenantid = p.tenant_id GROUP BY p.tenant_id
      """)
    #expect(faults == [])
  }

  @Test func `A table whose rows lead to a tenant cannot be shared`() throws {
    let faults = try TriedQuery.faults(
      "SELECT p.tenant_id, c.name AS a FROM partition p CROSS JOIN pocuser c",
      extract: "shared: [pocuser]")
    #expect(faults.contains { $0.message.contains("extract.shared must not name it") }, "\(faults)")
  }

  @Test func `Views and heirs of a table give away no withheld column`() throws {
    let sql = """
      CREATE VIEW app.contact AS SELECT id, tenantid, email AS address FROM app."user";
      CREATE VIEW app.book AS SELECT * FROM app.contact;
      CREATE VIEW app.whole AS SELECT tenantid, to_json(u)::text AS a FROM app."user" u;
      CREATE VIEW app.plain AS SELECT id, tenantid, account_status AS a FROM app."user";
      CREATE TABLE app.heir () INHERITS (app."user");
      """
    for (table, column) in [("contact", "address"), ("book", "address"), ("whole", "a")] {
      let faults = try TriedQuery.faults(
        "SELECT p.tenant_id, v.\(column) AS a FROM partition p JOIN \(table) v ON v.tenantid = p.tenant_id",
        platform: sql)
      #expect(
        faults.contains { $0.message.contains("the view '\(table)' is refused") }, "\(faults)")
    }
    for column in ["email", "firstname"] {
      let faults = try TriedQuery.faults(
        "SELECT p.tenant_id, v.\(column) AS a FROM partition p JOIN heir v ON v.tenantid = p.tenant_id",
        platform: sql)
      #expect(faults.contains { $0.message.contains("'heir.\(column)'") }, "\(faults)")
    }
    #expect(
      try TriedQuery.faults(
        "SELECT p.tenant_id, v.a::text AS a FROM partition p JOIN plain v ON v.tenantid = p.tenant_id",
        platform: sql) == [])
  }

  @Test func `A key into another schema leads to no table of ours`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, n.body AS a FROM partition p
      JOIN desk d ON d.tenantid = p.tenant_id JOIN note n ON n.desk = d.id
      """,
      platform: """
        CREATE SCHEMA crm; CREATE TABLE crm.desk (id uuid PRIMARY KEY);
        CREATE TABLE app.desk (id uuid PRIMARY KEY, tenantid uuid REFERENCES app.tenant (id));
        CREATE TABLE app.note (id uuid PRIMARY KEY, desk uuid REFERENCES crm.desk (id), body text);
        """)
    #expect(faults.map(\.message) == ["the rows of the table 'note' do not lead to a tenant"])
  }

  @Test func `A name that PostgreSQL would cut is refused`() throws {
    let name = String(repeating: "x", count: 64)
    #expect(throws: Diagnostics.self) {
      try TriedQuery.faults(
        "SELECT p.tenant_id, 1 AS a FROM partition p CROSS JOIN \(name)",
        extract: "with: {\(name): ../common/people.sql}")
    }
  }

  @Test func `A query without rows in the trial must say why`() throws {
    let sql = "SELECT p.tenant_id, 1 AS x FROM partition p WHERE p.locale = 'xx'"
    #expect(try TriedQuery.faults(sql).first?.message.contains("had no rows in the trial") == true)
    #expect(try TriedQuery.faults(sql, setting: "silent: no tenant is Xhosa") == [])
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
