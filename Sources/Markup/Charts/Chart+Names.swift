extension Chart {
  static let rowHeight = 31.0
  private static let gap = 10.0

  /// One line per name. The name and the number are above their bar, so that long names have the
  /// whole width.
  func drawBars(_ canvas: inout ChartCanvas) {
    let panels = panels
    for (index, one) in panels {
      if series.count > 1 {
        canvas.text(
          one.name, x: 0, y: canvas.height + 12, room: ChartCanvas.width, style: "label strong")
        canvas.height += 18
      }
      let most = drawn.map { abs(one.values[$0]) }.max() ?? 0
      for point in drawn {
        drawName(points[point].title, one.texts[point], &canvas)
        let length = most > 0 ? abs(one.values[point]) / most * ChartCanvas.width : 0
        drawTrack(&canvas)
        canvas.rectangle(
          x: 0, y: canvas.height + 17, width: one.values[point] == 0 ? 0 : max(2, length),
          height: 7, style: "s\(index % 8)", round: 2)
        canvas.height += Chart.rowHeight
      }
      if hasOthers { drawOthers(one, &canvas) }
      if index != panels.last?.index { canvas.height += 8 }
    }
  }

  func drawStackedBars(_ canvas: inout ChartCanvas) {
    drawKey(&canvas)
    let totals = drawn.map { point in series.reduce(0) { $0 + max(0, $1.values[point]) } }
    let most = totals.max() ?? 0
    for point in points.indices {
      let texts = series.filter { $0.values[point] != 0 }.map { $0.texts[point] }
      drawName(points[point].title, texts.joined(separator: " + "), &canvas)
      if !drawn.contains(point) {
        canvas.height += Chart.othersHeight
        continue
      }
      drawTrack(&canvas)
      var x = 0.0
      for (index, one) in series.enumerated() where one.values[point] > 0 && most > 0 {
        let length = one.values[point] / most * ChartCanvas.width
        canvas.rectangle(
          x: x, y: canvas.height + 17, width: max(1, length - 0.8), height: 7,
          style: Chart.style(one, index), title: "\(one.name): \(one.texts[point])")
        x += length
      }
      canvas.height += Chart.rowHeight
    }
  }

  /// How a part of a stack is filled.
  static func style(_ one: Series, _ index: Int) -> String {
    one.isOthers ? "so" : "s\(index % 8)"
  }

  /// The sum of the names that are not shown: a number without a bar.
  private func drawOthers(_ one: Series, _ canvas: inout ChartCanvas) {
    guard let last = points.indices.last else { return }
    drawName(points[last].title, one.texts[last], &canvas)
    canvas.height += Chart.othersHeight
  }

  private static let othersHeight = 19.0

  /// One bar for the whole. Below it are its parts, with name, number and percentage.
  func drawShare(_ canvas: inout ChartCanvas) {
    guard let one = series.first else { return }
    let whole = one.values.reduce(0) { $0 + max(0, $1) }
    var x = 0.0
    for point in points.indices where one.values[point] > 0 && whole > 0 {
      let length = one.values[point] / whole * ChartCanvas.width
      canvas.rectangle(
        x: x, y: 2, width: max(1, length - 1), height: 18, style: "p\(min(point, 7))",
        title: "\(points[point].title): \(one.texts[point])")
      x += length
    }
    canvas.height = 28
    for point in points.indices {
      canvas.rectangle(
        x: 0, y: canvas.height + 3, width: 10, height: 10, style: "p\(min(point, 7))", round: 2)
      let share = shares.indices.contains(point) ? " · \(shares[point])" : ""
      drawName(points[point].title, one.texts[point] + share, indent: 16, &canvas)
      canvas.height += 19
    }
    canvas.height += 2
  }

  func drawTrack(_ canvas: inout ChartCanvas) {
    canvas.rectangle(
      x: 0, y: canvas.height + 17, width: ChartCanvas.width, height: 7, style: "track", round: 2)
  }

  func drawName(
    _ name: String, _ value: String, indent: Double = 0, _ canvas: inout ChartCanvas
  ) {
    let y = canvas.height + 12
    let width = min(TextWidth.of(value, size: ChartCanvas.fontSize), ChartCanvas.width * 0.6)
    canvas.text(name, x: indent, y: y, room: ChartCanvas.width - indent - width - Chart.gap)
    canvas.text(
      value, x: ChartCanvas.width, y: y, anchor: .end, room: ChartCanvas.width * 0.6,
      style: "value")
  }
}
