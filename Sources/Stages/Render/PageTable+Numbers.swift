import Diagnostics
import Pipelines

extension PageTable {
  /// Amounts have their currency's decimals. The files hold the exact values.
  ///
  /// - Parameter currency: the row's currency; `nil` if all rows have the same.
  func number(
    _ value: DecimalNumber, _ column: ReportModel.Table.Column, _ currency: String?
  ) throws -> String {
    guard column.format == .money else {
      return try ReportValue(messages).number(value, column.format, currency: nil)
    }
    let currencies = currency.map { [$0] } ?? column.currencies ?? [self.currency]
    let decimals = currencies.map(LocaleFormat.decimals).max() ?? 2
    return messages.format.amount(value, decimals: decimals)
  }
}
