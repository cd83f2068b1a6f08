import Foundation
import TestSupport
import Testing

@testable import YearbookCLI

/// Log lines in systemd's journal, read by its protocol.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct JournalTests {
  /// Runs the night with the standard error in a file that is said to be the journal's stream.
  private static func night(_ here: Installation, stream: String) throws -> (
    entries: [[String: String]], standardError: String
  ) {
    let script = """
      cd "$1"; rm -f journal entries
      python3 "$2/Tests/Fixtures/journal_server.py" journal entries 200 & server=$!
      while [ ! -S journal ]; do sleep 0.05; done
      : >lines; export YEARBOOK_JOURNAL="$1/journal" JOURNAL_STREAM="$(stat -L -c %d:%i \(stream))"
      shift 2; "$@" 2>lines >/dev/null; sleep 0.3; kill $server
      """
    let outcome = try Program.run(
      ["/bin/sh", "-c", script, "sh", here.folder, Places.project, Places.yearbook]
        + ["run", "nightly", "--log-format", "json", "--log-level", "debug"]
        + ["--pipelines", "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates"],
      in: here.folder, environment: here.environment)
    _ = outcome
    let entries = try Installation.text("entries", in: here.folder).split(separator: "\n").map {
      try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
    }
    return (entries, try Installation.text("lines", in: here.folder))
  }

  @Test func `Under systemd a line's run, partition, stage and level are fields of the journal`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let (entries, lines) = try Self.night(here, stream: "lines")
      #expect(!entries.isEmpty && lines.isEmpty, "\(lines)")
      for entry in entries {
        #expect(entry["SYSLOG_IDENTIFIER"] == "yearbook")
        #expect(["3", "4", "5", "6", "7"].contains(entry["PRIORITY"]))
        // What collectors parse today stays as it is.
        #expect(entry["MESSAGE"]?.hasPrefix("{") == true)
      }
      let published = try #require(
        entries.first { $0["MESSAGE"]?.contains("\"message\":\"published\"") == true }, "\(entries)"
      )
      #expect(published["YEARBOOK_PARTITION"]?.hasPrefix("rows acme 20") == true, "\(published)")
      #expect(published["YEARBOOK_TRACE"]?.count == 32, "\(published)")
      #expect(entries.filter { $0["YEARBOOK_RUN"] == published["YEARBOOK_RUN"] }.count > 1)
      #expect(entries.contains { $0["YEARBOOK_STAGE"] == "aggregate" })
      // A standard error that leads elsewhere gets its lines, and the journal none.
      let elsewhere = try Self.night(here, stream: "journal")
      #expect(elsewhere.entries.isEmpty && elsewhere.standardError.hasPrefix("{"))
    }
  }

  @Test func `A value with line feeds has its length in front`() {
    #expect(
      JournalSocket.entry([("A", "b"), ("C", "d\ne")])
        == Array("A=b\nC\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("d\ne\n".utf8))
  }
}
