extension Chart {
  private static let plotHeight = 96.0

  /// The part of the canvas between the scale's numbers and the names at the ends of lines.
  struct Frame {
    var left = 0.0
    var right = ChartCanvas.width
    var count: Int

    var slot: Double { (right - left) / Double(max(1, count)) }

    /// The middle of a point's slot.
    func x(_ point: Int) -> Double { left + (Double(point) + 0.5) * slot }
  }

  /// Columns from a zero baseline, with negative values below it. Each series has a panel of its
  /// own. If not every column can have its number, there is a scale. The highest column stands out,
  /// if no other is as high. What the numbers were before is an outline behind them.
  func drawColumns(_ canvas: inout ChartCanvas) {
    let panels = panels
    for (index, one) in panels {
      if index == panels.first?.index { drawPreviousKey(&canvas) }
      drawHeading(one, &canvas)
      let isDirect = widest(one) + 3 <= ChartCanvas.width / Double(max(1, drawn.count))
      let ticks = isDirect ? [] : one.scale
      let frame = Frame(left: gutter(ticks), count: drawn.count)
      let scale = Scale(
        drawn.map { one.values[$0] } + one.previous, ticks, top: canvas.height + 16,
        height: Chart.plotHeight)
      drawScale(ticks, scale, frame, &canvas)
      let width = max(1, min(36, frame.slot * 0.72))
      drawPrevious(one, width: min(frame.slot - 1.5, width + 5), frame, scale, &canvas)
      let peak = peak(of: one)
      for point in drawn where one.values[point] != 0 {
        let y = scale.y(one.values[point])
        canvas.rectangle(
          x: frame.x(point) - width / 2, y: min(y, scale.zero), width: width,
          height: max(1, abs(y - scale.zero)),
          style: "s\(index % 8)" + (peak == nil || peak == point ? "" : " rest"),
          round: min(2, width / 4),
          title: "\(points[point].title): \(one.texts[point])")
      }
      canvas.line(frame.left, scale.zero, frame.right, scale.zero, style: "axis")
      labelValues(of: one, frame, scale, &canvas)
      canvas.height = scale.bottom
      let isLast = index == panels.last?.index
      if isLast { drawAxis(frame, &canvas) } else { canvas.height += 10 }
    }
    drawOthersAside(&canvas)
  }

  /// The point with the highest value, if it is alone and there are others.
  private func peak(of one: Series) -> Int? {
    let best = highest(one.values)
    guard best >= 0, drawn.count(where: { one.values[$0] != 0 }) > 2 else { return nil }
    return drawn.count { one.values[$0] == one.values[best] } == 1 ? best : nil
  }

  private func drawPrevious(
    _ one: Series, width: Double, _ frame: Frame, _ scale: Scale, _ canvas: inout ChartCanvas
  ) {
    guard !one.previous.isEmpty else { return }
    for point in drawn where one.previous[point] > 0 {
      let y = scale.y(one.previous[point])
      canvas.rectangle(
        x: frame.x(point) - width / 2, y: y, width: width, height: scale.zero - y, style: "ghost",
        title: "\(points[point].title), \(previousName): \(one.previousTexts[point])")
    }
  }

  /// What the outlines are.
  private func drawPreviousKey(_ canvas: inout ChartCanvas) {
    guard series.contains(where: { $0.previous.contains { $0 > 0 } }) else { return }
    canvas.rectangle(x: 0.5, y: canvas.height + 2.5, width: 10, height: 10, style: "ghost")
    canvas.text(previousName, x: 16, y: canvas.height + 11.5, room: ChartCanvas.width - 16)
    canvas.height += 20
  }

  func drawStackedColumns(_ canvas: inout ChartCanvas) {
    drawKey(&canvas)
    let totals = drawn.map { point in series.reduce(0) { $0 + max(0, $1.values[point]) } }
    let frame = Frame(left: gutter(scale), count: drawn.count)
    let scale = Scale(totals, scale, top: canvas.height + 8, height: Chart.plotHeight)
    drawScale(self.scale, scale, frame, &canvas)
    let width = max(1, min(36, frame.slot * 0.72))
    for point in drawn {
      var below = 0.0
      for (index, one) in series.enumerated() where one.values[point] > 0 {
        let bottom = scale.y(below)
        below += one.values[point]
        canvas.rectangle(
          x: frame.x(point) - width / 2, y: scale.y(below), width: width,
          height: bottom - scale.y(below), style: Chart.style(one, index),
          title: "\(points[point].title), \(one.name): \(one.texts[point])")
      }
    }
    canvas.line(frame.left, scale.zero, frame.right, scale.zero, style: "axis")
    canvas.height = scale.bottom
    drawAxis(frame, &canvas)
    drawOthersAside(&canvas)
  }

