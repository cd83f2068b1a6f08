import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// The platform asks in a table, and gets what it asked for.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct RequestsTests {
  private func ask(
    _ here: Installation, _ slug: String, _ type: String = "ROWS", _ period: String? = "2025"
  ) throws -> String {
    let tenant = try here.platform.connect().query(
      "SELECT id FROM app.tenant WHERE slug = $1", [slug]
    ).only().string("id")
    return try here.record.connect().query(
      "INSERT INTO yearbook.reports (tenant_id, report_type, period) VALUES ($1, $2, $3) RETURNING id",
      [tenant, type, period]
    ).only().string("id")
  }

  private func row(_ here: Installation, _ id: String) throws -> [String: String] {
    let rows = try here.record.connect().query(
      "SELECT status, period, location, error, failure, tries FROM yearbook.reports WHERE id = $1",
      [id])
    var values: [String: String] = [:]
    for (name, value) in zip(rows.names, try rows.only().values) { values[name] = value }
    return values
  }

  @Test func `A request is published, and its row says where`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let id = try ask(here, "acme")
      let (status, output) = try here.yearbook(["requests", "work", "--once"])
      #expect(status == 0, "\(output)")
      let given = try row(here, id)
      #expect(given["status"] == "published")
      let location = given["location"] ?? ""
      #expect(location.hasPrefix("tenants/acme/rows/2025/releases/"), "\(given)")
      #expect(
        FileManager.default.fileExists(atPath: "\(here.folder)/store/\(location)/data/people.csv"))
    }
  }

  @Test func `What can't be done is failed with an error a person can read`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let cases = [
        ("SALES", "2025", "there is no report of this type (use one of: ROWS)"),
        (
          "ROWS", "20x5",
          "the period is not valid (write 2026, 2026-Q4, 2026-11, 2026-W48 or 2026-03-01..2026-05-15)"
        ),
        (
          "ROWS", "2025-Q1",
          "2025-Q1 is a quarter, and this does not run by quarter (name a month or year)"
        ),
      ]
      let ids = try cases.map { try ask(here, "acme", $0.0, $0.1) }
      let future = try ask(here, "acme", "ROWS", "2999")
      let stranger = try here.record.connect().query(
        "INSERT INTO yearbook.reports (tenant_id, report_type) VALUES (gen_random_uuid(), 'ROWS') RETURNING id"
      ).only().string("id")
      let (status, output) = try here.yearbook(["requests", "work", "--once", "--quiet"])
      #expect(status == 1, "\(output)")
      for (id, expected) in zip(ids, cases.map(\.2)) {
        let given = try row(here, id)
        #expect(given["status"] == "failed")
        #expect(given["error"] == expected)
      }
      #expect(try ids.map { try row(here, $0)["failure"] } == ["report", "period", "period"])
      #expect(try row(here, future)["failure"] == "period")
      #expect(try row(here, stranger)["failure"] == "tenant")
      #expect(try row(here, future)["error"]?.hasPrefix("2999 has not started yet") == true)
      #expect(try row(here, stranger)["error"] == "there is no active tenant with this id")
    }
  }

  @Test func `The same request twice is one piece of work, also where one says now`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let year = String(Calendar(identifier: .gregorian).component(.year, from: Date()))
      var ids = [try ask(here, "acme", "ROWS", nil)]
      for _ in 1...3 { ids.append(try ask(here, "acme", "ROWS", year)) }
      let (status, output) = try here.yearbook(["requests", "work", "--once"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("for 4 requests"), "\(output)")
      let runs = try here.record.connect().query("SELECT count(*) AS n FROM yearbook.run")
      #expect(try runs.only().int("n") == 1)
      let locations = try Set(ids.map { try row(here, $0)["location"] })
      #expect(locations.count == 1)
      #expect(try row(here, ids[0])["period"] == year)
    }
  }

  @Test func `A tenant that asks for much does not keep the others waiting`() throws {
    try Installation.with { here in
      try here.addTenant("greedy")
      try here.addTenant("modest")
      _ = try here.yearbook(["runs"])
      for month in 1...4 { _ = try ask(here, "greedy", "ROWS", "2025-0\(month)") }
      _ = try ask(here, "modest", "ROWS", "2025-01")
      _ = try ask(here, "modest", "ROWS", "2025-02")
      #expect(try here.yearbook(["requests", "work", "--once"]).status == 0)
      let order = try here.record.connect().query(
        "SELECT location FROM yearbook.reports WHERE is_request ORDER BY started"
      ).map { try $0.string("location").split(separator: "/")[1...3].joined(separator: " ") }
      #expect(
        order == [
          "greedy rows 2025-01", "modest rows 2025-01", "greedy rows 2025-02",
          "modest rows 2025-02", "greedy rows 2025-03", "greedy rows 2025-04",
        ])
    }
  }

  @Test func `Requests for unknown tenants fail at once, before anybody has to wait for them`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      try here.record.connect().query(
        """
        INSERT INTO yearbook.reports (tenant_id, report_type, period)
        SELECT gen_random_uuid(), 'ROWS', '2025' FROM generate_series(1, 3000)
        """)
      let ids = [try ask(here, "acme"), try ask(here, "acme", "ROWS", "2025-03")]
      let began = Date()
      let (status, output) = try here.yearbook(["requests", "work", "--once"])
      #expect(status == 1, "\(output)")
      #expect(Date().timeIntervalSince(began) < 20)
      for id in ids { #expect(try row(here, id)["status"] == "published") }
      let refused = try here.record.connect().query(
        "SELECT count(*) AS n, count(started) AS started FROM yearbook.reports"
          + " WHERE status = 'failed' AND error = 'there is no active tenant with this id'"
      ).only()
      #expect(try refused.int("n") == 3000)
      #expect(try refused.int("started") == 0)
      let lines = output.split(separator: "\n")
      #expect(lines.count { $0.contains("3,000 requests of 3,000 unknown tenants") } == 1)
      #expect(lines.count < 10, "\(output)")
    }
  }

  @Test func `A request for a period before its tenant existed is refused, and says since when`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let id = try ask(here, "acme", "ROWS", "1999")
      #expect(try here.yearbook(["requests", "work", "--once"]).status == 1)
      let error = try row(here, id)["error"] ?? ""
      #expect(error.hasPrefix("1999 ended before acme existed (since 2024-02-29)"), "\(error)")
      #expect(try here.payload().isEmpty)
      let asked = try here.yearbook(["run", "rows", "--tenant", "acme", "--period", "2023"])
      #expect(asked.status == 64, "\(asked.output)")
      #expect(asked.output.contains("set 'tenants: acme: since:'"), "\(asked.output)")
      try here.write("yearbook.yaml", "tenants: {acme: {since: 2019-07-01}}\n")
      #expect(
        try here.yearbook(["run", "rows", "--tenant", "acme", "--period", "2023"]).status == 0)
      #expect(
        try here.yearbook(["run", "rows", "--tenant", "acme", "--period", "2018"]).status == 64)
      // A day that no calendar has says nothing, and stops nobody.
      try here.write("yearbook.yaml", "operator: {name: Operator}\n")
      for created in ["infinity", "-infinity", "290000-01-01", "4000-01-01 BC"] {
        try here.platform.connect().execute("UPDATE app.tenant SET created = '\(created)'")
        let odd = try here.yearbook(["run", "rows", "--period", "2023"])
        #expect(odd.status == 0, "\(created): \(odd.output)")
      }
    }
  }

  @Test
  func `A person is erased and a failure retried also in periods before the tenant's first day`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let platform = try here.platform.connect()
      try platform.execute("UPDATE app.tenant SET created = '1998-01-01'")
      #expect(
        try here.yearbook(["run", "rows", "--period", "1999", "--period", "2025"]).status == 0)
      try platform.execute("UPDATE app.tenant SET created = '2025-02-01', timezone = 'Mars'")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 1)
      try platform.execute("UPDATE app.tenant SET timezone = 'UTC'")
      #expect(try here.yearbook(["retry"]).status == 0)
      let user = try platform.query("SELECT id FROM app.\"user\" WHERE username = 'u2'").only()
        .string("id")
      let erased = try here.yearbook(["purge", "--tenant", "acme", "--user", user, "--yes"])
      #expect(erased.status == 0, "\(erased.output)")
      let files = try here.payload().filter { $0.key.hasSuffix("people.csv") }
      #expect(files.count == 2, "\(files.keys)")
      for (path, file) in files {
        #expect(!String(decoding: file, as: UTF8.self).contains("u2"), "\(path)")
      }
    }
  }

  @Test func `A waiting worker is woken at once, and ends when it is told to`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let worker = try here.start(["requests", "work"])
      defer { worker.send(SIGKILL) }
      let isListening = try eventually {
        try !here.record.connect().query(
          "SELECT FROM pg_stat_activity WHERE datname = $1 AND query = 'COMMIT'"
            + " AND application_name = 'yearbook record'", [here.record.name]
        ).isEmpty
      }
      #expect(isListening, "\(worker.output)")
      usleep(300_000)
      let began = Date()
      let id = try ask(here, "acme")
      #expect(try eventually { try row(here, id)["status"] == "published" }, "\(worker.output)")
      #expect(Date().timeIntervalSince(began) < 5)
      worker.send(SIGTERM)
      #expect(try worker.wait().status == 143, "\(worker.output)")
    }
  }

  @Test func `What a killed worker was at is taken by the next, and not for ever`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let id = try ask(here, "acme")
      let other = try here.platform.connect()
      for round in 1...3 {
        try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
        let worker = try here.start(["requests", "work"])
        #expect(
          try eventually {
            try row(here, id)["status"] == "running" && row(here, id)["tries"] == "\(round)"
          }, "\(worker.output)")
        worker.send(SIGKILL)
        try worker.wait()
        try other.execute("ROLLBACK")
        if round == 1 { #expect(try row(here, id)["status"] == "running") }
      }
      // Three have died of it: no fourth does.
      let last = try here.yearbook(["requests", "work", "--once"])
      #expect(last.status == 0, "\(last.output)")
      let given = try row(here, id)
      #expect(given["status"] == "failed")
      #expect(given["error"]?.hasPrefix("the work on it broke off 3 times") == true, "\(given)")
      let again = try ask(here, "acme")
      #expect(try here.yearbook(["requests", "work", "--once"]).status == 0)
      #expect(try row(here, again)["status"] == "published")
    }
  }

  @Test func `A worker that is stopped gives back what it was at`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let id = try ask(here, "acme")
      let other = try here.platform.connect()
      try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
      let worker = try here.start(["requests", "work"])
      #expect(try eventually { try row(here, id)["status"] == "running" }, "\(worker.output)")
      worker.send(SIGTERM)
      #expect(try worker.wait().status == 143, "\(worker.output)")
      try other.execute("ROLLBACK")
      let given = try row(here, id)
      #expect(given["status"] == "requested")
      #expect(given["tries"] == "0")
    }
  }

  @Test func `Two workers share the requests and do none twice`() throws {
    try Installation.with { here in
      for number in 1...6 { try here.addTenant("tenant-\(number)") }
      _ = try here.yearbook(["runs"])
      for number in 1...6 {
        for month in 1...3 { _ = try ask(here, "tenant-\(number)", "ROWS", "2025-0\(month)") }
      }
      let first = try here.start(["requests", "work", "--once"])
      let second = try here.yearbook(["requests", "work", "--once"])
      #expect(second.status == 0, "\(second.output)")
      #expect(try first.wait().status == 0, "\(first.output)")
      let counts = try here.record.connect().query(
        "SELECT (SELECT count(*) FROM yearbook.reports WHERE is_request AND status = 'published') AS done,"
          + " (SELECT count(*) FROM yearbook.run) AS runs"
      ).only()
      #expect(try counts.int("done") == 18)
      #expect(try counts.int("runs") == 18)
    }
  }

  @Test func `Every published report has its row, and nothing is announced by it`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      let rows = try here.record.connect().query(
        "SELECT report_type, status, location, is_request FROM yearbook.reports ORDER BY id")
      #expect(rows.count >= 1)
      for row in rows {
        #expect(try row.string("report_type") == "ROWS")
        #expect(try row.string("status") == "published")
        #expect(try !row.bool("is_request"))
        let location = try row.string("location")
        #expect(FileManager.default.fileExists(atPath: "\(here.folder)/store/\(location)"))
      }
      #expect(try here.yearbook(["run", "nightly", "--force"]).status == 0)
      #expect(
        try here.record.connect().query("SELECT FROM yearbook.reports").count == rows.count)
    }
  }

  @Test func `The platform's role can ask and read, and nothing else`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let admin = try here.record.connect()
      let role = "asker_\(here.record.name)"
      try admin.execute("CREATE ROLE \(role)")
      let text = try Installation.text("docs/how-to/on-demand.md")
      let grants = text.split(separator: "```sql")[1].split(separator: "```")[0]
      try admin.execute(String(grants).replacing("platform_app", with: role))
      try admin.execute("SET ROLE \(role)")
      try admin.execute(
        "INSERT INTO yearbook.reports (tenant_id, report_type, period)"
          + " VALUES (gen_random_uuid(), 'ROWS', '2025')")
      #expect(try admin.query("SELECT id, status FROM yearbook.reports").count == 1)
      for refused in [
        "UPDATE yearbook.reports SET status = 'published'", "DELETE FROM yearbook.reports",
        "INSERT INTO yearbook.reports (tenant_id, report_type, status, location)"
          + " VALUES (gen_random_uuid(), 'ROWS', 'published', '/etc')",
        "SELECT * FROM yearbook.run",
      ] {
        #expect(throws: (any Error).self) { try admin.execute(refused) }
      }
      try admin.execute("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)")
    }
  }
}
