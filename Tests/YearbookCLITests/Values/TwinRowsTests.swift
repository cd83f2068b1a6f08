import Foundation
import Postgres
import TestSupport
import Testing

/// Rows that a gateway delivered twice, and rows that a rule refuses: what the reports say of them.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct TwinRowsTests {
  private static let rows = """
    INSERT INTO app.billing (id, tenantid, plan, price, expirationdate, paymentgateway, created)
    SELECT md5('b')::uuid, id, 'Y', 100, '2027-01-01', 'gate', '2025-01-01' FROM app.tenant;
    INSERT INTO app.billing_event (id, billingid, tenantid, kind, plan, price, currency, at)
    SELECT md5('e' || v.kind)::uuid, md5('b')::uuid, t.id, v.kind, 'Y', 100, 'EUR', v.at::timestamptz
    FROM app.tenant t, (VALUES ('created', '2025-01-02 12:00+00'), ('cancelled', '2025-08-02 12:00+00'),
      ('reactivated', '2025-09-02 12:00+00')) AS v(kind, at);
    INSERT INTO app.payment (id, billingid, tenantid, total, currency, payment_gateway, kind, status, attempt,
      invoice_number, due, created)
    SELECT md5('p' || v.n)::uuid, md5('b')::uuid, t.id, v.total, 'EUR', 'gate', v.kind, v.status, v.attempt,
      v.invoice, '2025-02-10 12:00+00', v.created::timestamptz
    FROM app.tenant t, (VALUES
      (1, 100, 'charge', 'succeeded', 1, 'i1', '2025-02-01 12:00+00'),
      (2, 100, 'charge', 'failed', 1, 'i2', '2025-03-01 12:00+00'),
      (3, 100, 'charge', 'succeeded', 2, 'i2', '2025-03-01 12:00:05+00'),
      (4, 20, 'refund', 'succeeded', 1, 'i1', '2025-04-01 12:00+00'),
      (5, 20, 'refund', 'succeeded', 1, 'i1', '2025-05-01 12:00+00'))
      AS v(n, total, kind, status, attempt, invoice, created);
    """

  private func withBilling(_ body: (Installation, Connection) throws -> Void) throws {
    try Installation.with { here in
      for name in ["annual", "billing", "dojos", "users", "platform-billing"] {
        try here.addReport(name)
      }
      try here.useProjectRules()
      try here.addTenant("acme", timeZone: "UTC")
      let connection = try here.platform.connect()
      try connection.execute(Self.rows)
      try body(here, connection)
    }
  }

  private func run(_ here: Installation) throws -> (page: String, totals: String, model: String) {
    // So that there is one release alone.
    if FileManager.default.fileExists(atPath: "\(here.folder)/store") {
      try FileManager.default.removeItem(atPath: "\(here.folder)/store")
    }
    let (status, output) = try here.yearbook(
      ["run", "billing", "--period", "2025", "--as-of", "2026-11-20"])
    try #require(status == 0, "\(output)")
    let files = try here.payload()
    func text(_ name: String) throws -> String {
      String(
        decoding: try #require(files.first { $0.key.hasSuffix("/\(name)") }).value, as: UTF8.self)
    }
    return (try text("index.html"), try text("totals.csv"), try text("report.json"))
  }

  @Test func `Charges and events that arrived twice are told as such`() throws {
    try withBilling { here, connection in
      let before = try run(here)
      #expect(
        !before.page.contains("look like one another")
          && !before.page.contains("looks like another"))
      try connection.execute(
        """
        INSERT INTO app.payment SELECT md5('twin')::uuid, billingid, tenantid, total, currency, payment_gateway,
          kind, status, attempt, invoice_number, due, created + interval '2 seconds'
        FROM app.payment WHERE id = md5('p1')::uuid;
        INSERT INTO app.billing_event SELECT md5('twin' || kind)::uuid, billingid, tenantid, kind, plan, price,
          currency, at + interval '3 seconds'
        FROM app.billing_event WHERE kind IN ('created', 'cancelled')
        """)
      let after = try run(here)
      #expect(
        after.page.contains(
          "1 charge that looks like another one: same invoice, attempt and amount within a day."))
      #expect(after.page.contains("2 subscription events that look like one another within a day."))
      // The row can be found: by the later one's key.
      let id = try connection.query("SELECT md5('twin')::uuid::text AS id").only().string("id")
      #expect(after.model.contains("{\"key\":\"\(id)\",\"value\":\"i1\"}"), "\(after.model)")
      // What recurs stays as it is. What was charged cannot be known, so it is as the rows say.
      #expect(before.totals.contains("EUR,8.3333,200.00,40.00,0.00,160.00,"), "\(before.totals)")
      #expect(after.totals.contains("EUR,8.3333,300.00,40.00,0.00,260.00,"), "\(after.totals)")
    }
  }

  @Test func `Another attempt, another day or another amount is not a twin`() throws {
    try withBilling { here, connection in
      try connection.execute(
        """
        INSERT INTO app.payment SELECT md5('x' || n)::uuid, billingid, tenantid, total + CASE n WHEN 1 THEN 1 ELSE 0 END,
          currency, payment_gateway, kind, status, attempt + CASE n WHEN 2 THEN 1 ELSE 0 END, invoice_number, due,
          created + CASE n WHEN 3 THEN interval '2 days' ELSE interval '2 seconds' END
        FROM app.payment, generate_series(1, 3) n WHERE id = md5('p1')::uuid
        """)
      let page = try run(here).page
      #expect(!page.contains("look like one another") && !page.contains("looks like another"))
    }
  }

  @Test func `A refund that arrived twice is told as such`() throws {
    try withBilling { here, connection in
      try connection.execute(
        """
        INSERT INTO app.payment SELECT md5('twin')::uuid, billingid, tenantid, total, currency, payment_gateway,
          kind, status, attempt, invoice_number, due, created + interval '40 seconds'
        FROM app.payment WHERE id = md5('p4')::uuid
        """)
      #expect(
        try run(here).page.contains(
          "1 refund or dispute that looks like another one: same invoice and amount within a day."))
    }
  }

  @Test func `A recording and a POC that arrived twice are told as such`() throws {
    try withBilling { here, connection in
      try connection.execute(
        """
        INSERT INTO app.room (id, userid, tenantid, date, name, created)
        SELECT md5('room')::uuid, id, tenantid, '2025-03-05 12:00+00', 'Dojo', '2025-03-01'
        FROM app."user" ORDER BY username LIMIT 1;
        INSERT INTO app.dojo_recording (roomid, tenantid, started, stopped, object_key, created)
        SELECT id, tenantid, date, date + interval '1 hour', key, date
        FROM app.room, unnest(ARRAY['a.webm', 'a.webm', 'b.webm']) key;
        INSERT INTO app.pocuser (userid, tenantid, name, created)
        SELECT userid, tenantid, name, '2025-03-06 12:00+00'::timestamptz + after
        FROM app.room, unnest(ARRAY[interval '0', '5 seconds', '2 hours']) after
        """)
      for report in ["annual", "dojos"] {
        let (status, output) = try here.yearbook(["run", report, "--period", "2025"])
        try #require(status == 0, "\(output)")
        let page = try #require(
          try here.payload().first {
            $0.key.contains("/\(report)/") && $0.key.hasSuffix("/index.html")
          })
        let text = String(decoding: page.value, as: UTF8.self)
        #expect(text.contains("1 recording that is the same file as another one"), "\(report)")
        #expect(
          (report == "annual") == text.contains("1 proof of concept that looks like another one"))
      }
    }
  }

  @Test func `A rule that refuses a row names the row and the value`() throws {
    try withBilling { here, connection in
      try connection.execute(
        """
        UPDATE app.payment SET currency = 'XQZ' WHERE id = md5('p2')::uuid;
        INSERT INTO app.pocuser (id, userid, tenantid, name, created)
        SELECT md5('poc')::uuid, id, tenantid, 'P', '2025-02-01' FROM app."user" LIMIT 1;
        ALTER TABLE app.pocuser DROP CONSTRAINT pocuser_favorite_check;
        UPDATE app.pocuser SET favorite = 'M';
        ALTER TABLE app."user" DROP CONSTRAINT user_privacy_check;
        UPDATE app."user" SET privacy = 'ask me, maria@example.org'
        """)
      func key(_ of: String) throws -> String {
        try connection.query("SELECT md5($1)::uuid::text AS id", [of]).only().string("id")
      }
      let billing = try here.yearbook(["run", "billing", "--period", "2025"])
      #expect(
        billing.output.contains(
          "the rule 'unknown_currency' of 'quality' found 1 row: “XQZ” in the row \(try key("p2"))"),
        "\(billing.output)")
      let annual = try here.yearbook(["run", "annual", "--period", "2025"])
      #expect(
        annual.output.contains(
          "the rule 'unknown_favorite' of 'quality' found 1 row: “M” in the row \(try key("poc"))"),
        "\(annual.output)")
      // An account is not named, and what a person wrote is not repeated.
      let users = try here.yearbook(["run", "users", "--period", "2025"])
      #expect(
        users.output.contains(
          "the rule 'unknown_privacy' of 'quality' found 3 rows, for example (25 characters)"),
        "\(users.output)")
      #expect(!users.output.contains("maria"))
    }
  }

  @Test func `Amounts below one another have the decimals of their own currencies`() throws {
    try withBilling { here, connection in
      try connection.execute(
        """
        UPDATE app.tenant SET currency = 'JPY';
        UPDATE app.payment SET currency = 'JPY', total = 34860;
        INSERT INTO app.payment SELECT md5('eur')::uuid, billingid, tenantid, 12.5, 'EUR', payment_gateway, 'charge',
          'succeeded', 1, 'i9', due, created FROM app.payment WHERE id = md5('p1')::uuid;
        UPDATE app.billing_event SET currency = 'JPY', price = 111760
        """)
      let (page, totals, model) = try run(here)
      #expect(page.contains("34,860") && !page.contains("34,860.00"), "\(page)")
      #expect(page.contains("12.50"))
      #expect(page.contains("¥9,313") && !page.contains("9,313.3333"))
      // Files for machines are exact.
      #expect(totals.contains("JPY,9313.3333,") && model.contains("9313.3333"), "\(totals)")
    }
  }
}
