import Basics
import Diagnostics
import Markup
import Pipelines

extension PageContext {
  /// The finished markup of a chart, one figure per currency.
  func charts(_ name: String) throws -> String? {
    let charts = model.charts.filter { $0.name == name }
    guard !charts.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for (index, chart) in charts.enumerated() {
      // Ids are letters, digits and hyphens.
      let id = "chart-" + name.map { $0 == "_" ? "-" : $0 } + (index == 0 ? "" : "-\(index + 1)")
      bytes += try drawing(chart, id: id, namesCurrency: charts.count > 1).figure()
    }
    return block(bytes)
  }

  private func drawing(
    _ chart: ReportModel.Chart, id: String, namesCurrency: Bool
  ) throws -> Chart {
    // Days without a value in a calendar are neither listed nor named, so they need no title.
    let isNamed = chart.labels.indices.map { place in
      chart.kind != .calendar || chart.series.contains { !$0.values[place].isZero }
    }
    var points = try zip(chart.labels, isNamed).map { label, isNamed in
      isNamed ? try point(label, chart) : Chart.Point(label: "", title: "")
    }
    var series = try chart.series.map { one in
      Chart.Series(
        name: try messages.title("columns", one.name), values: one.values.map(\.approximation),
        texts: try zip(one.values, isNamed).map { value, isNamed in
          isNamed ? try values.number(value, chart.format, currency: chart.currency) : ""
        })
    }
    if let others = chart.others {
      let text = try messages.text("page.others", ["count": .number(DecimalNumber(others.count))])
      points.append(.init(label: text, title: text))
      for index in series.indices {
        let value = others.values[index]
        series[index].values.append(value.approximation)
        series[index].texts.append(
          try values.number(value, chart.format, currency: chart.currency))
      }
    }
    var title = try messages.title("charts", chart.name)
    if namesCurrency, let currency = chart.currency { title += " (\(currency))" }
    var drawing = Chart(
      kind: kind(chart), id: id, title: title, description: try description(points, series),
      points: points, series: series, labelTitle: try messages.title("columns", chart.column),
      tableTitle: try messages.text("page.numbers"), emptyText: try messages.text("page.no_rows"))
    if chart.kind == .share { drawing.shares = try shares(chart) }
    if chart.kind == .calendar { drawing.months = months(chart) }
    return drawing
  }

  private func kind(_ chart: ReportModel.Chart) -> Chart.Kind {
    let isTime = [.date, .month].contains(chart.labelFormat)
    // A week has seven short names, which fit side by side like months.
    let isWeek = chart.labelFormat == .weekday
    switch chart.kind {
    case .bar: return isTime || isWeek ? .columns : .bars
    case .stacked: return isTime || isWeek ? .stackedColumns : .stackedBars
    case .line: return .line
    case .share: return .share
    case .calendar: return .calendar
    }
  }

  private func point(_ label: String, _ chart: ReportModel.Chart) throws -> Chart.Point {
    if label.isEmpty {
      let none = try messages.text("page.none")
      return .init(label: none, title: none)
    }
    let format = messages.format
    switch chart.labelFormat {
    case .month:
      guard let day = CivilDate(label) else { break }
      return .init(
        label: format.shortMonthName(day.month), title: format.month(day.month, of: day.year))
    case .date:
      guard let day = CivilDate(label) else { break }
      return .init(label: String(day.day), title: format.date(day))
    case .weekday:
      guard let weekday = Int(label), let name = format.weekdayName(weekday) else { break }
      return .init(label: String(name.prefix(3)), title: name)
    default:
      let text = try values.text(label, chart.labelFormat, column: chart.column)
      return .init(label: text, title: text)
    }
    throw Diagnostic(.data, "the chart '\(chart.name)' has a label that is not a valid date")
  }

  /// “Posts: most in November 2026, 12.” for each series, for people who cannot see the picture.
  private func description(_ points: [Chart.Point], _ series: [Chart.Series]) throws -> String {
    let sentences = try series.compactMap { one -> String? in
      guard let most = one.values.max(), most > 0,
        let index = one.values.firstIndex(of: most)
      else { return nil }
      return try messages.text(
        "page.chart_most",
        [
          "series": .text(one.name), "label": .text(points[index].title),
          "value": .text(one.texts[index]),
        ])
    }
    return sentences.joined(separator: " ")
  }

  private func shares(_ chart: ReportModel.Chart) throws -> [String] {
    let parts = (chart.series.first?.values ?? []) + (chart.others?.values.prefix(1) ?? [])
    return try messages.format.shares(parts)
  }

  /// The days in order, divided into months.
  private func months(_ chart: ReportModel.Chart) -> [Chart.Month] {
    var months: [Chart.Month] = []
    for (index, label) in chart.labels.enumerated() {
      if label.hasSuffix("-01") || months.isEmpty {
        guard let day = CivilDate(label) else { continue }
        months.append(
          .init(
            label: messages.format.shortMonthName(day.month), firstWeekday: day.weekday,
            firstPoint: index, days: 0))
      }
      months[months.count - 1].days += 1
    }
    return months
  }
}
