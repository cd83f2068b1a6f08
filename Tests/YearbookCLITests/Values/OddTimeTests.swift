import Foundation
import Postgres
import TestSupport
import Testing

/// Moments that PostgreSQL holds and no calendar page shows: infinity, the zero dates and the
/// “never” of other systems, the ends of PostgreSQL's own calendar.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct OddTimeTests {
  private static let reports = ["annual", "billing", "dojos", "users"]

  /// One row in each table for each tenant, all at noon in UTC, which is the same day in all of
  /// these zones.
  private static let rows = """
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created, updated)
    SELECT md5(t.slug || 'u' || n)::uuid, t.id, 'u' || n, 'F' || n, 'L', 'x@example.org', 30,
      '2025-01-10 12:00+00', '2025-01-10 12:00+00'
    FROM app.tenant t, generate_series(1, 2) n;
    INSERT INTO app.room (id, userid, tenantid, date, name, created, updated)
    SELECT md5(slug || 'r')::uuid, md5(slug || 'u1')::uuid, id, '2025-03-05 12:00+00', 'Dojo',
      '2025-03-01 12:00+00', '2025-03-05 12:00+00' FROM app.tenant;
    INSERT INTO app.room_member SELECT md5(slug || 'r')::uuid, md5(slug || 'u2')::uuid FROM app.tenant;
    INSERT INTO app.dojo_recording (id, roomid, tenantid, started, stopped, object_key, created)
    SELECT md5(slug || 'd')::uuid, md5(slug || 'r')::uuid, id, '2025-03-05 12:00+00',
      '2025-03-05 13:00+00', 'none', '2025-03-05 13:00+00' FROM app.tenant;
    INSERT INTO app.pocuser (id, userid, tenantid, name, language, favorite, tags, created, updated)
    SELECT md5(slug || 'p')::uuid, md5(slug || 'u1')::uuid, id, 'POC', 'Go', 'Y', 'a', '2025-02-03 12:00+00',
      '2025-02-03 12:00+00' FROM app.tenant;
    INSERT INTO app.poc_screenshot (pocid, tenantid, object_key, created)
    SELECT md5(slug || 'p')::uuid, id, 'none', '2025-02-03 12:00+00' FROM app.tenant;
    INSERT INTO app.message (userid, roomid, tenantid, body, created)
    SELECT md5(slug || 'u2')::uuid, md5(slug || 'r')::uuid, id, 'x', '2025-03-05 12:10+00' FROM app.tenant;
    INSERT INTO app.notification (userid, tenantid, kind, body, created, read)
    SELECT md5(slug || 'u2')::uuid, id, 'k', 'x', '2025-03-05 12:10+00', '2025-03-05 12:20+00' FROM app.tenant;
    INSERT INTO app.billing (id, tenantid, plan, price, expirationdate, paymentgateway, created, updated)
    SELECT md5(slug || 'b')::uuid, id, 'M', 10, '2026-12-01 12:00+00', 'gate', '2025-01-01 12:00+00',
      '2025-01-01 12:00+00' FROM app.tenant;
    INSERT INTO app.billing_event (billingid, tenantid, kind, plan, price, currency, at)
    SELECT md5(slug || 'b')::uuid, id, 'created', 'M', 10, 'EUR', '2025-01-02 12:00+00' FROM app.tenant;
    INSERT INTO app.payment (billingid, tenantid, total, currency, payment_gateway, kind, status,
      invoice_number, due, created)
    SELECT md5(slug || 'b')::uuid, id, n, 'EUR', 'gate', 'charge',
      CASE n WHEN 1 THEN 'succeeded' ELSE 'failed' END, 'i' || n, '2025-02-01 12:00+00',
      '2025-02-01 12:00+00'::timestamptz + n * interval '1 minute'
    FROM app.tenant, generate_series(1, 2) n;
    """

  private static let east = "Asia/Tokyo"
  private static let west = "America/Sao_Paulo"

  private func add(_ slug: String, _ zone: String, to connection: Connection) throws {
    try connection.query(
      "INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)"
        + " VALUES (md5($1)::uuid, $1, 'T', $2, 'en', 'EUR', '2024-03-01')", [slug, zone])
  }

  private func withReports(_ body: (Installation, Connection) throws -> Void) throws {
    try Installation.with { here in
      for name in Self.reports + ["platform-billing", "video"] { try here.addReport(name) }
      try here.useProjectRules()
      try body(here, here.platform.connect())
    }
  }

  /// Makes the store again, so that there is one release alone.
  private func runBilling(_ here: Installation) throws -> (status: Int32, output: String) {
    if FileManager.default.fileExists(atPath: "\(here.folder)/store") {
      try FileManager.default.removeItem(atPath: "\(here.folder)/store")
    }
    return try here.yearbook(["run", "billing", "--period", "2025", "--as-of", "2026-11-20"])
  }

  /// A tenant's files for machines, by report and name.
  private func tables(_ here: Installation, _ slug: String) throws -> [String: String] {
    var tables: [String: String] = [:]
    for (path, bytes) in try here.payload()
    where path.hasPrefix("tenants/\(slug)/") && path.hasSuffix(".csv")
      && !path.hasSuffix(".excel.csv")
    {
      tables[String(path.dropFirst("tenants/\(slug)/".count))] = String(
        decoding: bytes, as: UTF8.self)
    }
    return tables
  }

  @Test func `A row that is odd in one column costs no report, and means the same in all zones`()
    throws
  {
    try withReports { here, connection in
      let columns = try connection.query(
        """
        SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'app' AND data_type = 'timestamp with time zone' ORDER BY 1
        """
      ).map { try $0.string("name") }
      #expect(columns.count >= 22)
      let values = [
        "infinity", "-infinity", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999+00",
        "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59+00",
      ]
      var odd: [(slug: String, column: String, value: String)] = []
      for column in columns {
        for value in values {
          let slug = "t\(odd.count)"
          odd.append((slug, column, value))
          try add(slug + "-east", Self.east, to: connection)
          try add(slug + "-west", Self.west, to: connection)
        }
      }
      try connection.execute(Self.rows)
      for (slug, column, value) in odd {
        let parts = column.split(separator: ".")
        let owner = parts[0] == "tenant" ? "id" : "tenantid"
        for side in ["east", "west"] {
          try connection.query(
            "UPDATE app.\"\(parts[0])\" SET \"\(parts[1])\" = $1::timestamptz"
              + " WHERE \(owner) = md5($2)::uuid", [value, "\(slug)-\(side)"])
        }
      }
      for report in Self.reports + ["platform-billing"] {
        let (status, output) = try here.yearbook(
          ["run", report, "--period", "2025", "--as-of", "2026-11-20"])
        #expect(status == 0, "\(report): \(output.prefix(2000))")
        let count = report == "platform-billing" ? 1 : 2 * odd.count
        #expect(output.contains("\(count) published"), "\(report): \(output.suffix(500))")
      }
      for (slug, column, value) in odd {
        let (east, west) = (try tables(here, "\(slug)-east"), try tables(here, "\(slug)-west"))
        #expect(east.count > 10 && east.keys == west.keys, "\(column) \(value)")
        for (name, text) in east {
          #expect(west[name] == text, "\(column) = \(value): \(name)")
          #expect(
            !text.contains("infinity") && !text.contains("BC"), "\(column) = \(value): \(name)")
        }
      }
    }
  }

  @Test func `A subscription that never ends has no day of expiry, in any way to write never`()
    throws
  {
    try withReports { here, connection in
      for (slug, zone) in [("a", Self.west), ("b", Self.east), ("c", "UTC")] {
        try add(slug, zone, to: connection)
      }
      try connection.execute(Self.rows)
      for never in ["infinity", "9999-12-31 23:59:59+00", "9999-01-01 00:00:00+00"] {
        try connection.query("UPDATE app.billing SET expirationdate = $1::timestamptz", [never])
        let (status, output) = try runBilling(here)
        #expect(status == 0, "\(never): \(output)")
        for slug in ["a", "b", "c"] {
          let subscriptions = try #require(
            try tables(here, slug).first { $0.key.hasSuffix("/subscriptions.csv") }?.value)
          // No end, and nothing is told of it.
          #expect(
            subscriptions.contains(",2025-01-02,,false,EUR\r\n"),
            "\(never) \(slug): \(subscriptions)")
          #expect(try !page(here, slug).contains("expiry date"), "\(never) \(slug)")
        }
      }
    }
  }

  private func page(_ here: Installation, _ slug: String, _ report: String = "billing") throws
    -> String
  {
    let pages = try here.payload().filter {
      $0.key.hasPrefix("tenants/\(slug)/\(report)/") && $0.key.hasSuffix("index.html")
    }
    return String(decoding: try #require(pages.first?.value), as: UTF8.self)
  }

  @Test func `A zero date of another system is unknown in all zones, and data quality says so`()
    throws
  {
    try withReports { here, connection in
      for (slug, zone) in [("a", Self.west), ("b", Self.east)] {
        try add(slug, zone, to: connection)
      }
      try connection.execute(Self.rows)
      for zero in [
        "0001-01-01 00:00+00", "1753-01-01 00:00+00", "1899-12-30 00:00+00", "1970-01-01 00:00+00",
      ] {
        try connection.query("UPDATE app.payment SET due = $1::timestamptz", [zero])
        try connection.query("UPDATE app.billing SET expirationdate = $1::timestamptz", [zero])
        let (status, output) = try runBilling(here)
        #expect(status == 0, "\(zero): \(output)")
        for slug in ["a", "b"] {
          let text = try page(here, slug)
          #expect(
            text.contains("2 payments without a usable due date; they are never late."), "\(zero)")
          #expect(text.contains("1 subscription without a usable expiry date."), "\(zero)")
          let overdue = try #require(
            try tables(here, slug).first { $0.key.hasSuffix("/overdue.csv") }?.value)
          #expect(!overdue.contains("i2"), "740,000 days late: \(overdue)")
        }
        #expect(try tables(here, "a") == tables(here, "b"), "\(zero)")
      }
    }
  }

  @Test func `A recording without an end has no known length`() throws {
    try withReports { here, connection in
      let ends = [("never", "infinity"), ("late", "9999-12-31 00:00+00"), ("zero", "-infinity")]
      for (slug, _) in ends { try add(slug, Self.west, to: connection) }
      try connection.execute(Self.rows)
      for (slug, end) in ends {
        try connection.query(
          "UPDATE app.dojo_recording SET stopped = $1::timestamptz WHERE tenantid = md5($2)::uuid",
          [end, slug])
      }
      for report in ["dojos", "annual"] {
        let (status, output) = try here.yearbook(["run", report, "--period", "2025"])
        #expect(status == 0, "\(output)")
      }
      for slug in ["never", "late", "zero"] {
        #expect(
          try page(here, slug, "dojos").contains("1 recording without an end time."), "\(slug)")
        #expect(
          try page(here, slug, "annual").contains("1 recording without an end time."), "\(slug)")
        let recordings = try #require(
          try tables(here, slug).first { $0.key.hasSuffix("/recordings.csv") }?.value)
        #expect(recordings.contains(",no_end,,\r\n"), "\(slug): \(recordings)")
      }
      // The film's rows too can be read.
      let film = try here.yearbook(["explain", "video", "--tenant", "never", "--period", "2025"])
      #expect(film.status == 0, "\(film.output)")
    }
  }

  @Test func `A last change that never comes does not hide the others`() throws {
    try withReports { here, connection in
      try add("a", "UTC", to: connection)
      try connection.execute(Self.rows)
      try connection.execute(
        """
        INSERT INTO app.pocuser (userid, tenantid, name, created, updated)
        SELECT md5(slug || 'u1')::uuid, id, 'Odd', '2025-02-04 12:00+00', 'infinity' FROM app.tenant
        """)
      let (status, output) = try here.yearbook(["run", "annual", "--period", "2025"])
      #expect(status == 0, "\(output)")
      let model = try #require(
        try here.payload().first {
          $0.key.hasPrefix("tenants/a/annual/") && $0.key.hasSuffix("report.json")
        })
      #expect(String(decoding: model.value, as: UTF8.self).contains("\"2025-03-05 13:00:00+00\""))
    }
  }
}
