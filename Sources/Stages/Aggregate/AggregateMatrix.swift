import Diagnostics
import Pipelines

/// One chart whose series are the values of a column: each row is one number, of an `x` and a
/// series.
final class AggregateMatrix: ChartReading {
  let spec: ChartSpec
  private let series: ChartSpec.Series

  /// The different values of a column, in the order in which they came.
  private struct Names {
    var places: [[UInt8]?: Int] = [:]
    var texts: [String] = []

    mutating func place(of bytes: ArraySlice<UInt8>?, _ text: @autoclosure () -> String) -> Int {
      let key = bytes.map { Array($0) }
      if let place = places[key] { return place }
      places[key] = texts.count
      texts.append(text())
      return texts.count - 1
    }
  }

  private struct Cell: Hashable {
    var label: Int
    var series: Int
  }

  private struct Rows {
    var labels = Names()
    var series = Names()
    var values: [Cell: DecimalNumber] = [:]
  }

  /// By currency; `""` without a currency.
  private var groups: [String: Rows] = [:]
  private let labelIndex: Int
  private let seriesIndex: Int
  private let valueIndex: Int
  private let currencyIndex: Int?
  private let labelFormat: ValueFormat
  private let seriesFormat: ValueFormat

  /// More numbers than this are a table and no chart.
  private static let maximumNumbers = 200_000
  /// More columns of squares than this are too narrow.
  private static let maximumAcross = 120

  init(_ spec: ChartSpec, reader: TableReader, columns: [Dataset.Column]) throws {
    guard let series = spec.series, let value = spec.y.first else {
      throw Diagnostic(.bug, "the chart '\(spec.name)' was read without a column of series")
    }
    self.spec = spec
    self.series = series
    labelIndex = try reader.index(of: spec.x)
    seriesIndex = try reader.index(of: series.column)
    valueIndex = try reader.index(of: value)
    currencyIndex = try spec.currency.map(reader.index)
    labelFormat = spec.format(of: spec.x, named: spec.names, fill: spec.fill, columns)
    seriesFormat = spec.format(
      of: series.column, named: series.names, fill: series.fill, columns)
  }

  func add(_ reader: TableReader) throws {
    let currency = currencyIndex.flatMap { reader.text($0) } ?? ""
    // Taken out of the dictionary, so that it is changed in place.
    var rows = groups.removeValue(forKey: currency) ?? Rows()
    let value = try reader.number(valueIndex, of: spec) ?? .zero
    let label = rows.labels.place(of: reader[labelIndex], reader.text(labelIndex) ?? "")
    let one = rows.series.place(of: reader[seriesIndex], reader.text(seriesIndex) ?? "")
    guard rows.values.updateValue(value, forKey: Cell(label: label, series: one)) == nil else {
      throw Diagnostic(
        .configuration,
        "the chart '\(spec.name)' has two rows with the same '\(spec.x)' and '\(series.column)': the"
          + " second is \(reader.rowLabel)", at: spec.place.subject,
        hint: "group the query's rows by '\(spec.x)' and '\(series.column)'"
          + (spec.currency == nil ? "" : ", and the currency"))
    }
    guard rows.values.count <= Self.maximumNumbers else {
      throw tooMany("\(Self.maximumNumbers) numbers", "group them in the query")
    }
    groups[currency] = rows
  }

  private func tooMany(_ what: String, _ hint: String) -> Diagnostic {
    Diagnostic(
      .configuration, "the chart '\(spec.name)' has more than \(what)", at: spec.place.subject,
      hint: hint)
  }

  func finish(period: Period, tenantCurrency: String) throws -> [ReportModel.Chart] {
    if groups.isEmpty { groups[spec.format == .money ? tenantCurrency : ""] = Rows() }
    let sorted = groups.sorted {
      ($0.key == tenantCurrency ? 0 : 1, $0.key) < ($1.key == tenantCurrency ? 0 : 1, $1.key)
    }
    do {
      return try sorted.map { currency, rows in try chart(rows, currency, period) }
    } catch is DecimalNumber.Overflow { throw spec.overflow }
  }

  private func chart(
    _ rows: Rows, _ currency: String, _ period: Period
  ) throws -> ReportModel.Chart {
    let labels = places(rows.labels, spec.fill, labelFormat, period)
    let most = spec.kind == .heat ? Self.maximumAcross : ChartSpec.maximumPoints
    guard labels.count <= most else {
      throw tooMany("\(most) values of '\(spec.x)'", "group them in the query")
    }
    var shown = places(rows.series, series.fill, seriesFormat, period)
    func value(_ label: Int?, _ one: Int?) -> DecimalNumber {
      guard let label, let one else { return .zero }
      return rows.values[Cell(label: label, series: one)] ?? .zero
    }
    var others: [(text: String, place: Int?)] = []
    if let top = series.top, shown.count > top {
      let sizes = try shown.map { one in
        try labels.reduce(DecimalNumber.zero) { try $0 + value($1.place, one.place).magnitude }
      }
      let order = shown.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
      // Days of the week and the like stay in their order.
      let kept = seriesFormat.hasOrder ? order.prefix(top).sorted() : Array(order.prefix(top))
      others = order.dropFirst(top).map { shown[$0] }
      shown = kept.map { shown[$0] }
    }
    guard shown.count <= spec.kind.maximumSeries else {
      let most = spec.kind.maximumSeries
      throw tooMany(
        "\(most) values of '\(series.column)'",
        "show the largest alone: series: {column: \(series.column), top: \(most), other: true}")
    }
    return ReportModel.Chart(
      name: spec.name, kind: spec.kind, labelFormat: labelFormat, column: spec.x,
      format: spec.format, currency: currency.isEmpty ? nil : currency,
      labels: labels.map(\.text),
      series: shown.map { one in
        .init(name: one.text, values: labels.map { value($0.place, one.place) })
      },
      others: nil, valueColumn: spec.y.first, seriesColumn: series.column,
      seriesFormat: seriesFormat,
      seriesOthers: series.other && !others.isEmpty
        ? .init(
          count: others.count,
          values: try labels.map { label in
            try others.reduce(DecimalNumber.zero) { try $0 + value(label.place, $1.place) }
          }) : nil)
  }

  /// The values that are shown, in order, with their places in the cells; `nil` for those that no
  /// row has.
  private func places(
    _ names: Names, _ fill: ChartSpec.Fill?, _ format: ValueFormat, _ period: Period
  ) -> [(text: String, place: Int?)] {
    if let fill {
      return spec.labels(of: fill, in: period).map { text in
        (text, names.places[Array(text.utf8)])
      }
    }
    let all = names.texts.enumerated().map { (text: $0.element, place: Optional($0.offset)) }
    guard format.hasOrder || format.isNumber else { return all }
    // The rows of the first series need not have all values. What is missing is last.
    return all.sorted { left, right in
      if left.text.isEmpty || right.text.isEmpty { return right.text.isEmpty && !left.text.isEmpty }
      if let one = DecimalNumber(left.text), let other = DecimalNumber(right.text) {
        return one < other
      }
      return left.text < right.text
    }
  }
}
