/// A day of the Gregorian calendar; what a sample takes for "today".
public struct SampleDay: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01.
  var number: Int

  /// - Parameters: as the calendar counts them, `2026, 11, 20`.
  public init(_ year: Int, _ month: Int, _ day: Int) {
    // Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last.
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    number = era * 146_097 + dayOfEra - 719_468
  }

  init(number: Int) { self.number = number }

  var parts: (year: Int, month: Int, day: Int) {
    let z = number + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }

  var year: Int { parts.year }

  /// `2026-11-20`
  public var description: String {
    let (year, month, day) = parts
    return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
  }

  /// 0 Monday … 6 Sunday.
  var weekday: Int { (number + 3) % 7 }

  /// The same day of another month, at most its 28th.
  func adding(months: Int) -> SampleDay {
    let (year, month, day) = parts
    let count = year * 12 + month - 1 + months
    return SampleDay(count / 12, count % 12 + 1, min(day, 28))
  }

  func adding(days: Int) -> SampleDay { SampleDay(number: number + days) }

  public static func < (left: SampleDay, right: SampleDay) -> Bool { left.number < right.number }
}

/// A moment, in seconds since 1970 in UTC.
struct SampleMoment: Hashable, Comparable {
  var seconds: Int

  /// A local time on a day, `offset` hours east of Greenwich.
  init(_ day: SampleDay, hour: Int, minute: Int = 0, second: Int = 0, offset: Int) {
    seconds = day.number * 86_400 + (hour - offset) * 3600 + minute * 60 + second
  }

  init(seconds: Int) { self.seconds = seconds }

  func adding(seconds more: Int) -> SampleMoment { SampleMoment(seconds: seconds + more) }

  func adding(days: Int) -> SampleMoment { adding(seconds: days * 86_400) }

  static func < (left: SampleMoment, right: SampleMoment) -> Bool { left.seconds < right.seconds }

  /// As PostgreSQL reads it: `2026-11-20 14:05:00+00`.
  var text: String {
    let (year, month, day) = SampleDay(number: seconds / 86_400).parts
    let rest = seconds % 86_400
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(year)-\(two(month))-\(two(day)) \(two(rest / 3600)):\(two(rest / 60 % 60))"
      + ":\(two(rest % 60))+00"
  }
}
