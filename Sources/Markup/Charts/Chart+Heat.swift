extension Chart {
  /// A line of squares for each series, its name before it; the names of the points are below.
  /// Darker squares have higher values, in the calendar's four steps.
  func drawHeat(_ canvas: inout ChartCanvas) {
    let rows = drawnSeries.map(\.one)
    let values = rows.flatMap { row in drawn.map { row.values[$0] } }
    let most = max(0, values.max() ?? 0)
    let names = rows.map { TextWidth.of($0.name, size: ChartCanvas.fontSize) }.max() ?? 0
    let room = min(names, ChartCanvas.width * 0.3)
    let frame = Frame(left: room + 6, count: drawn.count)
    let gap = frame.slot > 6 ? 1.6 : 0.4
    let height = min(22, max(13.5, frame.slot))
    for row in rows {
      canvas.text(
        row.name, x: room, y: canvas.height + height / 2 + 3.6, anchor: .end, room: room + 0.1)
      for point in drawn {
        let value = row.values[point]
        canvas.rectangle(
          x: frame.left + Double(point) * frame.slot + gap / 2, y: canvas.height + gap / 2,
          width: frame.slot - gap, height: height - gap,
          style: "q\(Chart.level(value, of: most))", round: min(2, frame.slot / 4),
          title: value == 0 ? nil : "\(row.name), \(points[point].title): \(row.texts[point])")
      }
      canvas.height += height
    }
    drawAxis(frame, &canvas)
    canvas.height += 2
    let places = rows.flatMap { row in drawn.map { (row.values[$0], row.texts[$0]) } }
    let largest = places.max { $0.0 < $1.0 }?.1 ?? ""
    drawSteps(most: most, of: values, largest: largest, inset: frame.left, &canvas)
  }

  /// Adjoining columns on a zero baseline. The numbers between which a column counts are below its
  /// edges.
  func drawHistogram(_ canvas: inout ChartCanvas) {
    guard let one = series.first else { return }
    let isDirect = widest(one) + 3 <= ChartCanvas.width / Double(max(1, points.count))
    let ticks = isDirect ? [] : one.scale
    let frame = Frame(left: gutter(ticks), count: points.count)
    let scale = Scale(one.values, ticks, top: canvas.height + 16, height: 96)
    drawScale(ticks, scale, frame, &canvas)
    for point in drawn where one.values[point] != 0 {
      let y = scale.y(one.values[point])
      let inset = points[point].isApart ? frame.slot * 0.2 : 0.5
      canvas.rectangle(
        x: frame.left + Double(point) * frame.slot + inset, y: y,
        width: frame.slot - 2 * inset, height: max(1, scale.zero - y),
        style: points[point].isApart ? "s1" : "s0",
        title: "\(points[point].title): \(one.texts[point])")
    }
    canvas.line(frame.left, scale.zero, frame.right, scale.zero, style: "axis")
    labelValues(of: one, frame, scale, &canvas)
    canvas.height = scale.bottom
    drawEdges(frame, &canvas)
  }

  /// The numbers at the edges of a histogram's columns, as many as there is room for.
  private func drawEdges(_ frame: Frame, _ canvas: inout ChartCanvas) {
    let size = ChartCanvas.fontSize
    let room = ChartCanvas.width / 3
    // The column that has no edges comes first: it must have its name.
    var labels = points.indices.filter { points[$0].isApart }.map {
      (text: points[$0].label, x: frame.x($0), isEdge: false)
    }
    labels += edges.map { edge in
      (text: edge.text, x: frame.left + edge.value * frame.slot, isEdge: true)
    }
    var taken: [(from: Double, to: Double)] = []
    for label in labels {
      let width = min(TextWidth.of(label.text, size: size), room)
      let x = min(max(label.x, width / 2), ChartCanvas.width - width / 2)
      if label.isEdge {
        canvas.line(label.x, canvas.height, label.x, canvas.height + 4, style: "axis")
      }
      let range = (from: x - width / 2 - 2.5, to: x + width / 2 + 2.5)
      if taken.contains(where: { $0.from < range.to && range.from < $0.to }) { continue }
      taken.append(range)
      canvas.text(label.text, x: x, y: canvas.height + 15, anchor: .middle, room: room)
    }
    canvas.height += 20
    if !valueTitle.isEmpty { drawAcrossTitle(valueTitle, &canvas) }
  }

  /// What is counted from left to right, below its numbers.
  func drawAcrossTitle(_ title: String, _ canvas: inout ChartCanvas) {
    canvas.text(
      title, x: ChartCanvas.width, y: canvas.height + 10, anchor: .end, room: ChartCanvas.width)
    canvas.height += 16
  }
}
