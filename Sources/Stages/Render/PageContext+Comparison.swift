import Basics
import Pipelines

/// What a page says of the days that its figures are compared with.
extension PageContext {
  /// Which days are compared with which, or why none are; `nil` if there is nothing to say, as all
  /// days are compared with all days.
  func comparison() throws -> String? {
    guard let comparison = model.comparison, !model.isEmpty,
      let period = Period(model.period.name)
    else { return nil }
    var arguments: [String: MessageCatalog.Argument] = [
      "before": .text(messages.format.period(period.previous))
    ]
    switch comparison.days {
    case .all: return nil
    case .none:
      guard let since = comparison.since.flatMap({ CivilDate($0) }) else { return nil }
      arguments["since"] = .text(messages.format.date(since))
      return try messages.optional("compared", "none", arguments)
    case .same:
      guard let start = day(comparison.start), let last = day(comparison.last),
        let previousStart = day(comparison.previousStart),
        let previousLast = day(comparison.previousLast)
      else { return try messages.optional("compared", "undated", arguments) }
      arguments["first"] = .text(messages.format.dayAndMonth(start))
      arguments["last"] = .text(messages.format.date(last))
      arguments["previous_first"] = .text(messages.format.dayAndMonth(previousStart))
      arguments["previous_last"] = .text(messages.format.date(previousLast))
      let isSame = (last.month, last.day) == (previousLast.month, previousLast.day)
      return try messages.optional("compared", isSame ? "dates" : "spans", arguments)
    }
  }

  /// What stands behind a figure's previous amount: of when it is; `nil` if the catalogue cannot
  /// say it.
  func before(_ figure: ReportModel.Figure) throws -> String? {
    if figure.against != nil { return try messages.optional("page", "before_start") }
    guard let comparison = model.comparison, comparison.days == .same else {
      return try messages.optional("page", "before")
    }
    guard let last = day(comparison.previousLast) else {
      return try messages.optional("page", "before_undated")
    }
    return try messages.optional(
      "page", "before_day", ["day": .text(messages.format.date(last))])
  }

  private func day(_ text: String?) -> CivilDate? { text.flatMap { CivilDate($0) } }
}
