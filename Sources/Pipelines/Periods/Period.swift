package import Basics

/// A calendar interval [start, end): `2026`, `2026-Q4` or `2026-11`. Its days begin at midnight in
/// the tenant's time zone.
package struct Period: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// How long a period is.
  package enum Kind: String, Sendable, CaseIterable {
    case year, quarter, month

    /// How many calendar months one period of this kind spans.
    package var months: Int {
      switch self {
      case .year: 12
      case .quarter: 3
      case .month: 1
      }
    }
  }

  package let kind: Kind
  /// The first day.
  package let start: CivilDate

  /// The period of `kind` that holds `day`.
  package init(_ kind: Kind, containing day: CivilDate) {
    self.kind = kind
    let month = (day.month - 1) / kind.months * kind.months + 1
    start = CivilDate(validYear: day.year, month: month, day: 1)
  }

  /// `YYYY`, `YYYY-Qn` or `YYYY-MM`; anything else is `nil`.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard let first = parts.first, first.utf8.count == 4,
      first.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let year = Int(first), year >= 1
    else { return nil }
    if parts.count == 1 {
      kind = .year
      start = CivilDate(validYear: year, month: 1, day: 1)
      return
    }
    guard parts.count == 2, parts[1].utf8.count == 2 else { return nil }
    if parts[1].first == "Q", let quarter = Int(parts[1].dropFirst()), (1...4).contains(quarter) {
      kind = .quarter
      start = CivilDate(validYear: year, month: quarter * 3 - 2, day: 1)
    } else if let month = CivilDate.number(Array(parts[1].utf8)[...]), (1...12).contains(month) {
      kind = .month
      start = CivilDate(validYear: year, month: month, day: 1)
    } else {
      return nil
    }
  }

  /// The first day after the period.
  package var end: CivilDate { moved(by: 1).start }
  /// The last day.
  package var lastDay: CivilDate { end.adding(days: -1) }
  package var previous: Period { moved(by: -1) }
  package var next: Period { moved(by: 1) }

  /// The period of the same kind `count` steps later, or earlier if `count` is negative.
  package func moved(by count: Int) -> Period {
    let months = start.year * 12 + start.month - 1 + count * kind.months
    return Period(
      kind,
      containing: CivilDate(validYear: months / 12, month: months % 12 + 1, day: 1))
  }

  package var description: String {
    let year = CivilDate.padded(start.year, 4)
    switch kind {
    case .year: return year
    case .quarter: return "\(year)-Q\((start.month + 2) / 3)"
    case .month: return "\(year)-\(CivilDate.padded(start.month, 2))"
    }
  }

  /// By start; of equal starts, the longer period first.
  package static func < (left: Period, right: Period) -> Bool {
    left.start == right.start
      ? left.kind.months > right.kind.months : left.start < right.start
  }
}
