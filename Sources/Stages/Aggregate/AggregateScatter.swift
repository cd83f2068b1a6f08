import Diagnostics
import Pipelines

/// One scatter chart: a dot for each row that has both numbers.
final class AggregateScatter: ChartReading {
  let spec: ChartSpec
  private let acrossIndex: Int
  private let upIndex: Int
  private let labelIndex: Int?
  private let acrossFormat: ValueFormat
  private let labelFormat: ValueFormat
  private var labels: [String] = []
  private var across: [DecimalNumber] = []
  private var up: [DecimalNumber] = []

  init(_ spec: ChartSpec, reader: TableReader, columns: [Dataset.Column]) throws {
    self.spec = spec
    acrossIndex = try reader.index(of: spec.x)
    upIndex = try reader.index(of: spec.y[0])
    labelIndex = try spec.label.map(reader.index)
    acrossFormat = spec.format(of: spec.x, named: spec.names, fill: nil, columns)
    labelFormat = spec.label.map { spec.format(of: $0, named: nil, fill: nil, columns) } ?? .text
  }

  func add(_ reader: TableReader) throws {
    guard let x = try reader.number(acrossIndex, of: spec),
      let y = try reader.number(upIndex, of: spec)
    else { return }
    guard across.count < ChartSpec.maximumPoints else {
      throw Diagnostic(
        .configuration,
        "the chart '\(spec.name)' has more than \(ChartSpec.maximumPoints) points",
        at: spec.place.subject, hint: "group them in the query, or take the largest there: LIMIT")
    }
    labels.append(labelIndex.flatMap { reader.text($0) } ?? "")
    across.append(x)
    up.append(y)
  }

  func finish(period: Period, tenantCurrency: String) -> [ReportModel.Chart] {
    [
      ReportModel.Chart(
        name: spec.name, kind: spec.kind, labelFormat: labelFormat, column: spec.label ?? spec.x,
        format: spec.format, currency: nil, labels: labels,
        series: [
          .init(name: spec.x, values: across), .init(name: spec.y[0], values: up),
        ], others: nil, acrossFormat: acrossFormat, isNamed: spec.label != nil)
    ]
  }
}
