import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import TestSupport
import Testing

/// Runs the trial of the project's pipelines, and of broken ones, on the platform's schema.
@Suite struct IsolationTrialTests {
  @Test func `Every pipeline of the project keeps tenants apart`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    try TriedQuery.withTrial { trial in
      for pipeline in library.pipelines {
        let outcome = try trial.run(pipeline)
        // The generated rows cannot hold a tenant that breaks its own rules.
        #expect(
          outcome.silent == (pipeline.name == "platform-billing" ? ["left_out"] : []),
          "a query that returned no rows was not tried")
        #expect(pipeline.aggregate?.diagnostics(columns: outcome.columns) ?? [] == [])
      }
    }
  }

  @Test func `A join that forgets the tenant is refused`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, c.name
      FROM partition p JOIN poc_screenshot s ON s.tenantid = p.tenant_id
      JOIN pocuser c ON c.id = s.pocid
      """)
    #expect(faults.map(\.message) == ["a row of one tenant holds another tenant's data"])
  }

  @Test func `A count that another tenant's rows raise is refused`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, (SELECT count(*) FROM pocuser) AS pocs FROM partition p
      """)
    #expect(
      faults.map(\.message) == [
        "a tenant's rows change when another tenant's data is there (tried for a year)"
      ])
  }

  @Test func `A join by value instead of key is refused`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, count(*) AS pairs FROM partition p
      JOIN pocuser a ON a.tenantid = p.tenant_id JOIN pocuser b ON b.language = a.language
      GROUP BY p.tenant_id
      """)
    #expect(
      faults.map(\.message) == [
        "a tenant's rows change when another tenant's data is there (tried for a year)"
      ])
  }

  @Test func `A query without any tenant condition is refused`() throws {
    let faults = try TriedQuery.faults(
      "SELECT t.id AS tenant_id, t.name FROM tenant t, partition p")
    #expect(!faults.isEmpty)
  }

  @Test func `An unknown column is reported with file, line and column`() throws {
    let faults = try TriedQuery.faults("SELECT p.tenant_id,\n  p.nonsense\nFROM partition p")
    #expect(faults.count == 1)
    #expect(faults.first?.subject.line == 2)
    #expect(faults.first?.subject.column == 3)
    #expect(faults.first?.subject.file?.hasSuffix("/tried/rows.sql") == true)
  }

  @Test(arguments: [
    ("SELECT tenant_id, now() AS x FROM partition", "'now' is refused"),
    ("SELECT tenant_id, current_date AS x FROM partition", "'current_date' is refused"),
    ("SELECT tenant_id, 1 AS x FROM partition; SELECT 1", "multiple commands"),
    (
      "SELECT tenant_id, t.id AS x FROM partition JOIN app.tenant t ON true",
      "a table name with its schema 'app' is refused"
    ),
    ("SELECT tenant_id, 0.5::real AS x FROM partition", "has the type real"),
    ("SELECT 1 AS x, tenant_id FROM partition", "the first column must be 'tenant_id'"),
  ])
  func `A construct that cannot be trusted is refused`(sql: String, message: String) throws {
    let faults = try TriedQuery.faults(sql)
    #expect(faults.contains { $0.message.contains(message) }, "\(faults)")
  }

  @Test func `Words in comments and strings are not refused`() throws {
    let faults = try TriedQuery.faults(
      """
      -- now() and a; b
      SELECT tenant_id, 'now(); random()' AS x /* current_date /* nested */ */ FROM partition
      """)
    #expect(faults == [])
  }

  /// Queries that mix tenants, each in another way. The first kind is refused. The second looks
  /// like its own tenant's on any generated rows, and is harmless as its tables are shadowed.
  @Test(arguments: [
    "(SELECT avg(total) FROM payment)", "(SELECT max(total) FROM payment)",
    "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total)::numeric FROM payment)",
    "(SELECT min(created)::date FROM pocuser)", "(SELECT count(DISTINCT created::date) FROM room)",
    "EXISTS (SELECT FROM payment x WHERE x.kind = 'dispute' AND x.total > 1000)",
    "(SELECT language FROM pocuser ORDER BY created, id LIMIT 1)",
    "(SELECT mode() WITHIN GROUP (ORDER BY language) FROM pocuser)",
    "(SELECT count(*) FROM dojo_recording WHERE stopped IS NULL)",
    "CASE WHEN (SELECT count(*) FROM pocuser) > 100 THEN 1 ELSE 0 END",
    "(SELECT count(*) FROM pocuser WHERE language = 'Swift')",
    "(SELECT max(time_zone) FROM partition)", "'none' IN (SELECT privacy FROM partition)",
    "(SELECT count(*) FROM partition)", "(SELECT bool_or(currency = 'JPY') FROM partition)",
    "(SELECT string_agg(r, ',') FROM (SELECT name AS r FROM room WINDOW w AS () ORDER BY name) x)",
  ])
  func `A figure over everybody is refused, though it is the same beside a copy`(
    figure: String
  ) throws {
    let faults = try TriedQuery.faults("SELECT p.tenant_id, \(figure) AS v FROM partition p")
    #expect(faults.map(\.code) == [.configuration], "\(faults)")
  }

  @Test(arguments: [
    "count(x.id)", "round(avg(length(x.name)), 2)", "max(x.updated)", "min(x.created)::date",
    "count(*) FILTER (WHERE x.language = 'Swift')", "string_agg(x.name, ',' ORDER BY x.name, x.id)",
    "percentile_disc(0.5) WITHIN GROUP (ORDER BY length(x.name))",
    "round((percentile_cont(0.9) WITHIN GROUP (ORDER BY length(x.name)))::numeric, 1)",
  ])
  func `A figure over one tenant passes`(figure: String) throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, \(figure) AS v
      FROM partition p LEFT JOIN pocuser x ON x.tenantid = p.tenant_id GROUP BY p.tenant_id
      """)
    #expect(faults == [])
  }
}
