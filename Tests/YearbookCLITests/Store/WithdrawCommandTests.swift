import Foundation
import Postgres
import TestSupport
import Testing

/// `withdraw`, and all that follows it, with the built program and a real PostgreSQL.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct WithdrawCommandTests {
  private static let partition = ["--tenant", "acme", "--pipeline", "rows", "--period", "2025"]
  private static let withdraw = ["withdraw"] + partition
  private static let run = ["run", "rows", "--period", "2025"]

  @discardableResult
  private func expect(
    _ here: Installation, _ arguments: [String], status: Int32 = 0, _ text: String? = nil,
    environment: [String] = []
  ) throws -> String {
    try StoreCommandTests.expect(here, arguments, status: status, text, environment: environment)
  }

  private func text(_ here: Installation, _ path: String) throws -> String {
    try String(contentsOfFile: "\(here.folder)/store/\(path)", encoding: .utf8)
  }

  /// Two tenants with a release of 2025 each.
  private static func with(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      for slug in ["acme", "zeta"] { try here.addTenant(slug) }
      try StoreCommandTests.expect(here, run)
      try body(here)
    }
  }

  /// What everybody must see of the withdrawn partition.
  private func checkIsWithdrawn(_ here: Installation, _ what: Comment = "") throws {
    let head = try text(here, "tenants/acme/rows/2025/latest.json")
    #expect(head.contains("\"status\": \"withdrawn\""), what)
    let index = try text(here, "tenants/acme/index.html")
    #expect(!index.contains("rows/2025") && index.contains("Nothing has been published"), what)
    let address = try text(here, "tenants/acme/rows/2025/index.html")
    #expect(address.contains("This publication was withdrawn"), what)
    #expect(!address.contains("http-equiv=\"refresh\""), what)
    for catalog in ["tenants/acme/catalog.json", "operator/catalog.json"] {
      #expect(try text(here, catalog).contains("\"status\":\"withdrawn\""), "\(what) \(catalog)")
    }
    let row = try here.record.connect().query(
      "SELECT status, sequence FROM yearbook.partition WHERE slug = 'acme'"
    ).only()
    #expect(try row.string("status") == "withdrawn" && row.int("sequence") == 2, what)
    let report = try here.record.connect().query(
      """
      SELECT r.status, r.location FROM yearbook.reports r
      JOIN yearbook.partition p USING (tenant_id) WHERE p.slug = 'acme' AND NOT r.is_request
      """
    ).only()
    #expect(
      try report.string("status") == "withdrawn" && report.optionalString("location") == nil, what)
    try expect(here, ["verify", "--deep"], "all as published")
    try expect(here, ["verify", "--with-record"], "all as published")
  }

  @Test func `A withdrawn partition is gone from the pages, the catalogs and the record`() throws {
    try Self.with { here in
      let before = try text(here, "tenants/acme/rows/2025/latest.json")
      let listed = try expect(here, Self.withdraw, "1 partition would be withdrawn")
      #expect(listed.contains("acme/rows/2025/") && listed.contains("--yes"))
      #expect(try text(here, "tenants/acme/rows/2025/latest.json") == before)
      try expect(
        here, Self.withdraw + ["--reason", "Wrong <year>", "--yes"], "1 partition withdrawn")
      try checkIsWithdrawn(here)
      #expect(
        try text(here, "tenants/acme/rows/2025/index.html").contains("Wrong &lt;year&gt;"))
      // The other tenant is as before.
      #expect(try text(here, "tenants/zeta/index.html").contains("rows/2025"))
      try expect(here, ["status", "--state", "withdrawn"], "rows")
      try expect(here, ["gc"])
      // Again: nothing to do, and no failure.
      try expect(here, Self.withdraw + ["--yes"], "1 partition withdrawn")
      try checkIsWithdrawn(here)
      for (missing, arguments) in [
        ("tenant", ["withdraw", "--pipeline", "rows", "--period", "2025"]),
        ("pipeline", ["withdraw", "--tenant", "acme", "--period", "2025"]),
        ("period", ["withdraw", "--tenant", "acme", "--pipeline", "rows"]),
      ] { try expect(here, arguments, status: 64, "--\(missing) is missing") }
      try expect(
        here, ["withdraw", "--tenant", "acme", "--pipeline", "rows", "--period", "2024"],
        status: 64, "the store has no such partition")
      try expect(
        here, Self.withdraw + ["--reason", "two\nlines"], status: 64, "one line")
    }
  }

  @Test func `A run leaves a withdrawn partition alone, and --force publishes it again`() throws {
    try Self.with { here in
      try expect(here, Self.withdraw + ["--yes"])
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      let run = try expect(here, Self.run, "1 published")
      #expect(run.contains("rows acme 2025 was withdrawn and stays so"), "\(run)")
      try checkIsWithdrawn(here)
      // Who makes all again need not know of it.
      try expect(here, Self.run + ["--force"], "was withdrawn and stays so")
      try checkIsWithdrawn(here)
      try here.record.connect().execute(
        "INSERT INTO yearbook.reports (tenant_id, report_type, period)"
          + " SELECT tenant_id, 'ROWS', '2025' FROM yearbook.partition WHERE slug = 'acme'")
      try expect(here, ["requests", "work", "--once"], status: 1)
      let request = try here.record.connect().query(
        "SELECT status, error FROM yearbook.reports WHERE is_request"
      ).only()
      #expect(try request.string("status") == "failed")
      #expect(try request.string("error").contains("has withdrawn this report"))
      try expect(here, Self.run + ["--tenant", "acme", "--force"], "1 published")
      #expect(try text(here, "tenants/acme/index.html").contains("rows/2025"))
      let report = try here.record.connect().query(
        """
        SELECT r.status, r.location FROM yearbook.reports r
        JOIN yearbook.partition p USING (tenant_id) WHERE p.slug = 'acme' AND NOT r.is_request
        """
      ).only()
      #expect(try report.string("status") == "published")
      #expect(try report.string("location").contains("tenants/acme/rows/2025/releases/"))
      try expect(here, ["verify", "--deep", "--with-record"], "all as published")
    }
  }

  @Test func `A rollback shows it again, and pruning removes its files for good`() throws {
    try Self.with { here in
      let release = try StoreCommandTests.json(
        [StoreCommandTests.Release].self, here, ["releases", "acme/rows/2025"])[0].release
      try expect(here, Self.withdraw + ["--yes"])
      try expect(
        here, ["rollback", "acme/rows/2025"], "the newest is \(release) again, sequence 3")
      #expect(try text(here, "tenants/acme/index.html").contains("rows/2025"))
      try expect(here, ["verify", "--deep"], "all as published")
      try expect(here, Self.withdraw + ["--yes"], "sequence 4")
      let prune = ["prune", "--withdrawn", "--tenant", "acme", "--grace", "0s"]
      try expect(here, prune, "1 release")
      try expect(here, prune + ["--yes"], "removed")
      let left = try Program.run([
        "/usr/bin/find", "\(here.folder)/store/tenants/acme", "-name", "*.csv",
      ])
      #expect(left.output == "")
      try expect(here, ["verify", "--deep", "--with-record"], "all as published")
      try expect(here, ["rollback", "acme/rows/2025"], status: 64)
      try expect(here, ["gc"])
      try expect(here, Self.run + ["--tenant", "acme", "--force"], "1 published")
      try expect(here, ["verify", "--deep", "--with-record"], "all as published")
    }
  }

  @Test(
    .enabled(if: Places.program("ssh-keygen") != nil, "ssh-keygen is not installed"))
  func `Where pages are signed, the list has the page that says so`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let key = "\(here.folder)/key"
      let made = try Program.run(
        [Places.program("ssh-keygen") ?? "", "-q", "-t", "ed25519", "-N", "", "-f", key])
      #expect(made.status == 0)
      let signing = ["YEARBOOK_SIGNING_KEY=\(key)"]
      try here.write(
        "signers",
        "yearbook namespaces=\"yearbook\" "
          + String(contentsOfFile: key + ".pub", encoding: .utf8))
      try expect(here, Self.run, environment: signing)
      try expect(here, Self.withdraw + ["--yes"], environment: signing)
      let signers = ["verify", "--deep", "--signers", "\(here.folder)/signers"]
      try expect(here, signers, "all as published")
      // Somebody puts the old page back.
      let path = "\(here.folder)/store/tenants/acme/rows/2025/index.html"
      try Data("<p>old</p>".utf8).write(to: URL(fileURLWithPath: path))
      try expect(here, signers, status: 1, "altered")
    }
  }

  @Test(
    .enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"),
    arguments: ["again", "run"])
  func `Killed anywhere, a withdrawal is finished by the same command, and by the next run`(
    finisher: String
  ) throws {
    let faults = try TemporaryFolder()
    let library = faults.path + "/faults.so"
    let built = try Program.run([
      Places.program("cc") ?? "cc", "-shared", "-fPIC", "-O1", "-o", library,
      Places.project + "/Tests/Fixtures/faults.c",
    ])
    #expect(built.status == 0, "\(built.output)")
    let isFull = ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] != nil
    var nth = isFull ? 1 : finisher == "run" ? 22 : 14
    var hits = 0
    while true {
      let log = "\(faults.path)/hit"
      unlink(log)
      try Self.with { here in
        let killed = try here.yearbook(
          Self.withdraw + ["--yes"],
          environment: [
            "LD_PRELOAD=\(library)", "FAULT_ROOT=\(here.folder)/store", "FAULT_NTH=\(nth)",
            "FAULT_KIND=KILL", "FAULT_LOG=\(log)",
          ])
        guard FileManager.default.fileExists(atPath: log) else { return }
        hits += 1
        #expect(killed.status == 128 + SIGKILL, "call \(nth): \(killed.output)")
        let verified = try here.yearbook(["verify", "--deep"])
        #expect(
          verified.status == 0 || verified.output.contains("rolled-back"),
          "call \(nth): \(verified.output)")
        let head = try text(here, "tenants/acme/rows/2025/heads/1.json")
        #expect(head.contains("\"release\""))
        let hasBegun = FileManager.default.fileExists(
          atPath: "\(here.folder)/store/tenants/acme/rows/2025/heads/2.json")
        try expect(here, finisher == "run" ? Self.run : Self.withdraw + ["--yes"])
        // Without a head, nothing had been withdrawn, and the run finds the partition unchanged.
        if finisher == "again" || hasBegun { try checkIsWithdrawn(here, "call \(nth)") }
      }
      guard FileManager.default.fileExists(atPath: log) else { break }
      nth += isFull ? 1 : 17
    }
    #expect(hits >= 2)
  }
}
