import Diagnostics
import Markup
import Pipelines

/// The numbers beside a chart: round ones, written as its values are.
extension PageContext {
  func addScales(to drawing: inout Chart, _ chart: ReportModel.Chart) throws {
    let shown = drawing.points.count - (drawing.hasOthers ? 1 : 0)
    func fromZero(_ values: [Double]) throws -> [Chart.Tick] {
      try ticks(min(0, values.min() ?? 0), max(0, values.max() ?? 0), chart.format, chart)
    }
    switch drawing.kind {
    case .columns, .histogram:
      for index in drawing.series.indices {
        drawing.series[index].scale = try fromZero(
          Array(drawing.series[index].values.prefix(shown)) + drawing.series[index].previous)
      }
    case .line:
      drawing.scale = try fromZero(
        drawing.series.filter { !$0.isOthers }.flatMap { $0.values.prefix(shown) })
    case .stackedColumns:
      drawing.scale = try fromZero(
        (0..<shown).map { point in
          drawing.series.reduce(0) { $0 + max(0, $1.values[point]) }
        })
    case .scatter:
      guard drawing.series.count == 2, shown > 0 else { return }
      drawing.acrossScale = try around(
        drawing.series[0].values, chart.acrossFormat ?? .decimal, chart)
      drawing.scale = try around(drawing.series[1].values, chart.format, chart)
    case .bars, .stackedBars, .share, .calendar, .heat, .change: break
    }
  }

  /// A scale of the values alone; from zero, if that is not far.
  private func around(
    _ values: [Double], _ format: ValueFormat, _ chart: ReportModel.Chart
  ) throws -> [Chart.Tick] {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    return try ticks(low >= 0 && low <= high / 2 ? 0 : low, high, format, chart)
  }

  private func ticks(
    _ low: Double, _ high: Double, _ format: ValueFormat, _ chart: ReportModel.Chart
  ) throws -> [Chart.Tick] {
    let unit: ChartScale.Unit =
      switch format {
      case .integer: .whole
      case .percent: .percent
      case .duration: .seconds
      default: .decimal
      }
    return try ChartScale.numbers(low, high, unit: unit).compactMap { number in
      guard let value = DecimalNumber(number.text) else { return nil }
      // The currency stands in the numbers themselves. On a scale it would take too much room.
      let text =
        format == .money
        ? messages.format.amount(
          value,
          decimals: number.decimals == 0 ? 0 : LocaleFormat.decimals(of: chart.currency ?? ""))
        : try values.number(value, format, currency: chart.currency)
      return Chart.Tick(value: number.value, text: text)
    }
  }

  /// The column of a histogram between two numbers: `0..600`, `..0` or `7200..`.
  func bin(_ label: String, _ chart: ReportModel.Chart) throws -> Chart.Point {
    let (low, high) = try bounds(label, chart)
    func text(_ value: DecimalNumber) throws -> String {
      try values.number(value, chart.labelFormat, currency: nil)
    }
    switch (low, high) {
    case (let low?, let high?):
      // Whole numbers have a last one below the edge.
      if chart.labelFormat == .integer, let first = low.integer, let end = high.integer {
        let title = first == end - 1 ? try text(low) : try "\(text(low))–\(text(.init(end - 1)))"
        return .init(label: try text(low), title: title)
      }
      return .init(
        label: try text(low),
        title: try messages.text(
          "page.from_to", ["low": .text(text(low)), "high": .text(text(high))]))
    case (let low?, nil):
      return .init(
        label: try text(low),
        title: try messages.text("page.or_more", ["value": .text(text(low))]))
    case (nil, let high):
      return .init(
        label: "",
        title: try messages.text(
          "page.less_than", ["value": .text(high.map(text) ?? "")]))
    }
  }

  /// The numbers between a histogram's columns, by the number of columns before them.
  func edges(_ chart: ReportModel.Chart) throws -> [Chart.Tick] {
    var edges: [Chart.Tick] = []
    for (place, label) in chart.labels.enumerated() where !label.isEmpty {
      let (low, high) = try bounds(label, chart)
      for (edge, at) in [(low, place), (high, place + 1)] {
        guard let edge, edges.last?.value != Double(at) else { continue }
        edges.append(
          .init(
            value: Double(at), text: try values.number(edge, chart.labelFormat, currency: nil)))
      }
    }
    return edges
  }

  private func bounds(
    _ label: String, _ chart: ReportModel.Chart
  ) throws -> (low: DecimalNumber?, high: DecimalNumber?) {
    let parts = label.split(separator: "..", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw Diagnostic(.data, "the chart '\(chart.name)' has a label that is not a range")
    }
    return (DecimalNumber(parts[0]), DecimalNumber(parts[1]))
  }
}
