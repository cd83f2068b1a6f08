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
  }

  /// A place on the axis.
  package struct Point: Sendable {
    /// The label on the axis: `nov`
    package var label: String
    /// The name in the table and when the pointer is over it: `novembro de 2026`
    package var title: String

    /// A point with these texts.
    package init(label: String, title: String) {
      self.label = label
      self.title = title
    }
  }

  /// The numbers of one series, one per point.
  package struct Series: Sendable {
    package var name: String
    /// One value per point, used only for lengths.
    package var values: [Double]
    /// The same numbers as text.
    package var texts: [String]

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
  package var isEmpty: Bool { !series.contains { $0.values.contains { $0 != 0 } } }

  /// A `<figure>` with title, drawing and a table of the same numbers.
  package func figure() -> [UInt8] {
    var writer = MarkupWriter()
    writer.raw("<figure")
    writer.attribute("class", isEmpty ? "chart chart-empty" : "chart chart-\(styleName)")
    writer.attribute("id", id)
    writer.raw("><figcaption>")
    writer.text(title)
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
    }
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
    writer.raw("</summary><table><thead><tr>")
    for name in [labelTitle] + series.map(\.name) + (shares.isEmpty ? [] : ["%"]) {
      writer.raw(name == labelTitle ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">")
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
      for one in series { writer.element("td", class: "n", one.texts[index]) }
      if !shares.isEmpty { writer.element("td", class: "n", shares[index]) }
      writer.raw("</tr>\n")
    }
    writer.raw("</tbody></table></details>")
  }
}
