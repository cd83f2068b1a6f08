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
    var series = try chart.series.enumerated().map { place, one in
      let format = place == 0 ? chart.acrossFormat ?? chart.format : chart.format
      var series = Chart.Series(
        name: try seriesName(one.name, chart), values: one.values.map(\.approximation),
        texts: try zip(one.values, isNamed).map { value, isNamed in
          isNamed ? try values.number(value, format, currency: chart.currency) : ""
        })
      if let previous = one.previous {
        series.previous = previous.map(\.approximation)
        series.previousTexts = try previous.map {
          try values.number($0, chart.format, currency: chart.currency)
        }
      }
      return series
    }
    if chart.kind == .scatter, chart.isNamed != true, let across = series.first {
      // Without names, the first number names the row of the table.
      for place in points.indices { points[place].title = across.texts[place] }
    }
    if chart.labelFormat == .date, chart.kind != .calendar, points.count > 62 {
      for place in points.indices {
        let day = CivilDate(chart.labels[place])
        points[place].label = day?.day == 1 ? messages.format.shortMonthName(day?.month ?? 1) : ""
      }
    }
    if let others = chart.others {
      let text = try othersText(others.count)
      points.append(.init(label: text, title: text))
      for index in series.indices {
        let value = others.values[index]
        series[index].values.append(value.approximation)
        series[index].texts.append(
          try values.number(value, chart.format, currency: chart.currency))
      }
    }
    let description = try description(points, series, chart)
    if let others = chart.seriesOthers { series.append(try self.others(others, chart)) }
    var title = try messages.title("charts", chart.name)
    if namesCurrency, let currency = chart.currency { title += " (\(currency))" }
    var drawing = Chart(
      kind: kind(chart), id: id, title: title, description: description,
      points: points, series: series, labelTitle: try messages.title("columns", chart.column),
      tableTitle: try messages.text("page.numbers"), emptyText: try messages.text("page.no_rows"))
    drawing.point = chart.says ?? ""
    if chart.series.contains(where: { $0.previous != nil }) {
      drawing.previousName = try previousName()
    }
    drawing.hasOthers = chart.others != nil
    if chart.seriesOthers != nil, chart.kind != .stacked, let name = series.last?.name {
      drawing.note = try messages.text("page.not_drawn", ["others": .text(name)])
    }
    try addScales(to: &drawing, chart)
    switch chart.kind {
    case .share: drawing.shares = try shares(chart)
    case .calendar: drawing.months = months(chart)
    case .histogram:
      drawing.edges = try edges(chart)
      drawing.valueTitle = drawing.labelTitle
    case .scatter: drawing.hasNames = chart.isNamed ?? false
    case .bar, .stacked, .line, .heat, .change: break
    }
    return drawing
  }

  /// Of when previous numbers are: “2025”, “2025, same days”.
  private func previousName() throws -> String {
    let before = Period(model.period.name).map { messages.format.period($0.previous) } ?? ""
    return model.comparison?.days == .same
      ? try messages.text("page.same_days_of", ["before": .text(before)]) : before
  }

  private func othersText(_ count: Int) throws -> String {
    try messages.text("page.others", ["count": .number(DecimalNumber(count))])
  }

  /// The sum of the series that are not shown.
  private func others(
    _ others: ReportModel.Chart.Others, _ chart: ReportModel.Chart
  ) throws -> Chart.Series {
    var series = Chart.Series(
      name: try othersText(others.count), values: others.values.map(\.approximation),
      texts: try others.values.map {
        try values.number($0, chart.format, currency: chart.currency)
      })
    series.isOthers = true
    return series
  }

  /// A column's title, or the value of the column whose values are the series.
  private func seriesName(_ name: String, _ chart: ReportModel.Chart) throws -> String {
    guard let column = chart.seriesColumn, let format = chart.seriesFormat else {
      if chart.kind == .histogram, name == ChartSpec.countedRows {
        return try messages.optional("columns", name) ?? messages.text("page.count")
      }
      return try messages.title("columns", name)
    }
    if name.isEmpty { return try messages.text("page.none") }
    return try label(name, format, column: column).title
  }

  private func kind(_ chart: ReportModel.Chart) -> Chart.Kind {
    let isTime = [.date, .month].contains(chart.labelFormat)
    // A week has seven short names, which fit side by side like months. So do hours.
    let isClock = [.weekday, .hour].contains(chart.labelFormat)
    switch chart.kind {
    case .bar: return isTime || isClock ? .columns : .bars
    case .stacked: return isTime || isClock ? .stackedColumns : .stackedBars
    case .line: return .line
    case .share: return .share
    case .calendar: return .calendar
    case .heat: return .heat
    case .histogram: return .histogram
    case .scatter: return .scatter
    case .change: return .change
    }
  }

  private func point(_ label: String, _ chart: ReportModel.Chart) throws -> Chart.Point {
    if chart.kind == .scatter, chart.isNamed != true { return .init(label: "", title: "") }
    if label.isEmpty {
      let none = try messages.text("page.none")
      var point = Chart.Point(label: none, title: none)
      point.isApart = chart.kind == .histogram
      return point
    }
    if chart.kind == .histogram { return try bin(label, chart) }
    return try self.label(label, chart.labelFormat, column: chart.column)
  }

  private func label(
    _ label: String, _ labelFormat: ValueFormat, column: String
  ) throws -> Chart.Point {
    let format = messages.format
    switch labelFormat {
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
    case .hour:
      guard let hour = Int(label), let name = format.hour(hour) else { break }
      return .init(label: String(hour), title: name)
    default:
      let text = try values.text(label, labelFormat, column: column)
      return .init(label: text, title: text)
    }
    throw Diagnostic(
      .data, "the column '\(column)' of a chart holds a value that is not a valid date")
  }

  /// What the picture shows, for people who cannot see it.
  private func description(
    _ points: [Chart.Point], _ series: [Chart.Series], _ chart: ReportModel.Chart
  ) throws -> String {
    switch chart.kind {
    case .scatter: return try spread(series)
    case .heat: return try hottest(points, series, chart)
    case .stacked where chart.seriesColumn != nil: return try hottest(points, series, chart)
    default:
      let shown = points.count - (chart.others == nil ? 0 : 1)
      return try series.compactMap { try highest($0, points, shown: shown) }
        .joined(separator: " ")
    }
  }

  /// “Posts: highest value 12 (November 2026).” A value that several points have is not said of one
  /// of them, and the sum of many is not the highest.
  private func highest(
    _ one: Chart.Series, _ points: [Chart.Point], shown: Int
  ) throws -> String? {
    let values = one.values.prefix(shown)
    guard let most = values.max(), most > 0, let index = values.firstIndex(of: most) else {
      return nil
    }
    let holders = values.count { $0 == most }
    if holders > 1 {
      return try messages.optional(
        "page", "chart_most_shared",
        [
          "series": .text(one.name), "value": .text(one.texts[index]),
          "count": .number(DecimalNumber(holders)),
        ])
    }
    return try messages.text(
      "page.chart_most",
      [
        "series": .text(one.name), "label": .text(points[index].title),
        "value": .text(one.texts[index]),
      ])
  }

  /// The same of all squares, or all parts, together.
  private func hottest(
    _ points: [Chart.Point], _ series: [Chart.Series], _ chart: ReportModel.Chart
  ) throws -> String {
    var all = Chart.Series(
      name: try chart.valueColumn.map { try messages.title("columns", $0) } ?? "", values: [],
      texts: [])
    var places: [Chart.Point] = []
    for one in series {
      all.values += one.values
      all.texts += one.texts
      places += points.map { .init(label: "", title: "\(one.name), \($0.title)") }
    }
    return try highest(all, places, shown: places.count) ?? ""
  }

  /// “412 points. Length: 4 min to 3 h. Messages: 0 to 61.”
  private func spread(_ series: [Chart.Series]) throws -> String {
    let count = series.first?.values.count ?? 0
    guard count > 0 else { return "" }
    let points = try messages.text("page.points", ["count": .number(DecimalNumber(count))])
    let ranges = try series.map { one in
      let order = one.values.indices.sorted { one.values[$0] < one.values[$1] }
      return try messages.text(
        "page.range",
        [
          "series": .text(one.name), "least": .text(one.texts[order[0]]),
          "most": .text(one.texts[order[order.count - 1]]),
        ])
    }
    return ([points] + ranges).joined(separator: " ")
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
