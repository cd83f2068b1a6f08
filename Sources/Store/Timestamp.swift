/// Times as they stand in metadata, UTC to the second.
enum Timestamp {
  /// `2026-11-21T03:15:00Z` of seconds since 1970.
  static func rfc3339(_ seconds: Int) -> String {
    let (days, rest) = seconds.quotientFlooring(by: 86400)
    let (year, month, day) = civil(days)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    return "\(date)T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))Z"
  }

  /// The day of a timestamp of `rfc3339`.
  static func day(_ seconds: Int) -> String { String(rfc3339(seconds).prefix(10)) }

  /// `20261121t031500z`.
  static func compact(_ seconds: Int) -> String {
    rfc3339(seconds).filter { $0 != "-" && $0 != ":" }.lowercased()
  }

  /// Year, month and day of a number of days since 1970-01-01 in the Gregorian calendar
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