  /// Lines in one plot with one scale. A single line has its highest and its last number; several
  /// have their names at their ends, and differ in their dashes as well as in their colours.
  func drawLine(_ canvas: inout ChartCanvas) {
    let lines = panels.filter { !$0.one.isOthers }
    let isSingle = lines.count == 1
    if isSingle, series.count > 1, let one = lines.first?.one { drawHeading(one, &canvas) }
    let size = ChartCanvas.fontSize
    let names = lines.map { TextWidth.of($0.one.name, size: size) }.max() ?? 0
    let room = isSingle ? 0 : min(names, ChartCanvas.width * 0.27)
    let frame = Frame(
      left: gutter(scale), right: ChartCanvas.width - (isSingle ? 0 : room + 16),
      count: drawn.count)
    let values = lines.flatMap { line in drawn.map { line.one.values[$0] } }
    let height = isSingle ? Chart.plotHeight : max(Chart.plotHeight * 1.5, 13 * Double(lines.count))
    let scale = Scale(values, scale, top: canvas.height + 16, height: height)
    drawScale(self.scale, scale, frame, &canvas)
    canvas.line(frame.left, scale.zero, frame.right, scale.zero, style: "axis")
    for (index, one) in lines {
      let places = drawn.map { (x: frame.x($0), y: scale.y(one.values[$0])) }
      canvas.polyline(places, style: "l\(index % 8)")
      let last = places.count - 1
      let marked = isSingle ? Set([last, highest(one.values)]).sorted() : [last]
      for point in marked where places.indices.contains(point) {
        canvas.circle(x: places[point].x, y: places[point].y, radius: 3, style: "s\(index % 8)")
      }
      if isSingle { labelValues(of: one, frame, scale, isLine: true, &canvas) }
    }
    if !isSingle { nameLines(lines.map(\.one), frame, scale, room: room, &canvas) }
    canvas.height = scale.bottom
    drawAxis(frame, &canvas)
    drawOthersAside(&canvas)
  }

  /// Names at the ends of lines, moved apart where lines end close to each other.
  private func nameLines(
    _ lines: [Series], _ frame: Frame, _ scale: Scale, room: Double, _ canvas: inout ChartCanvas
  ) {
    guard let last = drawn.last else { return }
    let distance = 12.5
    let ends = lines.map { scale.y($0.values[last]) }
    let order = lines.indices.sorted { (ends[$0], $0) < (ends[$1], $1) }
    var places = order.map { ends[$0] }
    // Down from the top, then up from the bottom.
    let (top, bottom) = (scale.top, scale.bottom - 2)
    for place in places.indices {
      places[place] = max(places[place], place == 0 ? top : places[place - 1] + distance)
    }
    for place in places.indices.reversed() {
      places[place] = min(
        places[place], place == places.count - 1 ? bottom : places[place + 1] - distance)
    }
    for (place, line) in order.enumerated() {
      canvas.polyline(
        [
          (x: frame.x(last) + 4, y: ends[line]), (x: frame.right + 2, y: places[place]),
          (x: frame.right + 10, y: places[place]),
        ], style: "lead")
      canvas.text(lines[line].name, x: frame.right + 13, y: places[place] + 3.5, room: room + 3)
    }
  }

  /// The series with a number other than zero. The table also shows the others.
  var panels: [(index: Int, one: Series)] {
    drawnSeries.filter { pair in drawn.contains { pair.one.values[$0] != 0 } }
  }

  /// The name of a panel, if there are several.
  private func drawHeading(_ one: Series, _ canvas: inout ChartCanvas) {
    guard series.count > 1 else { return }
    canvas.text(
      one.name, x: 0, y: canvas.height + 12, room: ChartCanvas.width, style: "label strong")
    canvas.height += 16
  }

  /// The vertical places of values. Zero is included, unless ticks say otherwise.
  struct Scale {
    var zero: Double
    var top: Double
    var bottom: Double
    private var perUnit: Double

    init(_ values: [Double], _ ticks: [Tick] = [], top: Double, height: Double) {
      let all = values + ticks.map(\.value)
      let highest = max(0, all.max() ?? 0)
      let lowest = min(0, all.min() ?? 0)
      // Labels of negative values are below their columns.
      let below = lowest < 0 ? 14.0 : 0
      perUnit = highest > lowest ? height / (highest - lowest) : 0
      zero = top + highest * perUnit
      self.top = top
      bottom = top + height + below
    }

    func y(_ value: Double) -> Double { zero - value * perUnit }
  }

  private static let gutterGap = 6.0

  /// A number of a scale, at the left of a plot.
  func drawTick(_ tick: Tick, at y: Double, _ left: Double, _ canvas: inout ChartCanvas) {
    // The room is that of the widest number, but for rounding.
    canvas.text(
      tick.text, x: left - Chart.gutterGap, y: y + 3.5, anchor: .end,
      room: left - Chart.gutterGap + 0.1)
  }

