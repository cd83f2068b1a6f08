package import Basics

/// How far a period had come on the day of the run, and which days its figures can be compared
/// with.
package struct PeriodProgress: Hashable, Sendable {
  package let period: Period
  /// The last day that counts: the day of the run, or the period's last day.
  package let lastDay: CivilDate
  /// Whether some of the period's days were still to come.
  package let isProvisional: Bool
  /// The first day of the tenant's life, if the tenant did not exist on all of the days that would
  /// be compared. Then there is no comparison.
  package let since: CivilDate?

  /// - Parameters:
  ///   - today: the day of the run in the tenant's time zone.
  ///   - isWholeDay: whether the run sees all of that day, as with `--as-of 2026-03-31`.
  ///   - firstDay: the first day of the tenant's life, if it is known.
  package init(
    _ period: Period, today: CivilDate, isWholeDay: Bool = false, firstDay: CivilDate? = nil
  ) {
    self.period = period
    lastDay = min(today, period.lastDay)
    isProvisional = today < period.end && !(isWholeDay && today == period.lastDay)
    since = firstDay.flatMap { $0 > period.previous.start ? $0 : nil }
  }

  /// A period that has ended, of a tenant that has always existed.
  package init(ended period: Period) { self.init(period, today: period.end) }

  /// Whether figures can be compared with the period before.
  package var isCompared: Bool { since == nil }

  /// The last day of the period before that is compared: its last, or in a provisional period the
  /// one that corresponds to `lastDay`.
  package var previousLastDay: CivilDate {
    isProvisional ? period.sameDay(as: lastDay) : period.previous.lastDay
  }
}

extension Period {
  /// The day of the period before that corresponds to a day of this one: the same day of the month,
  /// or the month's last day if the month is shorter. So 29 February corresponds to 28 February. In
  /// a week it is the same day of the week, in a range the day as many days after the start.
  package func sameDay(as day: CivilDate) -> CivilDate {
    guard kind.months > 0 else { return day.adding(days: -days) }
    let months = day.year * 12 + day.month - 1 - kind.months
    let (year, month) = (months / 12, months % 12 + 1)
    return CivilDate(
      validYear: year, month: month,
      day: min(day.day, CivilDate.daysInMonth(year: year, month: month)))
  }
}
