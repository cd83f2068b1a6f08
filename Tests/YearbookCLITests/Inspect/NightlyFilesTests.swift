import Foundation
import Postgres
import TestSupport
import Testing

/// What cron and systemd are given, read by cron and systemd.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct NightlyFilesTests {
  private static let folder = "\(Places.project)/cron"

  @Test(.enabled(if: Places.program("systemd-analyze") != nil, "systemd-analyze is absent"))
  func `systemd accepts the units`() throws {
    let analyze = try #require(Places.program("systemd-analyze"))
    try withTemporaryFolder { folder in
      var units: [String] = []
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/systemd")
        .sorted()
      {
        // It wants the program to be where the unit says.
        let text = try Installation.text("cron/systemd/\(name)")
          .replacing("/usr/local/bin/yearbook", with: Places.yearbook)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        units.append("\(folder)/\(name)")
      }
      #expect(units.count >= 8)
      let (status, output) = try Program.run([analyze, "verify", "--man=no"] + units)
      #expect(status == 0, "\(output)")
      // What it only warns of, such as a setting it does not know, is on its output.
      #expect(!output.contains(folder), "\(output)")
    }
  }

  @Test(.enabled(if: Places.program("crontab") != nil, "Debian's cron is absent"))
  func `cron accepts the crontab`() throws {
    let crontab = try #require(Places.program("crontab"))
    let (status, output) = try Program.run([crontab, "-n", "\(Self.folder)/yearbook.crontab"])
    #expect(status == 0, "\(output)")
    #expect(output.contains("success"), "\(output)")
  }

  @Test func `Every command they name is one the program knows`() throws {
    var lines = try Installation.text("cron/yearbook.crontab").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/systemd") {
      lines += try Installation.text("cron/systemd/\(name)").split(separator: "\n")
        .filter { $0.hasPrefix("ExecStart=") }
    }
    var commands: Set<[String]> = []
    for line in lines {
      for part in line.components(separatedBy: "yearbook ").dropFirst() {
        let words = part.split(separator: " ").map(String.init)
        if let end = words.firstIndex(of: "--config") { commands.insert(Array(words[..<end])) }
      }
    }
    #expect(commands.count >= 5)
    for command in commands {
      // A configuration that is not there is found only after the words were understood.
      let (status, output) = try Program.run(
        [Places.yearbook] + command + ["--config", "/nowhere.yaml"])
      #expect(status == 78, "\(command): \(output)")
    }
  }

  @Test func `A good nightly run prints nothing, a bad one everything that a mail needs`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      let good = try here.yearbook(["run", "nightly", "--quiet"])
      #expect(good.status == 0)
      #expect(good.output.isEmpty, "\(good.output)")
      #expect(try here.yearbook(["gc", "--quiet"]).output.isEmpty)
      #expect(try here.yearbook(["requests", "work", "--once", "--quiet"]).output.isEmpty)
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username, CASE u.username WHEN 'poison' THEN 1 / (length(u.username) - 6) END AS n
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'poison' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      try here.write("yearbook.yaml", "store: store\n")
      let bad = try here.yearbook(["run", "nightly", "--quiet", "--config", "yearbook.yaml"])
      #expect(bad.status == 1)
      #expect(
        bad.output.contains("failed rows acme 2026 extract") || bad.output.contains("rows acme"),
        "\(bad.output)")
      #expect(bad.output.contains("division by zero"), "\(bad.output)")
      #expect(
        bad.output.contains("  next        yearbook --config yearbook.yaml --pipelines "),
        "\(bad.output)")
      #expect(bad.output.contains("/templates retry "), "\(bad.output)")
      #expect(!bad.output.contains("other"), "\(bad.output)")
    }
  }
}