  /// The room that a scale's numbers need at the left.
  func gutter(_ ticks: [Tick]) -> Double {
    let widest = ticks.map { TextWidth.of($0.text, size: ChartCanvas.fontSize) }.max() ?? 0
    return ticks.isEmpty ? 0 : min(widest, ChartCanvas.width * 0.25) + Chart.gutterGap
  }

  /// The numbers of a scale, each with a line.
  func drawScale(
    _ ticks: [Tick], _ scale: Scale, _ frame: Frame, _ canvas: inout ChartCanvas
  ) {
    for tick in ticks {
      let y = scale.y(tick.value)
      if tick.value != 0 { canvas.line(frame.left, y, frame.right, y, style: "grid") }
      drawTick(tick, at: y, frame.left, &canvas)
    }
  }

  func widest(_ one: Series) -> Double {
    drawn.map { point in
      one.values[point] == 0 ? 0 : TextWidth.of(one.texts[point], size: ChartCanvas.fontSize)
    }.max() ?? 0
  }

  /// A label on each value if there is room for all. Otherwise on the largest and the last value,
  /// if there is room for them.
  func labelValues(
    of one: Series, _ frame: Frame, _ scale: Scale, isLine: Bool = false,
    _ canvas: inout ChartCanvas
  ) {
    let size = ChartCanvas.fontSize
    let slot = frame.slot
    let last = drawn.last { one.values[$0] != 0 } ?? 0
    let chosen: [Int] =
      widest(one) + 3 <= slot && !isLine
      ? drawn.filter { one.values[$0] != 0 } : [highest(one.values), last]
    var taken: [(from: Double, to: Double)] = []
    for point in chosen where drawn.contains(point) {
      let width = min(TextWidth.of(one.texts[point], size: size), frame.right - frame.left)
      let x = min(max(frame.x(point), frame.left + width / 2), frame.right - width / 2)
      let range = (from: x - width / 2 - 2, to: x + width / 2 + 2)
      if taken.contains(where: { $0.from < range.to && range.from < $0.to }) { continue }
      taken.append(range)
      let y = scale.y(one.values[point])
      // Above the neighbouring columns under the label, so that no column crosses it.
      let covered = drawn.filter { other in
        let center = frame.x(other)
        return center + slot / 2 > range.from && center - slot / 2 < range.to
      }
      let crest = covered.map { min(scale.y(one.values[$0]), scale.zero) }.min() ?? y
      canvas.text(
        one.texts[point], x: x, y: one.values[point] < 0 ? y + 12 : crest - 5, anchor: .middle,
        room: frame.right - frame.left, style: "value")
    }
  }

  /// As many labels of points as there is room for, evenly spaced.
  func drawAxis(_ frame: Frame, _ canvas: inout ChartCanvas) {
    let size = ChartCanvas.fontSize
    let most = (frame.right - frame.left) / 2
    let widest = drawn.map { TextWidth.of(points[$0].label, size: size) }.max() ?? 0
    var step = 1
    // Days of many months are labelled where a month begins.
    let isSparse = drawn.contains { points[$0].label.isEmpty }
    while !isSparse, Double(step) * frame.slot < min(widest, most) + 4, step < drawn.count {
      step += 1
    }
    // Labels at the edges are moved inwards and can then touch their neighbours.
    var end = -Double.infinity
    for point in stride(from: 0, to: drawn.count, by: step) where !points[point].label.isEmpty {
      let width = min(TextWidth.of(points[point].label, size: size), most)
      let x = min(max(frame.x(point), frame.left + width / 2), frame.right - width / 2)
      if x - width / 2 < end + 3 { continue }
      end = x + width / 2
      canvas.text(
        points[point].label, x: x, y: canvas.height + 14, anchor: .middle, room: most)
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
      canvas.rectangle(
        x: x, y: y - 9, width: 10, height: 10, style: Chart.style(one, index), round: 2)
      canvas.text(one.name, x: x + 15, y: y, room: ChartCanvas.width - 16)
      x += 15 + width + 14
    }
    canvas.height = y + 8
  }

  /// The sum of the points that are not shown, as a line of text below the axis.
  private func drawOthersAside(_ canvas: inout ChartCanvas) {
    guard hasOthers, let last = points.indices.last else { return }
    let texts = series.filter { $0.values[last] != 0 }.map { $0.texts[last] }
    drawName(points[last].title, texts.joined(separator: " + "), &canvas)
    canvas.height += 19
  }

  /// A line that says what is in the table alone.
  func drawAside(_ canvas: inout ChartCanvas) {
    guard !note.isEmpty else { return }
    canvas.text(note, x: 0, y: canvas.height + 12, room: ChartCanvas.width)
    canvas.height += 18
  }

  func highest(_ values: [Double]) -> Int {
    var best = -1
    for index in drawn where values[index] != 0 {
      if best < 0 || values[index] > values[best] { best = index }
    }
    return best
  }
}
