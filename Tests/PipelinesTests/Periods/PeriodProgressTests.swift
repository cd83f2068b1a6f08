import Basics
import Pipelines
import TestSupport
import Testing

/// Which days a period is compared with.
@Suite struct PeriodProgressTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }
  private func period(_ text: String) throws -> Period { try #require(Period(text)) }

  @Test(arguments: [
    ("2026", "2026-11-20", "2025-11-20"), ("2026", "2026-01-01", "2025-01-01"),
    // 29 February corresponds to 28 February, and so does 28 February.
    ("2024", "2024-02-28", "2023-02-28"), ("2024", "2024-02-29", "2023-02-28"),
    ("2024", "2024-03-01", "2023-03-01"), ("2025", "2025-02-28", "2024-02-28"),
    ("2025", "2025-03-01", "2024-03-01"), ("2100", "2100-02-28", "2099-02-28"),
    // A month that is longer than the one before is compared with all of it at its end.
    ("2026-03", "2026-03-28", "2026-02-28"), ("2026-03", "2026-03-30", "2026-02-28"),
    ("2024-03", "2024-03-30", "2024-02-29"), ("2026-01", "2026-01-30", "2025-12-30"),
    ("2026-Q1", "2026-02-10", "2025-11-10"), ("2026-Q2", "2026-05-31", "2026-02-28"),
    // A week is compared with the same days of the week, a range with as many days.
    ("2026-W48", "2026-11-25", "2026-11-18"), ("2026-W01", "2026-01-01", "2025-12-25"),
    ("2026-03-01..2026-05-15", "2026-03-01", "2025-12-15"),
    ("2026-03-01..2026-05-15", "2026-05-14", "2026-02-27"),
  ])
  func `A period under way is compared with the same days`(
    name: String, today: String, same: String
  ) throws {
    let progress = PeriodProgress(try period(name), today: try day(today))
    #expect(progress.isProvisional)
    #expect(progress.previousLastDay == (try day(same)))
    #expect(progress.lastDay == (try day(today)))
  }

  @Test func `A period that has ended is compared with all of the one before`() throws {
    for (name, last) in [
      ("2024", "2023-12-31"), ("2026-02", "2026-01-31"), ("2026-W01", "2025-12-28"),
      ("2026-03-01..2026-05-15", "2026-02-28"),
    ] {
      let period = try period(name)
      for progress in [
        PeriodProgress(ended: period), PeriodProgress(period, today: period.end.adding(days: 90)),
        // A day is seen to its end, a moment is not.
        PeriodProgress(period, today: period.lastDay, isWholeDay: true),
      ] {
        #expect(!progress.isProvisional)
        #expect(progress.previousLastDay == (try day(last)))
        #expect(progress.lastDay == period.lastDay)
      }
      #expect(PeriodProgress(period, today: period.lastDay).isProvisional)
    }
  }

  @Test func `The days that are compared grow with the period and never leave the one before`() {
    for seed in Seeds.of(few: 1000, many: 200_000) {
      var random = SeededRandom(seed: seed)
      let start = CivilDate(daysSince1970: random.number(-700_000...2_900_000))
      for kind in Period.Kind.allCases {
        let period = Period(kind, containing: start)
        var last = period.previous.start
        var today = period.start
        while today < period.end {
          let same = PeriodProgress(period, today: today).previousLastDay
          #expect(same >= last && same <= period.previous.lastDay, "seed \(seed), \(today)")
          if kind == .week {
            #expect(same.weekday == today.weekday, "seed \(seed), \(today)")
          } else if kind != .range {
            #expect(
              same.day == today.day
                || (same.day < today.day && same.adding(days: 1).month != same.month),
              "seed \(seed), \(today)")
          }
          last = same
          today = today.adding(days: kind == .year ? random.number(1...20) : 1)
        }
      }
    }
  }

  @Test func `A tenant is compared only with days on all of which it existed`() throws {
    let period = try period("2026")
    for (first, since) in [
      ("2024-05-01", nil), ("2025-01-01", nil), ("2025-01-02", "2025-01-02"),
      ("2026-03-01", "2026-03-01"),
    ] {
      let progress = PeriodProgress(
        period, today: try day("2026-11-20"), firstDay: try day(first))
      #expect(progress.since == (try since.map(day)))
      #expect(progress.isCompared == (since == nil))
    }
    #expect(PeriodProgress(period, today: try day("2026-11-20")).isCompared)
  }
}
