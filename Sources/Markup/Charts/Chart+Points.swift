extension Chart {
  private static let scatterHeight = 190.0

  /// A dot for each point. Points in one place are one dot, which is larger.
  func drawScatter(_ canvas: inout ChartCanvas) {
    guard series.count > 1 else { return }
    let (across, up) = (series[0], series[1])
    canvas.text(
      up.name, x: 0, y: canvas.height + 12, room: ChartCanvas.width, style: "label strong")
    let gutter = gutter(scale)
    let (top, left) = (canvas.height + 26, gutter + 8)
    let x = Axis(across.values, acrossScale, from: left, to: ChartCanvas.width - 8)
    let y = Axis(up.values, scale, from: top + Chart.scatterHeight, to: top)
    let bottom = top + Chart.scatterHeight + 6
    for tick in scale {
      canvas.line(
        gutter, y.place(tick.value), ChartCanvas.width, y.place(tick.value), style: "grid")
      drawTick(tick, at: y.place(tick.value), gutter, &canvas)
    }
    for tick in acrossScale {
      canvas.line(x.place(tick.value), top - 4, x.place(tick.value), bottom, style: "grid")
    }
    canvas.line(gutter, bottom, ChartCanvas.width, bottom, style: "axis")
    drawDots(across, up, x, y, &canvas)
    canvas.height = bottom
    drawAcrossTicks(x, &canvas)
    drawAcrossTitle(across.name, &canvas)
  }

  private func drawAcrossTicks(_ x: Axis, _ canvas: inout ChartCanvas) {
    var end = -Double.infinity
    for tick in acrossScale {
      let width = min(TextWidth.of(tick.text, size: ChartCanvas.fontSize), ChartCanvas.width / 3)
      let middle = min(max(x.place(tick.value), width / 2), ChartCanvas.width - width / 2)
      if middle - width / 2 < end + 5 { continue }
      end = middle + width / 2
      canvas.text(
        tick.text, x: middle, y: canvas.height + 14, anchor: .middle, room: ChartCanvas.width / 3)
    }
    canvas.height += 20
  }

  private func drawDots(
    _ across: Series, _ up: Series, _ x: Axis, _ y: Axis, _ canvas: inout ChartCanvas
  ) {
    struct Place: Hashable {
      var x: Double
      var y: Double
    }
    var order: [Place] = []
    var dots: [Place: [Int]] = [:]
    for point in points.indices {
      let place = Place(x: across.values[point], y: up.values[point])
      if dots[place] == nil { order.append(place) }
      dots[place, default: []].append(point)
    }
    let radius = order.count > 150 ? 2.2 : 3.2
    for place in order {
      guard let held = dots[place], let first = held.first else { continue }
      let names = hasNames ? held.prefix(5).map { points[$0].title } : []
      let size = Double(held.count).squareRoot()
      let rest = held.count - names.count
      let more =
        rest > 0 && (hasNames || held.count > 1) ? [hasNames ? "+\(rest)" : "×\(rest)"] : []
      let who = (names + more).joined(separator: ", ")
      let numbers = "\(across.texts[first]), \(up.texts[first])"
      canvas.circle(
        x: x.place(place.x), y: y.place(place.y), radius: min(9, radius * size), style: "dot",
        title: who.isEmpty ? numbers : "\(who): \(numbers)")
    }
  }

  /// The places of values between two ends.
  private struct Axis {
    private var low: Double
    private var perUnit: Double
    private var from: Double

    init(_ values: [Double], _ ticks: [Tick], from: Double, to: Double) {
      let all = values + ticks.map(\.value)
      low = all.min() ?? 0
      let span = (all.max() ?? 0) - low
      perUnit = span > 0 ? (to - from) / span : 0
      self.from = span > 0 ? from : (from + to) / 2
    }

    func place(_ value: Double) -> Double { from + (value - low) * perUnit }
  }

  /// One line per name, from where it was (a ring) to where it is (a dot).
  func drawChange(_ canvas: inout ChartCanvas) {
    guard series.count > 1 else { return }
    let (now, before) = (series[0], series[1])
    drawChangeKey(now.name, before.name, &canvas)
    let x = Axis(
      drawn.flatMap { [now.values[$0], before.values[$0]] } + [0], [], from: 5,
      to: ChartCanvas.width - 5)
    let hasLosses = drawn.contains { min(now.values[$0], before.values[$0]) < 0 }
    for point in drawn {
      drawName(points[point].title, "\(before.texts[point]) → \(now.texts[point])", &canvas)
      drawTrack(&canvas)
      let (start, end) = (x.place(before.values[point]), x.place(now.values[point]))
      let y = canvas.height + 20.5
      if hasLosses {
        canvas.line(x.place(0), y - 6, x.place(0), y + 6, style: "axis")
      }
      canvas.rectangle(
        x: min(start, end), y: y - 1.5, width: abs(end - start), height: 3, style: "s1")
      canvas.circle(x: start, y: y, radius: 4, style: "ring")
      canvas.circle(x: end, y: y, radius: 5, style: "s0")
      canvas.height += Chart.rowHeight
    }
  }

  private func drawChangeKey(_ now: String, _ before: String, _ canvas: inout ChartCanvas) {
    let half = ChartCanvas.width / 2
    canvas.circle(x: 5, y: canvas.height + 8, radius: 4, style: "ring")
    canvas.text(before, x: 14, y: canvas.height + 12, room: half - 20)
    canvas.circle(x: half + 5, y: canvas.height + 8, radius: 5, style: "s0")
    canvas.text(now, x: half + 15, y: canvas.height + 12, room: half - 15)
    canvas.height += 22
  }
}
