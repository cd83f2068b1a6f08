import Glibc

/// A drawing made of one number a day, for the head of a page: an ornament that is also true.
///
/// Every tenant has one of four patterns, turned by its own angle except for ridges; its days do
/// the rest. The same values and seed give the same bytes on every machine: lengths are rounded to
/// a tenth.
package struct Cover: Sendable {
  /// How the days are laid out.
  package enum Pattern: String, Sendable, CaseIterable {
    /// A ray for each day, clockwise, the longer the more.
    case rays
    /// A ring for each month, with an arc for each day, the wider the more.
    case rings
    /// A dot for each day, from the middle outwards, the larger the more.
    case seeds
    /// A ridge for each month, the higher the more.
    case ridges
  }

  private static let size = 480.0
  private static let middle = 240.0

  /// One value a day, in order.
  private let values: [Double]
  /// The index of each month's first day.
  private let months: [Int]
  package let pattern: Pattern
  /// In radians.
  private let turn: Double
  private let most: Double

  /// - Parameters:
  ///   - months: the indexes of the first days of months, rising from zero.
  ///   - seed: chooses the pattern and its angle.
  package init(values: [Double], months: [Int], seed: UInt64) {
    self.values = values.map { max(0, $0) }
    self.months = months.filter { values.indices.contains($0) }
    let patterns = Pattern.allCases
    pattern = patterns[Int(seed % UInt64(patterns.count))]
    // Not more than a season to either side, so that a year still begins near its top.
    turn = (Double(seed / 4 % 61) - 30) / 180 * .pi
    most = max(1, values.max() ?? 1)
  }

  /// The drawing as an `<svg>` that fills its box. It says nothing that is not said in words.
  package func svg() -> [UInt8] {
    var writer = MarkupWriter(capacity: 1 << 13)
    writer.raw(
      "<svg class=\"cover-art cover-\(pattern.rawValue)\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 480\" "
        + "preserveAspectRatio=\"xMidYMid slice\" aria-hidden=\"true\" focusable=\"false\">")
    switch pattern {
    case .rays: drawRays(&writer)
    case .rings: drawRings(&writer)
    case .seeds: drawSeeds(&writer)
    case .ridges: drawRidges(&writer)
    }
    writer.raw("</svg>")
    return writer.bytes
  }

  /// 0 without a value, 1…4 by the square root of the part of the greatest: quiet days count too.
  private func level(_ value: Double) -> Int {
    value == 0 ? 0 : min(4, Int(((value / most).squareRoot() * 4).rounded(.up)))
  }

  private func place(_ angle: Double, _ radius: Double) -> (x: Double, y: Double) {
    (Cover.middle + radius * cos(angle), Cover.middle + radius * sin(angle))
  }

  /// One path for each level, of the parts that `part` writes for its days.
  private func drawLevels(
    _ writer: inout MarkupWriter, _ part: (_ day: Int, _ writer: inout MarkupWriter) -> Void
  ) {
    for level in 0...4 {
      let days = values.indices.filter { self.level(values[$0]) == level }
      if days.isEmpty { continue }
      writer.raw("<path class=\"c\(level)\" d=\"")
      for day in days { part(day, &writer) }
      writer.raw("\"/>")
    }
  }

  private func move(_ point: (x: Double, y: Double), _ writer: inout MarkupWriter) {
    writer.raw("M")
    writer.length(point.x)
    writer.raw(" ")
    writer.length(point.y)
  }

  private func line(_ point: (x: Double, y: Double), _ writer: inout MarkupWriter) {
    writer.raw("L")
    writer.length(point.x)
    writer.raw(" ")
    writer.length(point.y)
  }

  private func angle(_ part: Double) -> Double { turn + part * 2 * .pi - .pi / 2 }

  private func drawRays(_ writer: inout MarkupWriter) {
    drawLevels(&writer) { day, writer in
      let angle = angle(Double(day) / Double(values.count))
      move(place(angle, 74), &writer)
      line(place(angle, 80 + (values[day] / most).squareRoot() * 148), &writer)
    }
  }

  private func drawRings(_ writer: inout MarkupWriter) {
    drawLevels(&writer) { day, writer in
      let month = months.lastIndex { $0 <= day } ?? 0
      let first = months.isEmpty ? 0 : months[month]
      let end = month + 1 < months.count ? months[month + 1] : values.count
      let radius = 52 + Double(month) * 15.6
      let step = 1 / Double(max(1, end - first))
      let start = Double(day - first) * step
      // A short gap between days, the same on each ring.
      let gap = 1.2 / radius / (2 * .pi)
      move(place(angle(start + gap), radius), &writer)
      writer.raw("A\(MarkupWriter.length(radius)) \(MarkupWriter.length(radius)) 0 0 1 ")
      let last = place(angle(start + step - gap), radius)
      writer.length(last.x)
      writer.raw(" ")
      writer.length(last.y)
    }
  }

  /// Seeds of a sunflower: each turned on by the golden angle (Vogel, 1979).
  private func drawSeeds(_ writer: inout MarkupWriter) {
    let golden = Double.pi * (3 - 5.0.squareRoot())
    let spread = 226 / Double(max(1, values.count)).squareRoot()
    drawLevels(&writer) { day, writer in
      let place = place(
        turn + Double(day) * golden, spread * (Double(day) + 0.5).squareRoot())
      move(place, &writer)
      // A line without length has round ends: a dot as wide as the line.
      writer.raw("h0")
    }
  }

  private func drawRidges(_ writer: inout MarkupWriter) {
    let count = max(1, months.count)
    let step = 372 / Double(max(1, count - 1))
    for month in 0..<count {
      let first = months.isEmpty ? 0 : months[month]
      let end = month + 1 < months.count ? months[month + 1] : values.count
      let days = Array(values[first..<end])
      let base = count == 1 ? 300 : 90 + Double(month) * step
      writer.raw("<path class=\"ridge\" d=\"")
      move((x: 0, y: base), &writer)
      for (day, _) in days.enumerated() {
        // A hill around each day, so that a ridge is a line and not a comb.
        let near = [-2, -1, 0, 1, 2].reduce(0.0) { sum, step in
          let place = day + step
          guard days.indices.contains(place) else { return sum }
          return sum + days[place] * [0.12, 0.3, 1, 0.3, 0.12][step + 2]
        }
        let x = (Double(day) + 0.5) / Double(days.count) * Cover.size
        line((x: x, y: base - min(84, (near / most).squareRoot() * 62)), &writer)
      }
      line((x: Cover.size, y: base), &writer)
      writer.raw("\"/>")
    }
  }
}
