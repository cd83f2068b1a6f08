import Basics

extension LocaleFormat {
  /// `week 48 of 2026 (23–29 November)`. Few people know the numbers of weeks, so the days are
  /// beside it.
  func week(_ period: Period) -> String {
    let number = period.week
    let days = days(period.start, period.lastDay, of: period.year)
    switch language {
    case "pt": return "semana \(number) de \(period.year) (\(days))"
    case "es": return "semana \(number) de \(period.year) (del \(days))"
    case "en": return "week \(number) of \(period.year) (\(days))"
    case "zh": return "\(period.year)年第\(number)周 (\(days))"
    case "ja": return "\(period.year)年第\(number)週 (\(days))"
    default: return "\(period) (\(days))"
    }
  }

  /// From a first to a last day, without saying a month or a year twice: `1–15 March 2026`,
  /// `1 March – 15 May 2026`.
  ///
  /// - Parameter year: the year that the reader knows. Days of that year are given without it.
  func days(_ first: CivilDate, _ last: CivilDate, of year: Int?) -> String {
    let isOneYear = first.year == last.year
    let hasYear = !isOneYear || first.year != year
    let end = hasYear ? date(last) : dayAndMonth(last)
    if first == last { return end }
    let isOneMonth = isOneYear && first.month == last.month
    let start =
      isOneMonth
      ? self.day(first) : isOneYear ? dayAndMonth(first) : date(first)
    switch language {
    case "pt": return "\(start) a \(end)"
    case "es": return "\(start) al \(end)"
    case "en" where isOneMonth && isMonthFirst:
      let year = hasYear ? ", \(last.year)" : ""
      return "\(monthName(first.month)) \(first.day)–\(last.day)\(year)"
    case "en": return isOneMonth ? "\(start)–\(end)" : "\(start) – \(end)"
    default: return "\(first) – \(last)"
    }
  }

  /// The day of a month alone: `23`; in Portuguese the first is `1º`.
  private func day(_ day: CivilDate) -> String {
    language == "pt" && day.day == 1 ? "1º" : String(day.day)
  }
}
