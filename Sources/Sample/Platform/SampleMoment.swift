package import Basics

extension CivilDate {
  /// A day written in the sample's code: `2026, 11, 20`.
  ///
  /// - Precondition: The calendar has this day.
  package init(_ year: Int, _ month: Int, _ day: Int) {
    guard let date = CivilDate(year: year, month: month, day: day) else {
      preconditionFailure("\(year)-\(month)-\(day) is not a day of the calendar")
    }
    self = date
  }

  /// The same day of another month, but not later than the 28th.
  func adding(months: Int) -> CivilDate {
    let count = year * 12 + month - 1 + months
    return CivilDate(count / 12, count % 12 + 1, min(day, 28))
  }
}

/// A moment, in seconds since 1970 (UTC).
struct SampleMoment: Hashable, Comparable {
  var seconds: Int

  /// A local time on a day. `offset` is in hours east of Greenwich.
  init(_ day: CivilDate, hour: Int, minute: Int = 0, second: Int = 0, offset: Int) {
    seconds = day.daysSince1970 * 86_400 + (hour - offset) * 3600 + minute * 60 + second
  }

  init(seconds: Int) { self.seconds = seconds }

  func adding(seconds more: Int) -> SampleMoment { SampleMoment(seconds: seconds + more) }

  func adding(days: Int) -> SampleMoment { adding(seconds: days * 86_400) }

  static func < (left: SampleMoment, right: SampleMoment) -> Bool { left.seconds < right.seconds }

  /// The text for PostgreSQL: `2026-11-20 14:05:00+00`.
  var text: String {
    let rest = seconds % 86_400
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return
      "\(CivilDate(daysSince1970: seconds / 86_400)) \(two(rest / 3600)):\(two(rest / 60 % 60))"
      + ":\(two(rest % 60))+00"
  }
}
