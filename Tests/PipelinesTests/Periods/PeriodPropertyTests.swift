import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Pipelines

/// Periods and moments as they are written.
@Suite struct PeriodPropertyTests {
  /// A text that is nearly one that can be read.
  private func text(_ shape: String, _ random: inout SeededRandom) -> String {
    var characters = Array(shape)
    for place in characters.indices where characters[place].isNumber && random.isOne(of: 2) {
      characters[place] = random.pick(Array("0123456789"))
    }
    if random.isOne(of: 2) {
      characters[random.number(0...characters.count - 1)] = random.pick(
        Array("0123456789+-. QTWZ:x\u{301}"))
    }
    return String(characters)
  }

  @Test func `What is read as a period, a moment or a day is written the same`() {
    for seed in Seeds.of(few: 2000, many: 500_000) {
      var random = SeededRandom(seed: seed)
      for shape in ["2026", "2026-11", "2026-Q4", "2026-W48", "2026-03-01..2026-05-15"] {
        let text = text(shape, &random)
        if let period = Period(text) { #expect(period.description == text, "seed \(seed)") }
      }
      for shape in ["2026-11-21", "2026-11-21T03:15:00Z"] {
        let text = text(shape, &random)
        if let moment = RunMoment(text) { #expect(moment.description == text, "seed \(seed)") }
        if let day = CivilDate(text) { #expect(day.description == text, "seed \(seed)") }
      }
    }
  }

  @Test func `Periods of a kind follow each other without a gap and hold their days`() throws {
    for seed in Seeds.of(few: 500, many: 100_000) {
      var random = SeededRandom(seed: seed)
      let day = CivilDate(daysSince1970: random.number(-700_000...2_900_000))
      let range = Period(from: day, through: day.adding(days: random.number(0...3652)))
      for period in Period.Kind.allCases.map({ Period($0, containing: day) })
        + [try #require(range)]
      {
        #expect(period.start <= day && day <= period.lastDay && day < period.end, "seed \(seed)")
        #expect(period.next.start == period.end && period.next.previous == period, "seed \(seed)")
        #expect(period.lastDay.adding(days: 1) == period.end, "seed \(seed)")
        #expect(Period(period.description) == period, "seed \(seed)")
        let months = period.monthsTouched
        #expect(months.first == Period(.month, containing: period.start).start, "seed \(seed)")
        #expect(months.last == Period(.month, containing: period.lastDay).start, "seed \(seed)")
        let steps = random.number(-50...50)
        #expect(period.moved(by: steps).moved(by: -steps) == period, "seed \(seed)")
      }
    }
  }
}
