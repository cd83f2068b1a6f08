import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

/// Names that people chose to take over a terminal, forge a line of a log, or turn a line around.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.program("script") != nil, "script(1) is absent"))
struct HostileTextTests {
  /// A window title, a red background, a line of its own, and C1's and bidi's ways to do the same.
  private static let evil =
    "a\u{1B}]0;EVIL\u{7}\u{1B}[41mEVIL\r\nfailed EVIL\u{9B}41m\u{85}\u{202E}LIVE\u{2066}\u{2028}\u{7F}"

  private func withHostileNames(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.addReport("annual")
      for slug in ["acme", "zeta"] { try here.addTenant(slug) }
      let connection = try here.platform.connect()
      try connection.query("UPDATE app.tenant SET name = $1", [Self.evil])
      try connection.query(
        """
        INSERT INTO app.pocuser (userid, tenantid, name, description, language, tags, repourl, favorite, created)
        SELECT u.id, u.tenantid, $1::text, $1::text, $1::text, $1::text, $1::text, 'Y', '2025-04-01' FROM app."user" u
        """, [Self.evil])
      try connection.query(
        """
        INSERT INTO app.poc_screenshot (pocid, tenantid, object_key, created)
        SELECT id, tenantid, $1::text, created FROM app.pocuser
        """, [Self.evil])
      try connection.execute(
        "UPDATE app.tenant SET timezone = E'\\033[41mEVIL' WHERE slug = 'zeta'")
      try body(here)
    }
  }

  /// Runs the program on a terminal of its own that adds nothing to what is written.
  private func onTerminal(
    _ here: Installation, _ arguments: [String], _ environment: [String]
  ) throws -> String {
    let words =
      [Places.yearbook] + arguments
      + ["--pipelines", "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates"]
    let line = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    let script = try #require(Places.program("script"))
    return try Program.run(
      [script, "-qec", "stty -opost; exec " + line, "/dev/null"], in: here.folder,
      environment: here.environment + ["SHELL=/bin/sh"] + environment
    ).output
  }

  private static let commands: [[String]] = [
    ["run", "annual", "--period", "2025"], ["status"], ["status", "--json"],
    ["status", "--warnings", "--partitions"], ["logs"], ["logs", "--json"],
    ["run", "annual", "--period", "2025", "--force", "--json"],
    ["run", "annual", "--period", "2025", "--force", "--log-level", "debug"],
    ["explain", "annual", "--tenant", "acme", "--period", "2025"], ["show", "acme/annual/2025"],
    ["run", evil], ["run", "annual", "--tenant", evil], ["run", "annual", "--period", evil],
    ["run", "annual", "--as-of", evil], ["show", evil], ["logs", evil], [evil],
    ["status", "--config", "/nowhere/\(evil)"], ["requests", "work", "--once"],
    ["film", "inspect", evil], ["doctor"], ["run", "annual", "--\(evil)"], ["runs"],
  ]

  @Test func `Nothing but text and line feeds reaches a terminal, whatever things are called`()
    throws
  {
    try withHostileNames { here in
      _ = try here.yearbook(["runs"])
      try here.record.connect().query(
        """
        INSERT INTO yearbook.reports (tenant_id, report_type, period)
        SELECT $1::uuid, 'ROWS', $2::text UNION ALL SELECT $1::uuid, $3::text, '2025' UNION ALL SELECT gen_random_uuid(), 'ROWS', $2::text
        """,
        [
          try here.platform.connect().query("SELECT id FROM app.tenant WHERE slug = 'acme'").only()
            .string("id"), Self.evil, Self.evil.uppercased(),
        ])
      var seen = 0
      for command in Self.commands {
        let output = try onTerminal(here, command, ["TERM=dumb"])
        #expect(!output.isEmpty, "\(command)")
        let bad = output.unicodeScalars.filter { $0 != "\n" && PlainText.isUnsafe($0) }
        #expect(bad.isEmpty, "\(command): \(bad.map { String($0.value, radix: 16) }) in \(output)")
        #expect(!output.contains("\u{FFFD}"), "\(command): \(output)")
        // A forged line would begin so.
        #expect(
          !output.split(separator: "\n").contains { $0.hasPrefix("failed EVIL") }, "\(output)")
        if output.contains("EVIL") { seen += 1 }
      }
      // What is shown nowhere proves nothing.
      #expect(seen >= 14, "\(seen)")
    }
  }

  @Test func `On a terminal with colours there are our own sequences, and no others`() throws {
    try withHostileNames { here in
      for command in Self.commands {
        let output = try onTerminal(here, command, ["TERM=xterm-256color", "NO_COLOR="])
        // First the carriage returns: one before a line feed is one character with it.
        let scalars = output.unicodeScalars.filter { $0 != "\r" }
        let rest = String(String.UnicodeScalarView(scalars))
          .replacing(/\u{1B}\[(0m|1m|2m|31m|32m|33m|J|\d+A)/, with: "")
        let bad = rest.unicodeScalars.filter { $0 != "\n" && PlainText.isUnsafe($0) }
        #expect(bad.isEmpty, "\(command): \(bad.map { String($0.value, radix: 16) }) in \(rest)")
        #expect(!rest.split(separator: "\n").contains { $0.hasPrefix("failed EVIL") }, "\(rest)")
      }
      let status = try onTerminal(here, ["status"], ["TERM=xterm-256color", "NO_COLOR="])
      #expect(status.contains("\u{1B}[31mfailed\u{1B}[0m"), "\(status)")
    }
  }
}
