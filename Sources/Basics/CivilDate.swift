/// A day of the proleptic Gregorian calendar, without a time zone.
package struct CivilDate: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let year: Int
  /// 1…12
  package let month: Int
  /// 1…31
  package let day: Int

  /// The day, or `nil` if the calendar does not have it.
  package init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= CivilDate.daysInMonth(year: year, month: month)
    else { return nil }
    self.init(validYear: year, month: month, day: day)
  }

  /// `YYYY-MM-DD`, or `nil`.
  package init?(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

  /// `YYYY-MM-DD`, or `nil`.
  package init?(_ text: Substring) { self.init(bytes: Array(text.utf8)[...]) }

  /// `YYYY-MM-DD` in ASCII, or `nil`.
  package init?(bytes: ArraySlice<UInt8>) {
    let start = bytes.startIndex
    guard bytes.count == 10, bytes[start + 4] == UInt8(ascii: "-"),
      bytes[start + 7] == UInt8(ascii: "-"),
      let year = CivilDate.number(bytes[start..<start + 4]),
      let month = CivilDate.number(bytes[start + 5..<start + 7]),
      let day = CivilDate.number(bytes[start + 8..<start + 10])
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  /// The number written with these ASCII digits; `nil` if there is any other character.
  package static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var number = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = number * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return number
  }

  /// The day that is `days` after 1970-01-01.
  ///
  /// The algorithm is Howard Hinnant's, “chrono-Compatible Low-Level Date Algorithms”. Years begin
  /// in March, so that the leap day is the last day of a year.
  package init(daysSince1970 days: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    self.init(
      validYear: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// A day that the caller knows to be valid.
  package init(validYear year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  package var daysSince1970: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// 0 is Monday, 6 Sunday.
  package var weekday: Int { ((daysSince1970 + 3) % 7 + 7) % 7 }

  /// The day that is `days` later, or earlier if `days` is negative.
  package func adding(days: Int) -> CivilDate { CivilDate(daysSince1970: daysSince1970 + days) }

  package var description: String {
    let digits =
      [year / 1000, year / 100 % 10, year / 10 % 10, year % 10]
      + [month / 10, month % 10, day / 10, day % 10]
    var text: [UInt8] = []
    for (place, digit) in digits.enumerated() {
      if place == 4 || place == 6 { text.append(UInt8(ascii: "-")) }
      text.append(UInt8(ascii: "0") + UInt8(digit))
    }
    return String(decoding: text, as: UTF8.self)
  }

  package static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  /// The number of days of a month, 28 to 31.
  package static func daysInMonth(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The number with leading zeros, at least `width` digits long.
  package static func padded(_ number: Int, _ width: Int) -> String {
    if width == 2, (0...99).contains(number) {
      return String(number / 10) + String(number % 10)
    }
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
