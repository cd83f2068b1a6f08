extension Chart {
  private static let plotHeight = 96.0

  /// Columns from a zero baseline, with negative values below it. Each series has a panel of its
  /// own.
  func drawColumns(_ canvas: inout ChartCanvas) {
    let panels = panels
    for (index, one) in panels {
      if series.count > 1 {
        canvas.text(
          one.name, x: 0, y: canvas.height + 12, room: ChartCanvas.width, style: "label strong")
        canvas.height += 16
      }
      let scale = Scale(one.values, top: canvas.height + 16, height: Chart.plotHeight)
      let slot = ChartCanvas.width / Double(points.count)
      let width = max(1, min(36, slot * 0.72))
      for point in points.indices where one.values[point] != 0 {
        let y = scale.y(one.values[point])
        canvas.rectangle(
          x: (Double(point) + 0.5) * slot - width / 2, y: min(y, scale.zero), width: width,
          height: max(1, abs(y - scale.zero)), style: "s\(index % 4)", round: min(2, width / 4),
          title: "\(points[point].title): \(one.texts[point])")
      }
      canvas.line(0, scale.zero, ChartCanvas.width, scale.zero, style: "axis")
      labelValues(of: one, slot: slot, scale: scale, &canvas)
      canvas.height = scale.bottom
      let isLast = index == panels.last?.index
      if isLast { drawAxis(slot: slot, &canvas) } else { canvas.height += 10 }
    }
  }

  func drawStackedColumns(_ canvas: inout ChartCanvas) {
    drawKey(&canvas)
    let totals = points.indices.map { point in series.reduce(0) { $0 + max(0, $1.values[point]) } }
    let scale = Scale(totals, top: canvas.height + 6, height: Chart.plotHeight)
    let slot = ChartCanvas.width / Double(points.count)
    let width = max(1, min(36, slot * 0.72))
    for point in points.indices {
      var below = 0.0
      for (index, one) in series.enumerated() where one.values[point] > 0 {
        let bottom = scale.y(below)
        below += one.values[point]
        canvas.rectangle(
          x: (Double(point) + 0.5) * slot - width / 2, y: scale.y(below), width: width,
          height: bottom - scale.y(below), style: "s\(index % 4)",
          title: "\(points[point].title), \(one.name): \(one.texts[point])")
      }
    }
    canvas.line(0, scale.zero, ChartCanvas.width, scale.zero, style: "axis")
    canvas.height = scale.bottom
    drawAxis(slot: slot, &canvas)
  }

  func drawLine(_ canvas: inout ChartCanvas) {
    let panels = panels
    for (index, one) in panels {
      if series.count > 1 {
        canvas.text(
          one.name, x: 0, y: canvas.height + 12, room: ChartCanvas.width, style: "label strong")
        canvas.height += 16
      }
      let scale = Scale(one.values, top: canvas.height + 16, height: Chart.plotHeight)
      let slot = ChartCanvas.width / Double(points.count)
      let places = points.indices.map { point in
        (x: (Double(point) + 0.5) * slot, y: scale.y(one.values[point]))
      }
      canvas.line(0, scale.zero, ChartCanvas.width, scale.zero, style: "axis")
      canvas.polyline(places, style: "l\(index % 4)")
      for point in Set([one.values.count - 1, highest(one.values)]).sorted() where point >= 0 {
        canvas.circle(x: places[point].x, y: places[point].y, radius: 3, style: "s\(index % 4)")
      }
      labelValues(of: one, slot: slot, scale: scale, isLine: true, &canvas)
      canvas.height = scale.bottom
      let isLast = index == panels.last?.index
      if isLast { drawAxis(slot: slot, &canvas) } else { canvas.height += 10 }
    }
  }

  /// The series with a number other than zero. The table also shows the others.
  var panels: [(index: Int, one: Series)] {
    series.enumerated().filter { $0.element.values.contains { $0 != 0 } }
      .map { ($0.offset, $0.element) }
  }

  /// The vertical places of values. Zero is always included.
  struct Scale {
    var zero: Double
    var bottom: Double
    private var perUnit: Double

    init(_ values: [Double], top: Double, height: Double) {
      let highest = max(0, values.max() ?? 0)
      let lowest = min(0, values.min() ?? 0)
      // Labels of negative values are below their columns.
      let below = lowest < 0 ? 14.0 : 0
      perUnit = highest > lowest ? height / (highest - lowest) : 0
      zero = top + highest * perUnit
      bottom = top + height + below
    }

    func y(_ value: Double) -> Double { zero - value * perUnit }
  }

  /// A label on each value if there is room for all. Otherwise on the largest and the last value,
  /// if there is room for them.
  private func labelValues(
    of one: Series, slot: Double, scale: Scale, isLine: Bool = false, _ canvas: inout ChartCanvas
  ) {
    let size = ChartCanvas.fontSize
    let widest =
      one.texts.indices.map { point in
        one.values[point] == 0 ? 0 : TextWidth.of(one.texts[point], size: size)
      }.max() ?? 0
    let last = one.values.lastIndex { $0 != 0 } ?? 0
    let chosen: [Int] =
      widest + 3 <= slot && !isLine
      ? one.values.indices.filter { one.values[$0] != 0 } : [highest(one.values), last]
    var taken: [(from: Double, to: Double)] = []
    for point in chosen where one.values.indices.contains(point) {
      let width = min(TextWidth.of(one.texts[point], size: size), ChartCanvas.width)
      let middle = (Double(point) + 0.5) * slot
      let x = min(max(middle, width / 2), ChartCanvas.width - width / 2)
      let range = (from: x - width / 2 - 2, to: x + width / 2 + 2)
      if taken.contains(where: { $0.from < range.to && range.from < $0.to }) { continue }
      taken.append(range)
      let y = scale.y(one.values[point])
      // Above the neighbouring columns under the label, so that no column crosses it.
      let covered = one.values.indices.filter { other in
        let center = (Double(other) + 0.5) * slot
        return center + slot / 2 > range.from && center - slot / 2 < range.to
      }
      let crest = covered.map { min(scale.y(one.values[$0]), scale.zero) }.min() ?? y
      canvas.text(
        one.texts[point], x: x, y: one.values[point] < 0 ? y + 12 : crest - 5, anchor: .middle,
        room: ChartCanvas.width, style: "value")
    }
  }

  /// As many labels of points as there is room for, evenly spaced.
  private func drawAxis(slot: Double, _ canvas: inout ChartCanvas) {
    let size = ChartCanvas.fontSize
    let widest = points.map { TextWidth.of($0.label, size: size) }.max() ?? 0
    var step = 1
    while Double(step) * slot < min(widest, ChartCanvas.width / 2) + 4, step < points.count {
      step += 1
    }
    // Labels at the edges are moved inwards and can then touch their neighbours.
    var end = -Double.infinity
    for point in stride(from: 0, to: points.count, by: step) {
      let width = min(TextWidth.of(points[point].label, size: size), ChartCanvas.width / 2)
      let middle = (Double(point) + 0.5) * slot
      let x = min(max(middle, width / 2), ChartCanvas.width - width / 2)
      if x - width / 2 < end + 3 { continue }
      end = x + width / 2
      canvas.text(
        points[point].label, x: x, y: canvas.height + 14, anchor: .middle,
        room: ChartCanvas.width / 2)
    }
    canvas.height += 20
  }

  /// The names of the series with their colours, in as many lines as needed.
  func drawKey(_ canvas: inout ChartCanvas) {
    var x = 0.0
    var y = canvas.height + 12
    for (index, one) in series.enumerated() {
      let width = min(TextWidth.of(one.name, size: ChartCanvas.fontSize), ChartCanvas.width - 16)
      if x > 0, x + 16 + width > ChartCanvas.width {
        x = 0
        y += 16
      }
      canvas.rectangle(x: x, y: y - 9, width: 10, height: 10, style: "s\(index % 4)", round: 2)
      canvas.text(one.name, x: x + 15, y: y, room: ChartCanvas.width - 16)
      x += 15 + width + 14
    }
    canvas.height = y + 8
  }

  private func highest(_ values: [Double]) -> Int {
    var best = -1
    for (index, value) in values.enumerated() where value != 0 {
      if best < 0 || value > values[best] { best = index }
    }
    return best
  }
}
