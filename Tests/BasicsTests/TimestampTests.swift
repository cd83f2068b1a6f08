import TestSupport
import Testing

@testable import Basics

@Suite struct TimestampTests {
  @Test func `An instant is written in UTC to the second`() {
    #expect(Timestamp.rfc3339(1_795_230_900) == "2026-11-21T03:15:00Z")
    #expect(Timestamp.compact(1_795_230_900) == "20261121t031500z")
    #expect(Timestamp.day(-1) == "1969-12-31")
  }

  @Test(arguments: [
    "", "2026-11-21", "2026-11-21T03:15:00", "2026-11-21 03:15:00Z", "2026-11-21T03:15:60Z",
    "2026-11-31T03:15:00Z", "2026-13-01T03:15:00Z", "2026-11-21T24:15:00Z", "2026-11-21T03:15:00ZZ",
    "9223372036854775807-01-01T00:00:00Z", "2026-01-9223372036854775807T0:0:0Z",
    "99999999999999-1-1T0:0:0Z", "+026-11-21T03:15:00Z", "2026-11-21T+3:15:00Z",
  ])
  func `What is not written so is not read`(text: String) {
    #expect(Timestamp.seconds(text) == nil)
  }

  /// Years 1 to 9999.
  @Test func `Instants agree with the calendar and come back from their text`() {
    for seed in Seeds.of(few: 2000, many: 500_000) {
      var random = SeededRandom(seed: seed)
      let day = CivilDate(daysSince1970: random.number(-719_162...2_932_896))
      let second = random.pick([0, 1, 86_399, random.number(0...86_399)])
      let instant = day.daysSince1970 * 86_400 + second
      let text = Timestamp.rfc3339(instant)
      #expect(text.prefix(10) == day.description && text.utf8.count == 20, "seed \(seed)")
      #expect(Timestamp.seconds(text) == instant, "seed \(seed)")
      #expect(Timestamp.dayNumber(instant) == day.daysSince1970, "seed \(seed)")
      #expect(Timestamp.monthNumber(instant) == day.year * 12 + day.month - 1, "seed \(seed)")
      #expect(Timestamp.yearNumber(instant) == day.year, "seed \(seed)")
      let monday = day.adding(days: -day.weekday).daysSince1970 * 86_400
      #expect(Timestamp.weekNumber(monday) == Timestamp.weekNumber(instant), "seed \(seed)")
      #expect(Timestamp.weekNumber(monday - 1) == Timestamp.weekNumber(instant) - 1, "seed \(seed)")
    }
  }
}
