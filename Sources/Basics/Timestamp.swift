/// Times as written in metadata: UTC, to the second.
package enum Timestamp {
  /// Seconds since 1970 as `2026-11-21T03:15:00Z`.
  package static func rfc3339(_ seconds: Int) -> String {
    let rest = seconds - dayNumber(seconds) * 86_400
    let time = [rest / 3600, rest / 60 % 60, rest % 60].map { CivilDate.padded($0, 2) }
    return "\(day(seconds))T\(time.joined(separator: ":"))Z"
  }

  /// The UTC day as `2026-11-21`.
  package static func day(_ seconds: Int) -> String {
    let date = date(seconds)
    let fields = [CivilDate.padded(date.year, 4), CivilDate.padded(date.month, 2)]
    return (fields + [CivilDate.padded(date.day, 2)]).joined(separator: "-")
  }

  /// Seconds since 1970 as `20261121t031500z`.
  package static func compact(_ seconds: Int) -> String {
    rfc3339(seconds).filter { $0 != "-" && $0 != ":" }.lowercased()
  }

  /// Seconds since 1970 from a text of `rfc3339`; `nil` for any other text.
  package static func seconds(_ text: String) -> Int? {
    guard text.utf8.count == 20, let date = CivilDate(text.prefix(10)) else { return nil }
    let fields = text.dropFirst(11).dropLast().split(separator: ":").compactMap { Int($0) }
    guard fields.count == 3, fields.allSatisfy((0..<60).contains) else { return nil }
    let time = fields[0] * 3600 + fields[1] * 60 + fields[2]
    let seconds = date.daysSince1970 * 86_400 + time
    return rfc3339(seconds) == text ? seconds : nil
  }

  /// The UTC day of an instant, in days since 1970-01-01.
  package static func dayNumber(_ seconds: Int) -> Int { quotient(seconds, 86_400) }

  /// The number of the week of an instant. Weeks begin on Monday; 1970-01-01 was a Thursday.
  package static func weekNumber(_ seconds: Int) -> Int { quotient(dayNumber(seconds) + 3, 7) }

  /// The number of the month of an instant: year × 12 + month − 1.
  package static func monthNumber(_ seconds: Int) -> Int {
    let date = date(seconds)
    return date.year * 12 + date.month - 1
  }

  /// The year of an instant.
  package static func yearNumber(_ seconds: Int) -> Int { date(seconds).year }

  private static func date(_ seconds: Int) -> CivilDate {
    CivilDate(daysSince1970: dayNumber(seconds))
  }

  /// The quotient rounded down, for instants before 1970 too.
  private static func quotient(_ dividend: Int, _ divisor: Int) -> Int {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
