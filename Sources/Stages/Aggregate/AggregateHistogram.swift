import Diagnostics
import Pipelines

/// One histogram: how many rows lie between the numbers of `bins`.
///
/// A column counts from its lower edge on, and up to its upper edge without it. What is below the
/// first edge, above the last one or missing has a column of its own, if there is any: a row is
/// never left out.
final class AggregateHistogram: ChartReading {
  let spec: ChartSpec
  private let index: Int
  private let weightIndex: Int?
  private let labelFormat: ValueFormat
  /// Below the first edge, between the edges, and from the last edge on.
  private var counts: [DecimalNumber]
  private var missing = DecimalNumber.zero
  private var hasMissing = false

  init(_ spec: ChartSpec, reader: TableReader, columns: [Dataset.Column]) throws {
    self.spec = spec
    index = try reader.index(of: spec.x)
    weightIndex = try spec.y.first.map(reader.index)
    labelFormat = spec.format(of: spec.x, named: spec.names, fill: nil, columns)
    counts = [DecimalNumber](repeating: .zero, count: spec.bins.count + 1)
  }

  func add(_ reader: TableReader) throws {
    let weight =
      try weightIndex.map { try reader.number($0, of: spec) ?? .zero } ?? DecimalNumber(1)
    do {
      guard let number = try reader.number(index, of: spec) else {
        hasMissing = true
        missing = try missing + weight
        return
      }
      // The number of edges that are not above it.
      let place = spec.bins.firstIndex { number < $0 } ?? spec.bins.count
      counts[place] = try counts[place] + weight
    } catch is DecimalNumber.Overflow { throw spec.overflow }
  }

  func finish(period: Period, tenantCurrency: String) -> [ReportModel.Chart] {
    var labels: [String] = []
    var values: [DecimalNumber] = []
    for (place, count) in counts.enumerated() {
      let isOpen = place == 0 || place == spec.bins.count
      if isOpen, count.isZero { continue }
      let low = place == 0 ? "" : spec.bins[place - 1].description
      let high = place == spec.bins.count ? "" : spec.bins[place].description
      labels.append("\(low)..\(high)")
      values.append(count)
    }
    if hasMissing {
      labels.append("")
      values.append(missing)
    }
    return [
      ReportModel.Chart(
        name: spec.name, kind: spec.kind, labelFormat: labelFormat, column: spec.x,
        format: spec.format, currency: nil, labels: labels,
        series: [.init(name: spec.y.first ?? ChartSpec.countedRows, values: values)], others: nil)
    ]
  }
}
