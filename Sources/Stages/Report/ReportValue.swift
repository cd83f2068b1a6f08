import Basics
import Diagnostics
import Pipelines

/// Writes single values for people.
struct ReportValue {
  let messages: ReportMessages
  private var format: LocaleFormat { messages.format }

  init(_ messages: ReportMessages) { self.messages = messages }

  /// A number in its format.
  func number(
    _ value: DecimalNumber, _ format: ValueFormat, currency: String?
  ) throws -> String {
    switch format {
    case .money: return self.format.money(value, currency: currency ?? "")
    case .percent: return try self.format.percent(value)
    case .duration: return try self.format.duration(value)
    case .hour: return value.integer.flatMap(self.format.hour) ?? value.description
    case .weekday: return value.integer.flatMap(self.format.weekdayName) ?? value.description
    default: return self.format.decimal(value)
    }
  }

  /// A text from a dataset, in its format. The column's name is the list of a term.
  func text(
    _ text: String, _ format: ValueFormat, column: String, currency: String? = nil
  ) throws -> String {
    switch format {
    case .integer, .decimal, .money, .percent, .duration, .weekday, .hour:
      guard let value = DecimalNumber(text) else {
        throw Diagnostic(.data, "the column '\(column)' holds a value that is not a number")
      }
      return try number(value, format, currency: currency)
    case .date:
      return try self.format.shortDate(day(text, column))
    case .month:
      let day = try day(text, column)
      return self.format.month(day.month, of: day.year)
    case .term: return try messages.term(text, column: column)
    case .boolean:
      return try messages.text(text == "t" || text == "true" ? "page.yes" : "page.no")
    case .time:
      guard let local = ReportInstant(text)?.local(in: messages.zone) else { return text }
      return self.format.shortDate(local.day) + " " + local.clock.prefix(5)
    case .words: return text.split(separator: ",").joined(separator: ", ")
    case .text, .link: return text
    }
  }

  /// An amount in a figure's format; `nil` if it is unknown.
  func amount(
    _ amount: ReportModel.Amount, of figure: ReportModel.Figure
  ) throws -> String? {
    if let value = amount.value {
      return try number(value, figure.format, currency: amount.currency)
    }
    guard let text = amount.text else { return nil }
    if figure.format == .date { return try format.date(day(text, figure.name)) }
    return try self.text(text, figure.format, column: figure.column ?? figure.name)
  }

  private func day(_ text: String, _ column: String) throws -> CivilDate {
    // `2026-11-20` is a day, not an instant.
    if text.utf8.count == 10, let day = CivilDate(text) { return day }
    if let instant = ReportInstant(text) { return instant.local(in: messages.zone).day }
    guard let day = CivilDate(text) else {
      throw Diagnostic(.data, "the column '\(column)' holds a value that is not a valid date")
    }
    return day
  }
}
