import Basics
import Foundation
import Pipelines
import Testing

@Suite struct PeriodTests {
  @Test(arguments: [
    ("2026", "2026-01-01", "2027-01-01"), ("2026-Q1", "2026-01-01", "2026-04-01"),
    ("2026-Q4", "2026-10-01", "2027-01-01"), ("2026-02", "2026-02-01", "2026-03-01"),
    ("2026-12", "2026-12-01", "2027-01-01"), ("2024-02", "2024-02-01", "2024-03-01"),
  ])
  func `A period is half-open and prints as it was written`(
    text: String, start: String, end: String
  ) throws {
    let period = try #require(Period(text))
    #expect(period.description == text)
    #expect(period.start.description == start)
    #expect(period.end.description == end)
    #expect(period.next.previous == period)
    #expect(Period(period.kind, containing: period.lastDay) == period)
  }

  @Test(arguments: [
    "", "26", "2026-13", "2026-00", "2026-Q5", "2026-Q0", "2026-1", "2026-011", "20 6", "+026",
    "2026-W1", "2026-11-20", "２０２６", "0000",
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
