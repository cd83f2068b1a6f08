extension Chart {
  private static let cell = 10.0
  private static let pitch = 11.6

  /// Months as blocks of weeks, four in a row. Weeks begin on Monday. Days with higher numbers are
  /// darker, in four steps of equal width up to the busiest day.
  func drawCalendar(_ canvas: inout ChartCanvas) {
    guard let one = series.first else { return }
    let most = max(0, one.values.max() ?? 0)
    let perRow = min(4, max(1, months.count))
    let blockWidth = ChartCanvas.width / Double(perRow)
    let inset = perRow == 1 ? 0 : (blockWidth - 7 * Chart.pitch) / 2
    let blockHeight = 20 + 6 * Chart.pitch + 8
    for (index, month) in months.enumerated() {
      let left = Double(index % perRow) * blockWidth + inset
      let top = Double(index / perRow) * blockHeight
      canvas.text(month.label, x: left, y: top + 12, room: blockWidth - 4)
      for day in 0..<month.days {
        let place = month.firstWeekday + day
        let point = month.firstPoint + day
        guard one.values.indices.contains(point) else { break }
        let value = one.values[point]
        canvas.rectangle(
          x: left + Double(place % 7) * Chart.pitch, y: top + 18 + Double(place / 7) * Chart.pitch,
          width: Chart.cell, height: Chart.cell, style: "q\(Chart.level(value, of: most))",
          round: 2, title: value == 0 ? nil : "\(points[point].title): \(one.texts[point])")
      }
    }
    canvas.height = Double((months.count + perRow - 1) / perRow) * blockHeight
    let largest = one.values.indices.max { one.values[$0] < one.values[$1] }
    drawSteps(
      most: most, of: one.values, largest: largest.map { one.texts[$0] } ?? "", inset: inset,
      &canvas)
  }

  /// 0 for no value, 1…4 by quarters of the largest value. Less than one is not nothing.
  static func level(_ value: Double, of most: Double) -> Int {
    value <= 0 ? 0 : min(4, Int((value * 4 / most).rounded(.up)))
  }

  static func level(_ value: Int, of most: Int) -> Int { level(Double(value), of: Double(most)) }

  /// The legend: the numbers for each shade.
  ///
  /// - Parameter largest: the text of the largest value.
  func drawSteps(
    most: Double, of values: [Double], largest: String, inset: Double, _ canvas: inout ChartCanvas
  ) {
    // A count is written as its digits; lengths, shares and amounts are not.
    let isCount =
      most < 1e9 && values.allSatisfy { $0 == $0.rounded() }
      && (kind == .calendar || largest == String(Int(most)))
    if isCount {
      drawSteps(most: max(1, Int(most)), inset: inset, &canvas)
    } else {
      drawShades(largest, inset: inset, &canvas)
    }
  }

  /// The shades from nothing to the largest value.
  private func drawShades(_ largest: String, inset: Double, _ canvas: inout ChartCanvas) {
    canvas.text("0", x: inset, y: canvas.height + 12)
    for level in 0...4 {
      canvas.rectangle(
        x: inset + 12 + Double(level) * Chart.pitch, y: canvas.height + 3, width: Chart.cell,
        height: Chart.cell, style: "q\(level)", round: 2)
    }
    canvas.text(
      largest, x: inset + 16 + 5 * Chart.pitch, y: canvas.height + 12)
    canvas.height += 20
  }

  private func drawSteps(most: Int, inset: Double, _ canvas: inout ChartCanvas) {
    var x = inset
    for level in 0...4 {
      let from = level == 0 ? 0 : (level - 1) * most / 4 + 1
      let to = level * most / 4
      // If the busiest day is below four, some steps have no numbers.
      if level > 0, from > to { continue }
      let text = from == to ? String(from) : "\(from)–\(to)"
      canvas.rectangle(
        x: x, y: canvas.height + 3, width: Chart.cell, height: Chart.cell, style: "q\(level)",
        round: 2)
      canvas.text(text, x: x + 14, y: canvas.height + 12)
      x += 14 + TextWidth.of(text, size: ChartCanvas.fontSize) + 14
    }
    canvas.height += 20
  }
}
