package import Basics

/// An interval [start, end) of days: `2026`, `2026-Q4`, `2026-11`, `2026-W48` or a range,
/// `2026-03-01..2026-05-15`. Its days begin at midnight in the tenant's time zone.
package struct Period: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// What a period is a piece of.
  package enum Kind: String, Sendable, CaseIterable {
    case year, quarter, month
    /// A week of ISO 8601: from Monday to Sunday.
    case week
    /// Any days, from a first to a last.
    case range

    /// How many calendar months one period of this kind spans; 0 if it is made of days.
    var months: Int {
      switch self {
      case .year: 12
      case .quarter: 3
      case .month: 1
      case .week, .range: 0
      }
    }

    /// The kinds that a day belongs to: only of these is there a current and a last one.
    package static let calendar = allCases.filter { $0 != .range }
  }

  package let kind: Kind
  /// The first day.
  package let start: CivilDate
  /// The first day after the period.
  package let end: CivilDate

  /// The longest range, in days: ten years.
  package static let longestRange = 3653

  /// How periods are written, for messages.
  package static let forms = "2026, 2026-Q4, 2026-11, 2026-W48 or 2026-03-01..2026-05-15"

  /// The period of `kind` that holds `day`; for a range, the day alone.
  package init(_ kind: Kind, containing day: CivilDate) {
    self.kind = kind
    switch kind {
    case .year, .quarter, .month:
      let month = (day.month - 1) / kind.months * kind.months + 1
      start = CivilDate(validYear: day.year, month: month, day: 1)
      end = Period.first(of: start.year * 12 + month - 1 + kind.months)
    case .week:
      start = day.adding(days: -day.weekday)
      end = start.adding(days: 7)
    case .range:
      start = day
      end = day.adding(days: 1)
    }
  }

  /// The range from one day to another, both included; `nil` if it is empty or longer than
  /// `longestRange`.
  package init?(from first: CivilDate, through last: CivilDate) {
    let days = last.daysSince1970 - first.daysSince1970 + 1
    guard (1...Period.longestRange).contains(days) else { return nil }
    self.init(range: first, days: days)
  }

  private init(range first: CivilDate, days: Int) {
    kind = .range
    start = first
    end = first.adding(days: days)
  }

  /// `YYYY`, `YYYY-Qn`, `YYYY-MM`, `YYYY-Www` or `YYYY-MM-DD..YYYY-MM-DD`; anything else is `nil`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    if bytes.count == 22 {
      guard bytes[10..<12].elementsEqual("..".utf8), let first = CivilDate(bytes: bytes[..<10]),
        let last = CivilDate(bytes: bytes[12...])
      else { return nil }
      self.init(from: first, through: last)
      return
    }
    guard bytes.count >= 4, let year = CivilDate.number(bytes[..<4]), year >= 1 else { return nil }
    func month(_ month: Int) -> CivilDate { CivilDate(validYear: year, month: month, day: 1) }
    if bytes.count == 4 {
      self.init(.year, containing: month(1))
      return
    }
    guard bytes.count == 7 || bytes.count == 8, bytes[4] == UInt8(ascii: "-") else { return nil }
    switch (bytes.count, bytes[5]) {
    case (7, UInt8(ascii: "Q")):
      guard let quarter = CivilDate.number(bytes[6...]), (1...4).contains(quarter) else {
        return nil
      }
      self.init(.quarter, containing: month(quarter * 3 - 2))
    case (7, _):
      guard let number = CivilDate.number(bytes[5...]), (1...12).contains(number) else {
        return nil
      }
      self.init(.month, containing: month(number))
    case (8, UInt8(ascii: "W")):
      guard let week = CivilDate.number(bytes[6...]), week >= 1 else { return nil }
      // 4 January is always in the year's first week.
      let fourth = CivilDate(validYear: year, month: 1, day: 4)
      self.init(.week, containing: fourth.adding(days: (week - 1) * 7))
      // Most years have no week 53, and none has a week 54.
      guard self.year == year else { return nil }
    default: return nil
    }
  }

  /// The first day of a month, counted from that of the year 0.
  private static func first(of months: Int) -> CivilDate {
    CivilDate(validYear: months / 12, month: months % 12 + 1, day: 1)
  }

  /// The last day.
  package var lastDay: CivilDate { end.adding(days: -1) }
  package var previous: Period { moved(by: -1) }
  package var next: Period { moved(by: 1) }

  /// How many days it has.
  package var days: Int { end.daysSince1970 - start.daysSince1970 }

  /// The year that it belongs to: of a week, the year with most of its days; of a range, the year
  /// of its last day.
  package var year: Int {
    switch kind {
    case .year, .quarter, .month: start.year
    case .week: start.adding(days: 3).year
    case .range: lastDay.year
    }
  }

  /// The week's number in its year, 1…53: ISO 8601's.
  package var week: Int {
    let thursday = start.adding(days: 3)
    let newYear = CivilDate(validYear: thursday.year, month: 1, day: 1)
    return (thursday.daysSince1970 - newYear.daysSince1970) / 7 + 1
  }

  /// The first days of the calendar months that it touches.
  package var monthsTouched: [CivilDate] {
    let first = start.year * 12 + start.month - 1
    let last = lastDay
    return (first...(last.year * 12 + last.month - 1)).map(Period.first)
  }

  /// The distance to the period before, as an ISO 8601 duration: calendar months, or days.
  package var step: String { kind.months > 0 ? "P\(kind.months)M" : "P\(days)D" }

  /// The period of the same kind `count` steps later, or earlier if `count` is negative. Ranges
  /// follow each other without a gap.
  package func moved(by count: Int) -> Period {
    switch kind {
    case .year, .quarter, .month:
      Period(
        kind,
        containing: Period.first(of: start.year * 12 + start.month - 1 + count * kind.months))
    case .week: Period(kind, containing: start.adding(days: 7 * count))
    case .range: Period(range: start.adding(days: days * count), days: days)
    }
  }

  package var description: String {
    let year = CivilDate.padded(self.year, 4)
    switch kind {
    case .year: return year
    case .quarter: return "\(year)-Q\((start.month + 2) / 3)"
    case .month: return "\(year)-\(CivilDate.padded(start.month, 2))"
    case .week: return "\(year)-W\(CivilDate.padded(week, 2))"
    case .range: return "\(start)..\(lastDay)"
    }
  }

  /// By start; of equal starts, the longer period first. A range comes after a calendar period of
  /// the same days.
  package static func < (left: Period, right: Period) -> Bool {
    (left.start, right.end, left.kind == .range ? 1 : 0)
      < (right.start, left.end, right.kind == .range ? 1 : 0)
  }
}
