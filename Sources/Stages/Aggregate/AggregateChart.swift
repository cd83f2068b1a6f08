import Basics
import Diagnostics
import Pipelines

/// One chart while its dataset is read. Names beyond `top` are summed now and then, so memory stays
/// small.
final class AggregateChart: ChartReading {
  let spec: ChartSpec
  private struct Point {
    /// How many points the chart had before: equal ones stay in the dataset's order.
    var place: Int
    var label: String
    var values: [DecimalNumber]
    /// What its bar or part is drawn from; decides which points are the largest.
    var size: DecimalNumber
  }

  private struct Rows {
    var points: [Point] = []
    /// The labels so far, as they are in the dataset: NULL and the empty text are two.
    var labels: Set<[UInt8]?> = []
    var count = 0
    var others = 0
    var otherValues: [DecimalNumber]
  }

  /// By currency; `""` without a currency.
  private var groups: [String: Rows] = [:]
  private let labelIndex: Int
  private let valueIndexes: [Int]
  private let currencyIndex: Int?
  private let labelFormat: ValueFormat

  /// Of a chart with `top`, so many labels are looked at for one that comes twice.
  private static let maximumLabels = 1 << 16

  init(_ spec: ChartSpec, reader: TableReader, columns: [Dataset.Column]) throws {
    self.spec = spec
    labelIndex = try reader.index(of: spec.x)
    valueIndexes = try (spec.y + spec.before).map(reader.index)
    currencyIndex = try spec.currency.map(reader.index)
    labelFormat = spec.format(of: spec.x, named: spec.names, fill: spec.fill, columns)
  }

  func add(_ reader: TableReader) throws {
    let currency = currencyIndex.flatMap { reader.text($0) } ?? ""
    // Taken out of the dictionary, so that it is changed in place.
    var rows =
      groups.removeValue(forKey: currency)
      ?? Rows(otherValues: [DecimalNumber](repeating: .zero, count: valueIndexes.count))
    let values = try valueIndexes.map { try reader.number($0, of: spec) ?? .zero }
    try checkLabel(reader, &rows)
    do {
      // A missing label is the empty text; a page shows it as “none”.
      try add(
        Point(
          place: rows.count, label: reader.text(labelIndex) ?? "", values: values,
          size: values.prefix(spec.y.count).reduce(DecimalNumber.zero) { try $0 + $1.magnitude }),
        to: &rows)
    } catch is DecimalNumber.Overflow { throw spec.overflow }
    groups[currency] = rows
  }

  /// A label that comes twice would be two bars of the same name, or one that hides the other.
  private func checkLabel(_ reader: TableReader, _ rows: inout Rows) throws {
    guard rows.labels.count < Self.maximumLabels else { return }
    guard rows.labels.insert(reader[labelIndex].map { Array($0) }).inserted else {
      // The label itself can be a text that somebody typed.
      throw Diagnostic(
        .configuration,
        "the chart '\(spec.name)' has two rows with the same '\(spec.x)': the second is"
          + " \(reader.rowLabel)", at: spec.place.subject,
        hint: spec.currency == nil
          ? "group the query's rows by '\(spec.x)'; if there is a row for each currency, name the"
            + " column: currency: COLUMN"
          : "group the query's rows by '\(spec.x)' and the currency")
    }
  }

  private func add(_ point: Point, to rows: inout Rows) throws {
    rows.count += 1
    guard let top = spec.top else {
      guard rows.points.count < ChartSpec.maximumPoints else {
        throw Diagnostic(
          .configuration,
          "the chart '\(spec.name)' has more than \(ChartSpec.maximumPoints) points",
          at: spec.place.subject,
          hint: "group them in the query, or show only the largest with 'top'")
      }
      rows.points.append(point)
      return
    }
    rows.points.append(point)
    // Sorted now and then, so that a million names cost little more than reading them.
    if rows.points.count >= 2 * top { try prune(&rows, to: top) }
  }

  /// Keeps the largest points, the largest first, and adds the others to the rest. Of equal ones,
  /// the first of the dataset is kept.
  private func prune(_ rows: inout Rows, to top: Int) throws {
    rows.points.sort { ($1.size, $0.place) < ($0.size, $1.place) }
    for point in rows.points.dropFirst(top) {
      rows.others += 1
      for index in point.values.indices {
        rows.otherValues[index] = try rows.otherValues[index] + point.values[index]
      }
    }
    rows.points = Array(rows.points.prefix(top))
  }

  /// The finished charts, one per currency.
  func finish(period: Period, tenantCurrency: String) throws -> [ReportModel.Chart] {
    if groups.isEmpty {
      let none = [DecimalNumber](repeating: .zero, count: valueIndexes.count)
      groups[spec.format == .money ? tenantCurrency : ""] = Rows(otherValues: none)
    }
    if let top = spec.top {
      // An axis of days or the like has an order of its own.
      for currency in groups.keys.sorted() {
        do {
          try prune(&groups[currency, default: Rows(otherValues: [])], to: top)
        } catch is DecimalNumber.Overflow { throw spec.overflow }
        if labelFormat.hasOrder { groups[currency]?.points.sort { $0.place < $1.place } }
      }
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
          .init(
            name: name, values: points.values.map { $0[index] },
            previous: spec.before.isEmpty
              ? nil : points.values.map { $0[spec.y.count + index] })
        },
        others: spec.other && rows.others > 0
          ? .init(
            count: rows.others, values: Array(rows.otherValues.prefix(spec.y.count))) : nil)
    }
  }

  /// The rows with the empty points added. A row outside of them is left out.
  private func filled(
    _ rows: Rows, period: Period
  ) -> (labels: [String], values: [[DecimalNumber]]) {
    let points = rows.points
    guard let fill = spec.fill else { return (points.map(\.label), points.map(\.values)) }
    var byLabel: [String: [DecimalNumber]] = [:]
    for point in points { byLabel[point.label] = point.values }
    let labels = spec.labels(of: fill, in: period)
    let none = [DecimalNumber](repeating: .zero, count: valueIndexes.count)
    return (labels, labels.map { byLabel[$0] ?? none })
  }
}
