import Basics
import Pipelines
import Testing

@testable import YearbookCLI

@Suite struct CompletionRequestTests {
  @Test(arguments: [
    ("acme", "acme"), ("'my file'", "my file"), ("\"my file\"", "my file"),
    (#"my\ file"#, "my file"), (#"'a\b'"#, #"a\b"#), (#""it's""#, "it's"), ("'open", "open"),
    ("", ""),
  ])
  func `A word is read without its quotes`(typed: String, word: String) {
    #expect(CompletionRequest.unquoted(typed) == word)
  }

  @Test func `The flags that say where names are, are found in each form`() {
    let words = [
      "yearbook", "--config", "a.yaml", "run", "--pipelines=p", "--store", "=", "s", "rows",
      "--tenant", "acme", "--config",
    ]
    #expect(
      CompletionRequest.places(in: words) == ["--config=a.yaml", "--pipelines=p", "--store=s"])
  }

  @Test func `Periods begin with last year's first and end with today's`() throws {
    let today = try #require(CivilDate("2026-05-20"))
    #expect(Completions.periods(until: today, of: [.year]) == ["2026", "2025"])
    #expect(
      Completions.periods(until: today, of: [.quarter])
        == ["2026-Q2", "2026-Q1", "2025-Q4", "2025-Q3", "2025-Q2", "2025-Q1"])
    let months = Completions.periods(until: today, of: [.month])
    #expect(months.count == 17)
    #expect(months.first == "2026-05")
    #expect(months.last == "2025-01")
    // The week that holds 1 January 2025 began in December.
    let weeks = Completions.periods(until: today, of: [.week])
    #expect(weeks.first == "2026-W21")
    #expect(weeks.last == "2025-W01")
    #expect(Completions.periods(until: today, of: [.range]) == [])
  }
}
