import TestSupport
import Testing

@testable import Basics

/// Days of the Gregorian calendar, compared with a day-by-day count.
@Suite struct CivilDateTests {
  @Test func `Every day of 1 to 9999 follows the one before and is found by its number`() throws {
    var (year, month, day) = (1, 1, 1)
    var number = try #require(CivilDate(year: 1, month: 1, day: 1)).daysSince1970
    while year <= 9999 {
      let date = CivilDate(daysSince1970: number)
      guard date.year == year, date.month == month, date.day == day, date.daysSince1970 == number
      else {
        Issue.record("\(date) stands where \(year)-\(month)-\(day) is due")
        return
      }
      number += 1
      day += 1
      if day > CivilDate.daysInMonth(year: year, month: month) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test(arguments: [
    "2026-02-29", "0000-01-01", "2026-13-01", "2026-1-01", "2026-01-32", "", "２０２６-01-01",
  ])
  func `A text that is not a day of the calendar is refused`(text: String) {
    #expect(CivilDate(text) == nil)
  }

  @Test func `A day can be read from its text, and weeks begin on Monday`() throws {
    let day = try #require(CivilDate("2024-02-29"))
    #expect(day.description == "2024-02-29" && day.weekday == 3)
    #expect(day.adding(days: 366).description == "2025-03-01")
  }
}
