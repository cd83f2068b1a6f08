package import Basics

/// “Now”: one value that the whole run uses.
package enum RunMoment: Hashable, Sendable, CustomStringConvertible {
  /// A moment, in whole seconds since 1970.
  case instant(Int64)
  /// The end of a day, in each tenant's own time zone (`--as-of 2026-03-31`).
  case day(CivilDate)

  /// `2026-03-31`, or an instant `2026-03-31T12:00:00Z`; `nil` for anything else.
  package init?(_ text: String) {
    if let day = CivilDate(text) {
      self = .day(day)
      return
    }
    let parts = text.split(separator: "T", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].hasSuffix("Z"), let day = CivilDate(parts[0]) else {
      return nil
    }
    let clock = parts[1].dropLast().split(separator: ":", omittingEmptySubsequences: false)
      .map { Array($0.utf8) }
    guard clock.count == 3, clock.allSatisfy({ $0.count == 2 }),
      let hour = CivilDate.number(clock[0][...]), let minute = CivilDate.number(clock[1][...]),
      let second = CivilDate.number(clock[2][...]), hour < 24, minute < 60, second < 60
    else { return nil }
    self = .instant(Int64(day.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second))
  }

  /// Whether it is the end of a day, and not a moment in it.
  package var isDay: Bool {
    if case .day = self { true } else { false }
  }

  /// The day of the moment in a time zone.
  package func day(in zone: ZoneRules) -> CivilDate {
    switch self {
    case .day(let day): return day
    case .instant(let seconds): return zone.civil(Int(seconds)).day
    }
  }

  /// The form that `init(_:)` reads.
  package var description: String {
    switch self {
    case .day(let day): return day.description
    case .instant(let seconds):
      let days = Int((Double(seconds) / 86_400).rounded(.down))
      let rest = Int(seconds) - days * 86_400
      let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { CivilDate.padded($0, 2) }
      return "\(CivilDate(daysSince1970: days))T\(clock.joined(separator: ":"))Z"
    }
  }
}
