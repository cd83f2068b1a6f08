import Basics
import Foundation
import Pipelines
import Testing

@Suite struct PeriodTests {
  @Test(arguments: [
    ("2026", "2026-01-01", "2027-01-01"), ("2026-Q1", "2026-01-01", "2026-04-01"),
    ("2026-Q4", "2026-10-01", "2027-01-01"), ("2026-02", "2026-02-01", "2026-03-01"),
    ("2026-12", "2026-12-01", "2027-01-01"), ("2024-02", "2024-02-01", "2024-03-01"),
    ("2026-W48", "2026-11-23", "2026-11-30"),
    ("2026-03-01..2026-05-15", "2026-03-01", "2026-05-16"),
    // A week belongs to the year that has most of its days.
    ("2026-W01", "2025-12-29", "2026-01-05"), ("2026-W53", "2026-12-28", "2027-01-04"),
    ("2021-W01", "2021-01-04", "2021-01-11"), ("2020-W53", "2020-12-28", "2021-01-04"),
    ("2024-02-29..2024-02-29", "2024-02-29", "2024-03-01"),
    ("2016-01-01..2025-12-31", "2016-01-01", "2026-01-01"),
  ])
  func `A period is half-open and prints as it was written`(
    text: String, start: String, end: String
  ) throws {
    let period = try #require(Period(text))
    #expect(period.description == text)
    #expect(period.start.description == start)
    #expect(period.end.description == end)
    #expect(period.next.previous == period)
    #expect(period.kind == .range || Period(period.kind, containing: period.lastDay) == period)
  }

  @Test(arguments: [
    "", "26", "2026-13", "2026-00", "2026-Q5", "2026-Q0", "2026-1", "2026-011", "20 6", "+026",
    "2026-W1", "2026-11-20", "２０２６", "0000", "2026-W00", "2025-W53", "2026-W54", "2026-W99",
    "2026-w48",
    "2026W48", "2026-W4８", "2026-05-15..2026-03-01", "2026-02-29..2026-03-01",
    "2026-03-01...2026-05-15",
    "2026-03-01--2026-05-15", "2026-03..2026-05", "2016-01-01..2026-01-01",
    "0001-01-01..9999-12-31",
  ])
  func `A text that is not a period is refused`(text: String) {
    #expect(Period(text) == nil)
  }

  @Test func `Days and dates agree with Foundation over four centuries`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    for days in stride(from: -60_000, through: 90_000, by: 37) {
      let date = Date(timeIntervalSince1970: TimeInterval(days) * 86_400)
      let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: date)
      let civil = CivilDate(daysSince1970: days)
      #expect(civil.year == parts.year && civil.month == parts.month && civil.day == parts.day)
      #expect(civil.daysSince1970 == days)
      // Foundation counts from Sunday, 1.
      #expect((civil.weekday + 1) % 7 + 1 == parts.weekday)
    }
  }

  @Test func `Weeks agree with Foundation's ISO 8601 over four centuries`() throws {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    for days in -60_000...90_000 where days % 5 == 0 || abs(days % 365) < 9 {
      let date = Date(timeIntervalSince1970: TimeInterval(days) * 86_400)
      let parts = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: date)
      let week = Period(.week, containing: CivilDate(daysSince1970: days))
      #expect(week.year == parts.yearForWeekOfYear && week.week == parts.weekOfYear)
      #expect(week.start.weekday == 0 && week.days == 7)
      #expect(Period(week.description) == week)
    }
  }

  @Test(arguments: [
    ("2026-05-15..2026-03-01", "the first day comes first: 2026-03-01..2026-05-15"),
    ("2006-01-01..2026-01-01", "a range has at most 3653 days"),
    ("2025-W53", "the weeks of 2025 are W01 to W52"),
    ("2026-W54", "the weeks of 2026 are W01 to W53"),
    ("last week", "write 2026, 2026-Q4, 2026-11, 2026-W48 or 2026-03-01..2026-05-15"),
  ])
  func `A text that is nearly a period is answered with what to write`(
    text: String, advice: String
  ) {
    #expect(Period(text) == nil)
    #expect(Period.advice(for: text) == advice)
  }

  @Test func `Periods sort by their start, and of equal starts the longer one is first`() {
    let names = [
      "2025", "2026-W01", "2026", "2026-Q1", "2026-01", "2026-01-01..2026-01-31",
      "2026-01-01..2026-01-30", "2026-W02",
    ]
    #expect(names.reversed().compactMap { Period($0) }.sorted().map(\.description) == names)
  }

  @Test func `A day that the calendar does not have is refused`() {
    #expect(CivilDate("2025-02-29") == nil)
    #expect(CivilDate("2024-02-29") != nil)
    #expect(CivilDate("2026-11-31") == nil)
    #expect(CivilDate("2026-1-1") == nil)
  }

  @Test func `One instant is another day in another zone`() throws {
    let moment = try #require(RunMoment("2026-01-01T02:00:00Z"))
    let saoPaulo = ZoneRules(name: "America/Sao_Paulo", offset: -10_800)
    let tokyo = ZoneRules(name: "Asia/Tokyo", offset: 32_400)
    #expect(moment.day(in: saoPaulo).description == "2025-12-31")
    #expect(moment.day(in: tokyo).description == "2026-01-01")
    #expect(moment.description == "2026-01-01T02:00:00Z")
    #expect(RunMoment("2026-03-31")?.description == "2026-03-31")
    #expect(RunMoment("yesterday") == nil)
  }

  @Test(arguments: [
    // Ten days of grace hold two weeks at times, and a final one is made again in them.
    ("2026-11-30", true, ["2026-W48", "2026-W47"]), ("2026-12-02", true, ["2026-W48", "2026-W47"]),
    ("2026-12-03", true, ["2026-W48"]), ("2026-12-06", true, ["2026-W48"]),
    ("2027-01-05", true, ["2026-W53", "2026-W52"]),
  ])
  func `Every week whose grace is not over is closing`(
    day: String, isFinal: Bool, weeks: [String]
  ) throws {
    let selector = try #require(PeriodSelector("closing-weeks"))
    let day = try #require(CivilDate(day))
    #expect(selector.periods(on: day, graceDays: 10) { _ in isFinal }.map(\.description) == weeks)
    // Without grace, only the last one, until it is final.
    let last = selector.periods(on: day, graceDays: 0) { _ in false }
    #expect(last.map(\.description) == [weeks[0]])
    #expect(selector.periods(on: day, graceDays: 0) { _ in true } == [])
  }

  @Test func `Closing periods run until they are final and their grace is over`() throws {
    let selector = try #require(PeriodSelector("closing-years"))
    func chosen(_ day: String, isFinal: Bool) throws -> [String] {
      selector.periods(on: try #require(CivilDate(day)), graceDays: 10) { _ in isFinal }
        .map(\.description)
    }
    #expect(try chosen("2026-01-10", isFinal: true) == ["2025"])
    #expect(try chosen("2026-01-11", isFinal: true) == [])
    #expect(try chosen("2026-07-01", isFinal: false) == ["2025"])
    let thisMonth = try #require(PeriodSelector("this-month"))
    let day = try #require(CivilDate("2026-11-20"))
    #expect(
      thisMonth.periods(on: day, graceDays: 0) { _ in true }.map(\.description) == ["2026-11"])
  }
}
