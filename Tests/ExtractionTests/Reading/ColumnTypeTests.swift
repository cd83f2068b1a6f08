import Diagnostics
import Pipelines
import TestSupport
import Testing

@testable import Extraction

/// Columns of types of which a query can read wrong values without any error, and of types that the
/// platform defines.
@Suite struct ColumnTypeTests {
  private static let due = """
    SELECT p.tenant_id, y.invoice_number, (y.due AT TIME ZONE p.time_zone)::date AS due
    FROM partition p JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
    """
  private static let total = """
    SELECT p.tenant_id, y.invoice_number, round(y.total::numeric, 2) AS total
    FROM partition p JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
    """

  @Test func `A timestamp without time zone is refused, though only its day is in the result`()
    throws
  {
    for (column, sql) in [
      ("payment.due", Self.due),
      (
        "\"user\".created",
        """
        SELECT p.tenant_id, count(*) AS users FROM partition p
        JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at GROUP BY 1
        """
      ),
    ] {
      let parts = column.split(separator: ".")
      let faults = try TriedQuery.faults(
        sql, platform: "ALTER TABLE app.\(parts[0]) ALTER \(parts[1]) TYPE timestamp")
      let name = column.replacing("\"", with: "")
      #expect(
        faults.contains {
          $0.message.hasPrefix("'\(name)' is a timestamp without time zone: ")
            && $0.hint?.contains("make it timestamptz") == true && $0.subject.line != nil
        }, "\(faults)")
    }
  }

  @Test(arguments: [
    ("real", "a real: it does not hold amounts exactly"),
    ("double precision", "a double precision: it does not hold amounts exactly"),
    ("money", "a money: how many decimals it has depends on the server's settings"),
  ])
  func `An amount that is not exact is refused`(type: String, message: String) throws {
    let faults = try TriedQuery.faults(
      Self.total, platform: "ALTER TABLE app.payment ALTER total TYPE \(type)")
    #expect(faults.contains { $0.message.contains(message) }, "\(faults)")
  }

  @Test func `A domain over a type that is refused is refused`() throws {
    let faults = try TriedQuery.faults(
      Self.due,
      platform: """
        CREATE DOMAIN app.local AS timestamp; CREATE DOMAIN app.payday AS app.local;
        ALTER TABLE app.payment ALTER due TYPE app.payday
        """)
    #expect(
      faults.contains { $0.message.hasPrefix("'payment.due' is a app.payday: it does not say") },
      "\(faults)")
  }

  @Test func `A day that is read as midnight in UTC is refused`() throws {
    for sql in [
      Self.due,
      """
      SELECT p.tenant_id, count(*) AS late FROM partition p
      JOIN payment y ON y.tenantid = p.tenant_id AND y.due < p.cutoff_at GROUP BY 1
      """,
    ] {
      let faults = try TriedQuery.faults(
        sql, platform: "ALTER TABLE app.payment ALTER due TYPE date")
      #expect(
        faults.contains {
          $0.message.hasPrefix("'payment.due', a date, is compared or read as a moment")
        }, "\(faults)")
    }
    #expect(
      try TriedQuery.faults(
        """
        SELECT p.tenant_id, y.invoice_number, y.due FROM partition p
        JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at AND y.due < p.as_of
        """, platform: "ALTER TABLE app.payment ALTER due TYPE date"
      ).filter { !$0.message.contains("had no rows") }.isEmpty)
  }

  @Test func `A column that the platform's file names can be read as it is`() throws {
    let sql = """
      SELECT p.tenant_id, round(t.score::numeric, 2) AS score
      FROM partition p JOIN talk t ON t.tenantid = p.tenant_id
      """
    let platform = """
      CREATE TABLE app.talk (id uuid PRIMARY KEY, tenantid uuid NOT NULL REFERENCES app.tenant, score real NOT NULL)
      """
    #expect(try TriedQuery.faults(sql, platform: platform).count == 1)
    #expect(
      try TriedQuery.faults(sql, platform: platform, rules: "unsafe_types: {talk: [score]}\n")
        .isEmpty)
  }

  @Test(arguments: [
    "CREATE DOMAIN app.amount AS numeric(12,2)",
    "CREATE DOMAIN app.plain AS numeric(12,2); CREATE DOMAIN app.amount AS app.plain CHECK (VALUE >= 0)",
    "CREATE DOMAIN app.amount AS numeric(12,2) NOT NULL",
  ])
  func `An amount of a domain is an amount`(domains: String) throws {
    #expect(
      try TriedQuery.faults(
        Self.total, platform: "\(domains); ALTER TABLE app.payment ALTER total TYPE app.amount")
        == [])
  }

  @Test func `A key of a domain is a key, and a word of one is a word`() throws {
    let platform = """
      CREATE DOMAIN app.key AS uuid; CREATE DOMAIN app.state AS text CHECK (VALUE IN ('succeeded', 'failed', 'lost'));
      CREATE TYPE app.sort AS ENUM ('charge', 'refund'); CREATE DOMAIN app.kind AS app.sort;
      ALTER TABLE app.payment DROP CONSTRAINT payment_status_check, DROP CONSTRAINT payment_kind_check;
      ALTER TABLE app.payment ALTER billingid TYPE app.key, ALTER status TYPE app.state;
      ALTER TABLE app.payment ALTER kind TYPE app.kind USING kind::app.sort
      """
    let sql = """
      SELECT p.tenant_id, y.invoice_number, b.plan::text AS plan, y.kind
      FROM partition p JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
      JOIN billing b ON b.tenantid = p.tenant_id AND b.id = y.billingid
      WHERE y.status = 'lost' AND y.kind = 'refund'
      """
    #expect(try TriedQuery.faults(sql, platform: platform) == [])
  }

  @Test func `An array of a domain is an array`() throws {
    let platform = """
      CREATE DOMAIN app.amount AS numeric(12,2); CREATE DOMAIN app.amounts AS app.amount[];
      CREATE TABLE app.basket (id uuid PRIMARY KEY, tenantid uuid NOT NULL REFERENCES app.tenant,
        prices app.amount[], rest app.amounts)
      """
    let sql = """
      SELECT p.tenant_id, cardinality(b.prices) AS prices, round(b.rest[1], 1) AS first
      FROM partition p JOIN basket b ON b.tenantid = p.tenant_id
      """
    #expect(try TriedQuery.faults(sql, platform: platform) == [])
  }

  @Test func `A type that cannot be copied is named with its column`() throws {
    let faults = try TriedQuery.faults(
      """
      SELECT p.tenant_id, y.invoice_number, lower(y.span) AS day
      FROM partition p JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
      WHERE y.span @> p.as_of
      """,
      platform:
        "CREATE TYPE app.days AS RANGE (subtype = date); ALTER TABLE app.payment ADD span app.days")
    #expect(
      faults.contains { $0.hint?.contains("payment.span (app.days)") == true }, "\(faults)")
  }
}
