import Basics
import Diagnostics
import Pipelines

/// One chart while its dataset is read. Rows beyond `top` are summed at once, so memory stays
/// small.
final class AggregateChart {
  let spec: ChartSpec
  private struct Rows {
    var labels: [String] = []
    var values: [[DecimalNumber]] = []
    var others = 0
    var otherValues: [DecimalNumber]
  }

  /// By currency; `""` without a currency.
  private var groups: [String: Rows] = [:]
  private let labelIndex: Int
  private let valueIndexes: [Int]
  private let currencyIndex: Int?
  private let labelFormat: ValueFormat

  /// A chart cannot have more points than this: the query must group them.
  private static let maximumPoints = 2000

  init(_ spec: ChartSpec, reader: TableReader, columns: [Dataset.Column]) throws {
    self.spec = spec
    labelIndex = try reader.index(of: spec.x)
    valueIndexes = try spec.y.map(reader.index)
    currencyIndex = try spec.currency.map(reader.index)
    let type = columns.first { $0.name == spec.x }?.type ?? "text"
    let standard: ValueFormat = spec.fill == .months ? .month : .standard(for: type)
    labelFormat = spec.names ?? standard
  }

  func add(_ reader: TableReader) throws {
    let currency = currencyIndex.flatMap { reader.text($0) } ?? ""
    var rows =
      groups[currency]
      ?? Rows(otherValues: [DecimalNumber](repeating: .zero, count: valueIndexes.count))
    let values = try valueIndexes.map { index -> DecimalNumber in
      guard let bytes = reader[index] else { return .zero }
      guard let number = DecimalNumber(bytes: bytes) else {
        throw reader.malformed("has a value that is not a number in '\(reader.names[index])'")
          .filling(spec.place.subject)
      }
      return number
    }
    if let top = spec.top, rows.labels.count >= top {
      rows.others += 1
      do {
        for index in values.indices {
          rows.otherValues[index] = try rows.otherValues[index] + values[index]
        }
      } catch {
        throw Diagnostic(
          .data, "the chart '\(spec.name)' overflows a sum (38 digits)", at: spec.place.subject)
      }
    } else {
      guard rows.labels.count < AggregateChart.maximumPoints else {
        throw Diagnostic(
          .configuration, "the chart '\(spec.name)' has more than 2000 points",
          at: spec.place.subject, hint: "group them in the query, or show only the first with 'top'"
        )
      }
      // A missing label is the empty text; a page shows it as “none”.
      rows.labels.append(reader.text(labelIndex) ?? "")
      rows.values.append(values)
    }
    groups[currency] = rows
  }

  /// The finished charts, one per currency.
  func finish(period: Period, tenantCurrency: String) throws -> [ReportModel.Chart] {
    if groups.isEmpty {
      let none = [DecimalNumber](repeating: .zero, count: valueIndexes.count)
      groups[spec.format == .money ? tenantCurrency : ""] = Rows(otherValues: none)
    }
    let sorted = groups.sorted {
      ($0.key == tenantCurrency ? 0 : 1, $0.key) < ($1.key == tenantCurrency ? 0 : 1, $1.key)
    }
    return sorted.map { currency, rows in
      let points = filled(rows, period: period)
      return ReportModel.Chart(
        name: spec.name, kind: spec.kind, labelFormat: labelFormat, column: spec.x,
        format: spec.format, currency: currency.isEmpty ? nil : currency, labels: points.labels,
        series: spec.y.enumerated().map { index, name in
          .init(name: name, values: points.values.map { $0[index] })
        },
        others: spec.other && rows.others > 0
          ? .init(count: rows.others, values: rows.otherValues) : nil)
    }
  }

  /// The rows with the empty days or months of the period added. A row outside the period is left
  /// out.
  private func filled(
    _ rows: Rows, period: Period
  ) -> (labels: [String], values: [[DecimalNumber]]) {
    guard let fill = spec.fill else { return (rows.labels, rows.values) }
    var byLabel: [String: [DecimalNumber]] = [:]
    for (label, values) in zip(rows.labels, rows.values) { byLabel[label] = values }
    var labels: [String] = []
    switch fill {
    case .days:
      var day = period.start
      while day < period.end {
        labels.append(day.description)
        day = day.adding(days: 1)
      }
    case .months:
      var month = Period(.month, containing: period.start)
      while month.start < period.end {
        labels.append(month.start.description)
        month = month.next
      }
    }
    let none = [DecimalNumber](repeating: .zero, count: valueIndexes.count)
    return (labels, labels.map { byLabel[$0] ?? none })
  }
}
