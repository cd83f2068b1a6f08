/// A chart: numbers and the texts that show them, already in the reader's language.
package struct Chart: Sendable {
  /// The form of a chart.
  package enum Kind: Sendable {
    /// Columns over time. Each series has a panel of its own, one below the other.
    case columns
    /// One line per name, with a bar below it.
    case bars
    /// Columns whose parts are the series.
    case stackedColumns
    /// One bar per name, whose parts are the series.
    case stackedBars
    case line
    /// The parts of one whole.
    case share
    /// One square per day, in blocks of months.
    case calendar
    /// One square per point and series, the higher the darker.
    case heat
    /// Adjoining columns, one for each range of a number.
    case histogram
    /// A dot for each point: the first series is its place from left to right, the second its
    /// height.
    case scatter
    /// One line per name: the second series is where it was, the first where it is.
    case change
  }

  /// A place on the axis.
  package struct Point: Sendable {
    /// The label on the axis: `nov`
    package var label: String
    /// The name in the table and when the pointer is over it: `novembro de 2026`
    package var title: String
    /// Whether a histogram's column is not beside the others: it has no numbers.
    package var isApart = false

    /// A point with these texts.
    package init(label: String, title: String) {
      self.label = label
      self.title = title
    }
  }

  /// A number of a scale.
  package struct Tick: Sendable {
    package var value: Double
    package var text: String

    /// A number with its text.
    package init(value: Double, text: String) {
      self.value = value
      self.text = text
    }
  }

  /// The numbers of one series, one per point.
  package struct Series: Sendable {
    package var name: String
    /// One value per point, used only for lengths.
    package var values: [Double]
    /// The same numbers as text.
    package var texts: [String]
    /// The scale of its panel.
    package var scale: [Tick] = []
    /// The same numbers of the period before, if they are shown: values for lengths, and texts.
    package var previous: [Double] = []
    package var previousTexts: [String] = []
    /// Whether it is the sum of many. Beside a single one it would mislead, so it is drawn only as
    /// a part of a whole.
    package var isOthers = false

    /// A series with these values.
    package init(name: String, values: [Double], texts: [String]) {
      self.name = name
      self.values = values
      self.texts = texts
    }
  }

  /// A month of a calendar: its name, the weekday of its first day (0 is Monday), the index of its
  /// first point and its number of days.
  package struct Month: Sendable {
    package var label: String
    package var firstWeekday: Int
    package var firstPoint: Int
    package var days: Int

    /// A month with these values.
    package init(label: String, firstWeekday: Int, firstPoint: Int, days: Int) {
      self.label = label
      self.firstWeekday = firstWeekday
      self.firstPoint = firstPoint
      self.days = days
    }
  }

  package var kind: Kind
  /// `[a-z0-9-]+`, unique on the page.
  package var id: String
  package var title: String
  /// What the picture shows, for people who cannot see it.
  package var description: String
  package var points: [Point]
  package var series: [Series]
  /// The percentages of a share, one per point.
  package var shares: [String] = []
  package var months: [Month] = []
  /// Whether the last point is the sum of many. It has a number, and no bar except as a part of a
  /// whole: beside a leader's bar, it would mislead.
  package var hasOthers = false
  /// The scale that all series share.
  package var scale: [Tick] = []
  /// The scale from left to right of a scatter chart.
  package var acrossScale: [Tick] = []
  /// What the numbers below a histogram are.
  package var valueTitle = ""
  /// The numbers at the edges of a histogram's columns; the value is how many columns are before.
  package var edges: [Tick] = []
  /// The point that the chart makes, as its title. Then `title` stands below it.
  package var point = ""
  /// Of when the previous numbers are.
  package var previousName = ""
  /// What is in the table alone.
  package var note = ""
  /// Whether the points of a scatter chart have names of their own.
  package var hasNames = true
  /// The heading of the table's first column.
  package var labelTitle: String
  /// The text that opens the table.
  package var tableTitle: String
  /// The text that replaces a chart without any number.
  package var emptyText: String

  /// A chart with these parts.
  package init(
    kind: Kind, id: String, title: String, description: String, points: [Point],
    series: [Series], labelTitle: String, tableTitle: String, emptyText: String
  ) {
    self.kind = kind
    self.id = id
    self.title = title
    self.description = description
    self.points = points
    self.series = series
    self.labelTitle = labelTitle
    self.tableTitle = tableTitle
    self.emptyText = emptyText
  }

  /// Whether there is something to draw.
  package var isEmpty: Bool {
    // A dot at zero is a dot.
    kind == .scatter ? points.isEmpty : !series.contains { $0.values.contains { $0 != 0 } }
  }

  /// The points that are drawn beside each other.
  var drawn: Range<Int> { points.indices.lowerBound..<points.count - (hasOthers ? 1 : 0) }

  /// The series that are drawn beside each other.
  var drawnSeries: [(index: Int, one: Series)] {
    series.enumerated().filter { !$0.element.isOthers }.map { ($0.offset, $0.element) }
  }

  /// A `<figure>` with title, drawing and a table of the same numbers.
  package func figure() -> [UInt8] {
    var writer = MarkupWriter()
    writer.raw("<figure")
    writer.attribute("class", isEmpty ? "chart chart-empty" : "chart chart-\(styleName)")
    writer.attribute("id", id)
    writer.raw("><figcaption>")
    if point.isEmpty {
      writer.text(title)
    } else {
      writer.element("p", class: "point", point)
      writer.element("p", class: "about", title)
    }
    writer.raw("</figcaption>")
    if isEmpty {
      writer.element("p", class: "chart-none", emptyText)
    } else {
      draw(&writer)
      writeTable(&writer)
    }
    writer.raw("</figure>\n")
    return writer.bytes
  }

  private var styleName: String {
    switch kind {
    case .columns: "columns"
    case .bars: "bars"
    case .stackedColumns: "stacked-columns"
    case .stackedBars: "stacked-bars"
    case .line: "line"
    case .share: "share"
    case .calendar: "calendar"
    case .heat: "heat"
    case .histogram: "histogram"
    case .scatter: "scatter"
    case .change: "change"
    }
  }

  /// The drawing without its frame.
  func canvas() -> ChartCanvas {
    var canvas = ChartCanvas()
    switch kind {
    case .columns: drawColumns(&canvas)
    case .stackedColumns: drawStackedColumns(&canvas)
    case .bars: drawBars(&canvas)
    case .stackedBars: drawStackedBars(&canvas)
    case .line: drawLine(&canvas)
    case .share: drawShare(&canvas)
    case .calendar: drawCalendar(&canvas)
    case .heat: drawHeat(&canvas)
    case .histogram: drawHistogram(&canvas)
    case .scatter: drawScatter(&canvas)
    case .change: drawChange(&canvas)
    }
    drawAside(&canvas)
    return canvas
  }

  private func draw(_ writer: inout MarkupWriter) {
    let canvas = canvas()
    writer.raw("<svg role=\"img\" xmlns=\"http://www.w3.org/2000/svg\"")
    writer.attribute("aria-labelledby", "\(id)-t \(id)-d")
    writer.attribute(
      "viewBox", "0 0 \(Int(ChartCanvas.width)) \(MarkupWriter.length(canvas.height))")
    writer.raw("><title")
    writer.attribute("id", "\(id)-t")
    writer.raw(">")
    writer.text(title)
    writer.raw("</title><desc")
    writer.attribute("id", "\(id)-d")
    writer.raw(">")
    writer.text(description)
    writer.raw("</desc>")
    writer.raw(bytes: canvas.writer.bytes)
    writer.raw("</svg>\n")
  }

  private func writeTable(_ writer: inout MarkupWriter) {
    writer.raw("<details class=\"numbers\"><summary>")
    writer.text(tableTitle)
    writer.raw("</summary>")
    // Without names, the first number names the row.
    let listed = kind == .scatter && !hasNames ? Array(series.dropFirst()) : series
    let names = listed.flatMap { one in
      [one.name] + (one.previous.isEmpty ? [] : ["\(one.name), \(previousName)"])
    }
    // Many columns scroll on a phone, also by the keyboard.
    let isWide = names.count > 3
    if isWide {
      writer.raw("<div class=\"table\" role=\"region\" tabindex=\"0\"")
      writer.attribute("aria-label", "\(tableTitle): \(title)")
      writer.raw(">")
    }
    writer.raw("<table><thead><tr>")
    for (place, name) in ([labelTitle] + names + (shares.isEmpty ? [] : ["%"])).enumerated() {
      writer.raw(place == 0 ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">")
      writer.text(name)
      writer.raw("</th>")
    }
    writer.raw("</tr></thead><tbody>\n")
    for index in points.indices {
      // The table of a calendar lists only days with numbers. Its title says so.
      if kind == .calendar, series.allSatisfy({ $0.values[index] == 0 }) { continue }
      writer.raw("<tr><th scope=\"row\"><bdi>")
      writer.text(points[index].title)
      writer.raw("</bdi></th>")
      for one in listed {
        writer.element("td", class: "n", one.texts[index])
        guard !one.previous.isEmpty else { continue }
        let isKnown = one.previousTexts.indices.contains(index)
        writer.element("td", class: "n", isKnown ? one.previousTexts[index] : "")
      }
      if !shares.isEmpty { writer.element("td", class: "n", shares[index]) }
      writer.raw("</tr>\n")
    }
    writer.raw(isWide ? "</tbody></table></div></details>" : "</tbody></table></details>")
  }
}
