import Engine
import Foundation
import Postgres
import TestSupport
import Testing

@testable import YearbookCLI

/// How a run is told: to a person at a terminal, to a log file, to a program.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ReportingTests {
  @Test func `Events are a line of JSON each, and nothing else is on the standard output`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025", "--json"])
      #expect(status == 0, "\(output)")
      let events = try output.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(
        events.map { $0["event"] as? String } == [
          "began", "tried", "fingerprinted", "extracted", "stage_began", "stage_ended", "published",
          "finished",
        ], "\(output)")
      #expect(events[0]["partitions"] as? Int == 1)
      #expect(events[6]["pipeline"] as? String == "rows")
      #expect(events[6]["tenant"] as? String == "acme")
      #expect(events[6]["period"] as? String == "2025")
      #expect(events[7]["state"] as? String == "done")
      #expect(events[7]["stages_run"] as? Int == 1)
      let documented = try Installation.text("docs/events.md")
      for event in events {
        for key in event.keys { #expect(documented.contains("`\(key)`"), "\(key)") }
        #expect(documented.contains("| `\(event["event"] as? String ?? "")`"))
      }
    }
  }

  @Test func `Log lines carry their data as metadata`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(
        ["run", "rows", "--period", "2025", "--log-level", "info"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("info yearbook"), "\(output)")
      #expect(output.contains("pipeline=rows"), "\(output)")
      #expect(output.contains("tenant=acme"), "\(output)")
      #expect(!output.contains("stage ended"), "\(output)")
      let both = try here.yearbook(["run", "rows", "--quiet", "--json"])
      #expect(both.status == 64)
      #expect(try here.yearbook(["run", "rows", "--log-level", "loud"]).status == 64)
    }
  }

  @Test(.enabled(if: Places.program("script") != nil, "script(1) is absent"))
  func `On a terminal a live display stands below the lines and is gone at the end`() throws {
    let script = try #require(Places.program("script"))
    try Installation.with { here in
      for number in 1...30 { try here.addTenant("tenant-\(number)") }
      let command =
        "\(Places.yearbook) run rows --period 2025 --pipelines \(here.folder)/pipelines"
        + " --templates \(here.folder)/templates"
      let (status, output) = try Program.run(
        [script, "-qec", command, "/dev/null"], in: here.folder, environment: here.environment)
      #expect(status == 0, "\(output)")
      #expect(output.contains("/30 done · "), "\(output)")
      #expect(output.contains("\u{1B}[J"), "\(output)")
      // The last thing that was drawn was taken away before the summary.
      let summary = try #require(output.range(of: "done run "))
      let before = output[..<summary.lowerBound]
      let drawn = try #require(before.range(of: "/30 done", options: .backwards))
      #expect(before[drawn.upperBound...].contains("\u{1B}[J"), "\(output)")
    }
  }

  @Test func `The headline tells rate, time left and failures`() {
    var progress = RunProgress()
    progress.note(.began(run: "r", partitions: 1000, tenants: 500))
    progress.note(.ended(partition: "a b 2025", .unchanged, done: 200, total: 1000))
    progress.note(
      .ended(partition: "a c 2025", .skipped(because: "x"), done: 201, total: 1000))
    #expect(
      progress.headline(after: 20)
        == "201/1,000 done · 1 failed · 10 per second · 20 s · about 1 min 20 s left"
    )
    #expect(progress.headline(after: 1000).contains("12 per minute"))
  }

  @Test func `No time left is told from the first few of many`() {
    var progress = RunProgress()
    progress.note(.began(run: "r", partitions: 1000, tenants: 500))
    progress.note(.ended(partition: "a b 2025", .unchanged, done: 12, total: 1000))
    #expect(progress.headline(after: 17) == "12/1,000 done · 42 per minute · 17 s")
    progress.note(.ended(partition: "a c 2025", .unchanged, done: 200, total: 1000))
    #expect(!progress.headline(after: 5).contains("left"))
    #expect(progress.headline(after: 600).hasSuffix(" · 10 min 0 s · about 40 min left"))
  }

  @Test func `A slow pace is not 0 per minute`() {
    var progress = RunProgress()
    progress.note(.began(run: "r", partitions: 10, tenants: 10))
    progress.note(.ended(partition: "a b 2025", .unchanged, done: 1, total: 10))
    #expect(progress.headline(after: 90).contains("40 per hour"))
  }

  @Test func `A moment is not 0.0 s`() {
    #expect(Figures.duration(0.01) == "<0.1 s")
    #expect(Figures.duration(0) == "0.0 s")
    #expect(Figures.duration(0.05) == "0.1 s")
  }

  @Test func `Wide characters do not make a drawn line wrap`() {
    #expect(TerminalWidth.of("東京") == 4)
    #expect(TerminalWidth.of("e\u{301}") == 1)
    #expect(TerminalWidth.of("👩‍💻🇧🇷❤️") == 6)
    #expect(TerminalWidth.of("\u{200B}a\u{AD}") == 1)
    #expect(TerminalWidth.prefix("東京都庁", columns: 5) == "東京")
    #expect(TerminalWidth.prefix("ação", columns: 4) == "ação")
    #expect(TerminalWidth.prefix("👩‍💻x", columns: 1) == "")
  }
}
