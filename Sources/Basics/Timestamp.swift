/// Times as written in metadata: UTC, to the second.
package enum Timestamp {
  /// Seconds since 1970 as `2026-11-21T03:15:00Z`.
  package static func rfc3339(_ seconds: Int) -> String {
    let (days, rest) = seconds.quotientFlooring(by: 86400)
    let (year, month, day) = civil(days)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    return "\(date)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))Z"
  }

  /// The UTC day as `2026-11-21`.
  package static func day(_ seconds: Int) -> String { String(rfc3339(seconds).prefix(10)) }

  /// Seconds since 1970 as `20261121t031500z`.
  package static func compact(_ seconds: Int) -> String {
    rfc3339(seconds).filter { $0 != "-" && $0 != ":" }.lowercased()
  }

  /// Seconds since 1970 from a text of `rfc3339`; `nil` for any other text.
  package static func seconds(_ text: String) -> Int? {
    let fields = text.split(whereSeparator: { "-T:Z".contains($0) }).compactMap { Int($0) }
    // Of more digits, seconds could not be counted.
    guard text.utf8.count == 20, fields.count == 6, fields.allSatisfy({ $0 <= 9999 }),
      (1...12).contains(fields[1])
    else { return nil }
    let days = days(year: fields[0], month: fields[1], day: fields[2])
    let seconds = days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5]
    return rfc3339(seconds) == text ? seconds : nil
  }

  /// The UTC day of an instant, in days since 1970-01-01.
  package static func dayNumber(_ seconds: Int) -> Int { seconds.quotientFlooring(by: 86400).0 }

  /// The number of the week of an instant. Weeks begin on Monday; 1970-01-01 was a Thursday.
  package static func weekNumber(_ seconds: Int) -> Int {
    (dayNumber(seconds) + 3).quotientFlooring(by: 7).0
  }

  /// The number of the month of an instant: year × 12 + month − 1.
  package static func monthNumber(_ seconds: Int) -> Int {
    let (year, month, _) = civil(dayNumber(seconds))
    return year * 12 + month - 1
  }

  /// The year of an instant.
  package static func yearNumber(_ seconds: Int) -> Int { civil(dayNumber(seconds)).0 }

  /// The number of days since 1970-01-01 (H. Hinnant, days_from_civil; source below).
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).quotientFlooring(by: 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146097 + dayOfEra - 719468
  }

  /// Year, month and day from a number of days since 1970-01-01, in the Gregorian calendar
  /// (H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
  private static func civil(_ days: Int) -> (Int, Int, Int) {
    let (era, dayOfEra) = (days + 719468).quotientFlooring(by: 146097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Int {
  fileprivate func quotientFlooring(by divisor: Int) -> (Int, Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
