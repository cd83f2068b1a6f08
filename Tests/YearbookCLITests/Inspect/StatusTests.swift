import Foundation
import Postgres
import TestSupport
import Testing

/// What people ask at 3 a.m.: what happened, what failed, how to fix it.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct StatusTests {
  /// A query that fails for tenants with a person called `poison`.
  private func poison(_ here: Installation) throws {
    try here.write(
      "pipelines/rows/people.sql",
      """
      SELECT p.tenant_id, u.username, CASE u.username WHEN 'poison' THEN 1 / (length(u.username) - 6) END AS n
      FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
      """)
  }

  private func rename(_ here: Installation, _ slug: String, from: String, to: String) throws {
    try here.platform.connect().query(
      "UPDATE app.\"user\" SET username = $3 WHERE username = $2 AND tenantid ="
        + " (SELECT id FROM app.tenant WHERE slug = $1)", [slug, from, to])
  }

  @Test func `A failure is shown by its cause with the command that fixes it, until it is fixed`()
    throws
  {
    try Installation.with { here in
      for slug in ["acme", "bad", "other"] { try here.addTenant(slug) }
      try poison(here)
      try rename(here, "bad", from: "u1", to: "poison")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 1)
      let status = try here.yearbook(["status"])
      #expect(status.status == 0)
      let run = try here.record.connect().query("SELECT id FROM yearbook.run").only().string("id")
      #expect(status.output.contains("failed run \(run) of rows"), "\(status.output)")
      #expect(
        status.output.contains("people.sql: PostgreSQL: division by zero"),
        "\(status.output)"
      )
      #expect(status.output.contains("  rows bad 2025, extract"), "\(status.output)")
      let command = "retry \(run) --tenant bad"
      #expect(status.output.contains(command), "\(status.output)")
      let json = try here.yearbook(["status", "--json"])
      let decoded = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      let failures = decoded?["failures"] as? [[String: Any]]
      #expect(failures?.count == 1)
      #expect(failures?.first?["tenant"] as? String == "bad")
      #expect((failures?.first?["retry"] as? String)?.hasSuffix(command) == true)
      #expect((decoded?["partitions"] as? [Any])?.count == 3)
      let missing = try here.yearbook(["status", "--state", "missing"])
      #expect(
        missing.output.contains("rows bad 2025  failed  published: nothing"), "\(missing.output)")
      #expect(!missing.output.contains("rows acme 2025"), "\(missing.output)")
      #expect(try here.yearbook(["status", "--state", "wrong"]).status == 64)

      try rename(here, "bad", from: "poison", to: "u1")
      #expect(try here.yearbook(["retry", run, "--tenant", "bad"]).status == 0)
      let fixed = try here.yearbook(["status", run])
      #expect(
        fixed.output.contains("1 partition failed then but is done now"), "\(fixed.output)")
      #expect(!fixed.output.contains("retry \(run)"), "\(fixed.output)")
    }
  }

  @Test func `Many partitions are counted, and shown one by one when asked for`() throws {
    try Installation.with { here in
      for number in 1...51 { try here.addTenant("tenant-\(number)") }
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let short = try here.yearbook(["status"])
      #expect(
        short.output.contains("rows  done  final  51 partitions of 51 tenants"), "\(short.output)")
      #expect(!short.output.contains("tenant-7"), "\(short.output)")
      let long = try here.yearbook(["status", "--partitions"])
      #expect(long.output.contains("rows tenant-7 2025"), "\(long.output)")
      let one = try here.yearbook(["status", "--tenant", "tenant-7"])
      #expect(
        one.output.contains("rows tenant-7 2025   done  final")
          || one.output.contains("rows tenant-7 2025  done  final"), "\(one.output)")
      let json = try here.yearbook(["status", "--json"])
      let decoded = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      #expect((decoded?["partitions"] as? [Any])?.count == 51)
    }
  }

  @Test func `Warnings are grouped by what they say, and all shown when asked for`() throws {
    try Installation.with { here in
      for number in 1...5 { try here.addTenant("tenant-\(number)") }
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try here.record.connect().execute(
        """
        UPDATE yearbook.partition SET warnings = jsonb_build_array(jsonb_build_object(
          'code', 'odd', 'subject', 'row 7', 'message', 'it is odd and was left out'))
        """)
      let short = try here.yearbook(["status"])
      #expect(
        short.output.contains("warning 5×: it is odd and was left out (odd)"), "\(short.output)")
      #expect(short.output.contains("rows tenant-1 2025: row 7"), "\(short.output)")
      #expect(short.output.contains("and 2 more"), "\(short.output)")
      let long = try here.yearbook(["status", "--warnings"])
      #expect(long.output.contains("rows tenant-5 2025: row 7"), "\(long.output)")
      let logs = try here.yearbook(["logs", "--tenant", "tenant-2"])
      #expect(logs.output.contains("warning row 7: it is odd"), "\(logs.output)")
    }
  }

  @Test func `A monitor learns when the last good nightly run is too old`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let none = try here.yearbook(["status", "--max-age", "26h"])
      #expect(none.status == 1)
      #expect(none.output.contains("too old: no run of 'nightly'"), "\(none.output)")
      #expect(try here.yearbook(["run", "nightly", "--tenant", "acme"]).status == 0)
      #expect(try here.yearbook(["status", "--max-age", "26h"]).status == 1)
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      let fresh = try here.yearbook(["status", "--max-age", "26h"])
      #expect(fresh.status == 0)
      #expect(fresh.output.hasPrefix("ok: the last good run of 'nightly' began"), "\(fresh.output)")
      // Thirty hours pass, and a nightly run fails.
      let record = try here.record.connect()
      try record.execute("UPDATE yearbook.run SET started = started - interval '30 hours'")
      #expect(try here.yearbook(["status", "--max-age", "26h"]).status == 1)
      try poison(here)
      try rename(here, "acme", from: "u1", to: "poison")
      #expect(try here.yearbook(["run", "nightly"]).status == 1)
      let failed = try here.yearbook(["status", "--max-age", "26h", "--json"])
      #expect(failed.status == 1)
      #expect(failed.output.contains("\"last_state\" : \"failed\""), "\(failed.output)")
      // After a retry has fixed it, the run is good.
      try rename(here, "acme", from: "poison", to: "u1")
      #expect(try here.yearbook(["retry"]).status == 0)
      let good = try here.yearbook(["status", "--max-age", "26h"])
      #expect(good.status == 0, "\(good.output)")
      // One that was stopped before any partition could fail is none.
      try record.execute("UPDATE yearbook.run SET started = started - interval '30 hours'")
      try here.write(
        "pipelines/rows/people.sql", "SELECT p.tenant_id, p.nothing AS username FROM partition p")
      #expect(try here.yearbook(["run", "nightly"]).status == 78)
      let stopped = try here.yearbook(["status", "--max-age", "26h"])
      #expect(stopped.status == 1, "\(stopped.output)")
    }
  }

  @Test func `Runs are listed, a run's log is its attempts, and an ended run cannot be cancelled`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let runs = try here.yearbook(["runs"])
      #expect(runs.status == 0)
      let lines = runs.output.split(separator: "\n")
      #expect(lines.count == 2)
      #expect(lines.first?.contains("0 published, 2 unchanged") == true, "\(runs.output)")
      #expect(lines.last?.contains("2 published, 0 unchanged") == true, "\(runs.output)")
      let first = String(lines.last?.prefix { $0 != " " } ?? "")
      let log = try here.yearbook(["logs", first, "--tenant", "other"])
      #expect(log.output.contains("rows other 2025  aggregate"), "\(log.output)")
      #expect(!log.output.contains("acme"), "\(log.output)")
      let json = try here.yearbook(["logs", first, "--json"])
      for line in json.output.split(separator: "\n") {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["kind"] as? String == "attempt")
      }
      let cancel = try here.yearbook(["cancel", first])
      #expect(cancel.status == 64)
      #expect(cancel.output.contains("is not under way: it is done"), "\(cancel.output)")
      #expect(try here.yearbook(["cancel"]).output.contains("no run is under way"))
      #expect(
        try here.yearbook(["runs", "--state", "failed"]).output == "no run matches\n")
    }
  }

  @Test func `A run is cancelled by its command`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let other = try here.platform.connect()
      try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
      let run = try here.start(["run", "nightly"])
      #expect(
        try eventually {
          try !here.platform.connect().query(
            "SELECT FROM pg_stat_activity WHERE application_name = 'yearbook source' AND"
              + " wait_event_type = 'Lock' AND datname = $1", [here.platform.name]
          ).isEmpty
        })
      let (status, output) = try here.yearbook(["cancel"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("has stopped: interrupted"), "\(output)")
      #expect(try run.wait().status == 130)
      try other.execute("ROLLBACK")
    }
  }

  @Test func `A run that is under way says what it does`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let other = try here.platform.connect()
      try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
      let run = try here.start(["run", "nightly"])
      #expect(
        try eventually { try here.yearbook(["status"]).output.contains("now: trying the queries") })
      let json = try here.yearbook(["status", "--json"])
      #expect(json.output.contains("\"phase\""), "\(json.output)")
      try other.execute("ROLLBACK")
      #expect(try run.wait().status == 0)
      let ended = try here.yearbook(["status"]).output
      #expect(!ended.split(separator: "\n").contains { $0.hasPrefix("now:") }, "\(ended)")
    }
  }

  @Test func `Each line of counted partitions names their period`() throws {
    try Installation.with { here in
      for number in 1...26 { try here.addTenant("t\(number)", people: 1) }
      #expect(
        try here.yearbook(["run", "rows", "--period", "2025", "--period", "2025-06"]).status == 0)
      let (_, output) = try here.yearbook(["status"])
      #expect(
        output.contains(
          "rows  done  final  52 partitions of 26 tenants: 2025 … 2025-06 (2 periods)"),
        "\(output)")
      let one = try here.yearbook(["status", "--period", "2025-06", "--json"])
      #expect(one.status == 0)
    }
  }

  @Test func `The operator's page offers no retry for what was fixed since`() throws {
    try Installation.with { here in
      for slug in ["acme", "bad"] { try here.addTenant(slug) }
      try poison(here)
      try rename(here, "bad", from: "u1", to: "poison")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 1)
      func overview() throws -> String {
        try Installation.text("operator/index.html", in: "\(here.folder)/store")
      }
      #expect(try overview().contains("<code>yearbook retry"))
      try rename(here, "bad", from: "poison", to: "u1")
      #expect(try here.yearbook(["retry"]).status == 0)
      #expect(try !overview().contains("<code>yearbook retry"))
      #expect(try overview().contains("fixed since"))
    }
  }
}
