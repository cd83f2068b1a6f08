import Foundation
import Postgres
import TestSupport
import Testing

/// Runs from end to end with the built program and a real PostgreSQL.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct RunTests {
  @Test func `A second run finds everything done and publishes nothing`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other", timeZone: "Asia/Tokyo")
      let first = try here.yearbook(["run", "nightly", "--as-of", "2026-01-05"])
      #expect(first.status == 0, "\(first.output)")
      #expect(first.output.contains("4 published"), "\(first.output)")
      let payload = try here.payload()
      let second = try here.yearbook(["run", "nightly", "--as-of", "2026-01-05"])
      #expect(second.status == 0)
      #expect(second.output.contains("0 published, 4 unchanged"), "\(second.output)")
      #expect(second.output.contains("0 run"), "\(second.output)")
      #expect(try here.payload() == payload)
    }
  }

  @Test func `One changed tenant is the only one that is published again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 0)
      #expect(output.contains("1 published, 1 unchanged"), "\(output)")
      #expect(output.contains("published rows acme 2025"), "\(output)")
    }
  }

  @Test func `A lost record loses no release and publishes nothing new`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let payload = try here.payload()
      try here.record.connect().execute(
        "DROP SCHEMA yearbook CASCADE; CREATE SCHEMA yearbook AUTHORIZATION yearbook")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 0)
      #expect(output.contains("0 published, 1 unchanged"), "\(output)")
      #expect(try here.payload() == payload)
    }
  }

  @Test func `A workspace from which blobs were deleted is rebuilt, not trusted`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try FileManager.default.removeItem(atPath: "\(here.folder)/workspace/tenants")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 0)
      #expect(output.contains("0 published, 1 unchanged"), "\(output)")
      #expect(output.contains("1 run, 0 found done"), "\(output)")
    }
  }

  @Test func `A dry run says what would run, why and at what cost, and runs nothing`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let first = try here.yearbook(["run", "rows", "--period", "2025", "--dry-run"])
      #expect(first.status == 0, "\(first.output)")
      #expect(first.output.contains("rows acme 2025: aggregate (would run: never done"))
      #expect(first.output.contains("no history"), "\(first.output)")
      #expect(try here.payload().isEmpty)
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let second = try here.yearbook(["run", "rows", "--period", "2025", "--dry-run"])
      #expect(second.output.contains("0 would be worked on, 1 found done"), "\(second.output)")
      let forced = try here.yearbook(["run", "rows", "--period", "2025", "--dry-run", "--force"])
      #expect(forced.output.contains("1 would be worked on"), "\(forced.output)")
      #expect(forced.output.contains("from the history of all"), "\(forced.output)")
    }
  }

  @Test func `Explain names the input of the key that changed`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let arguments = ["explain", "rows", "--tenant", "acme", "--period", "2025"]
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      #expect(try here.yearbook(arguments).output.contains("aggregate  found done"))
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1'")
      let (status, output) = try here.yearbook(arguments)
      #expect(status == 0, "\(output)")
      #expect(output.contains("aggregate  would run: changed dataset people\n"), "\(output)")
      // Nothing was done: the next run does it.
      #expect(
        try here.yearbook(["run", "rows", "--period", "2025"]).output.contains("1 published"))
    }
  }

  @Test func `A forced run makes everything again, and equal bytes publish nothing`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025", "--force"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("0 published, 1 unchanged"), "\(output)")
      #expect(output.contains("stages      1 run, 0 found done"), "\(output)")
    }
  }

  @Test func `A refresh makes again what other versions made, and only that`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try here.record.connect().execute(
        "UPDATE yearbook.result SET versions = 'libavcodec 1.0' WHERE tenant_id ="
          + " (SELECT tenant_id FROM yearbook.partition WHERE slug = 'acme')")
      let arguments = ["run", "rows", "--period", "2025", "--refresh", "--budget"]
      let none = try here.yearbook(arguments + ["0s"])
      #expect(none.output.contains("stages      0 run, 2 found done"), "\(none.output)")
      let one = try here.yearbook(arguments + ["1h"])
      #expect(one.output.contains("stages      1 run, 1 found done"), "\(one.output)")
      #expect(one.output.contains("0 published, 2 unchanged"), "\(one.output)")
    }
  }

  @Test func `Rows created after --as-of are left out`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET created = '2025-08-01' WHERE username = 'u2'")
      #expect(
        try here.yearbook(["run", "rows", "--period", "2025", "--as-of", "2025-06-30"]).status == 0)
      let early = try here.payload()["tenants/acme/rows/2025/data/people.csv"]
      #expect(early == Data("username\r\nu1\r\nu3\r\n".utf8))
    }
  }

  @Test func `A killed run's row does not stay running, and the next run resumes`() throws {
    try Installation.with { here in
      for number in 1...20 { try here.addTenant("tenant-\(number)") }
      let result = try Program.run(
        [
          "/bin/sh", "-c",
          "timeout -s KILL 0.35 \(Places.yearbook) run rows --period 2025"
            + " --pipelines \(here.folder)/pipelines --templates \(here.folder)/templates; true",
        ],
        in: here.folder, environment: here.environment)
      #expect(result.status == 0)
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 0, "\(output)")
      let states = try here.record.connect().query(
        "SELECT state FROM yearbook.run ORDER BY started")
      for row in states {
        let state = try row.string("state")
        #expect(state != "running")
      }
      #expect(try here.payload().keys.filter { $0.hasSuffix("people.csv") }.count == 20)
      #expect(try here.yearbook(["verify", "--deep"]).status == 0)
    }
  }

  @Test func `Shared flags may stand before the command's name, after it, or on both sides`() throws
  {
    try Installation.with { here in
      try here.write("elsewhere.yaml", "store: nowhere\n")
      let elsewhere = ["YEARBOOK_STORE="]
      let config = ["--config", "\(here.folder)/elsewhere.yaml"]
      for arguments in [config + ["verify"], ["verify"] + config] {
        let (_, output) = try here.yearbook(arguments, environment: elsewhere)
        #expect(output.contains("\(here.folder)/nowhere"), "\(arguments): \(output)")
      }
      let (_, output) = try here.yearbook(
        config + ["verify", "--store", "\(here.folder)/named"], environment: elsewhere)
      #expect(output.contains("\(here.folder)/named"), "\(output)")
    }
  }

  @Test func `Status shows every partition, and verify every release`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let status = try here.yearbook(["status"])
      #expect(status.status == 0)
      #expect(status.output.contains("rows acme 2025  done  final"), "\(status.output)")
      let json = try here.yearbook(["status", "--json"])
      let decoded = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      #expect(decoded?["state"] as? String == "done")
      let verify = try here.yearbook(["verify", "--deep"])
      #expect(verify.status == 0)
      #expect(verify.output.contains("1 release"), "\(verify.output)")
    }
  }
}
