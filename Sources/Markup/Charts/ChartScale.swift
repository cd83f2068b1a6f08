/// Round numbers for the scale of a chart.
package enum ChartScale {
  /// What is counted, which decides what a round number is.
  package enum Unit: Sendable {
    /// 1, 2, 5, 10 …
    case whole
    /// 0.1, 0.2, 0.5, 1 …
    case decimal
    /// 1%, 2%, 5%, 10% … Less than that only if all is less.
    case percent
    /// Seconds: 1 min, 5 min, 1 h, 6 h …
    case seconds
  }

  /// A number without rounding: `digits` ÷ 10^`decimals`.
  package struct Number: Hashable, Sendable {
    package var digits: Int
    package var decimals: Int

    package var value: Double {
      var value = Double(digits)
      for _ in 0..<decimals { value /= 10 }
      return value
    }

    /// With a point: `-0.25`.
    package var text: String {
      guard decimals > 0 else { return String(digits) }
      let plain = String(digits.magnitude)
      let padded = String(repeating: "0", count: max(0, decimals + 1 - plain.utf8.count)) + plain
      return (digits < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }
  }

  /// Numbers beyond this have no scale.
  private static let greatest = 1e15

  /// Evenly spaced numbers, the first at most `low` and the last at least `high`; none if there is
  /// no number to show.
  ///
  /// - Parameter most: the greatest number of steps between them.
  package static func numbers(
    _ low: Double, _ high: Double, unit: Unit, most: Int = 4
  ) -> [Number] {
    guard low <= high, abs(low) < greatest, abs(high) < greatest else { return [] }
    for step in steps(unit, upTo: max(abs(low), abs(high))) {
      let first = (low / step.value).rounded(.down)
      var last = (high / step.value).rounded(.up)
      guard last - first <= Double(most) else { continue }
      // One value alone needs a distance, too.
      if first == last { last += 1 }
      return (Int(first)...Int(last)).map {
        Number(digits: $0 * step.digits, decimals: step.decimals)
      }
    }
    return []
  }

  /// Steps from the smallest on.
  private static func steps(_ unit: Unit, upTo largest: Double) -> [Number] {
    var steps: [Number] = []
    let decimals =
      switch unit {
      case .whole: 0
      case .decimal: 4
      case .percent: largest < 0.02 ? 4 : 2
      case .seconds: 0
      }
    if unit == .seconds {
      let clock =
        largest <= 60
        ? [1, 2, 5, 10, 15, 30]
        : [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200]
      steps += clock.map { Number(digits: $0, decimals: 0) }
    }
    // Long lengths are counted in days, by their hours.
    let base = unit == .seconds ? 86_400 : 1
    for place in stride(from: decimals, to: 0, by: -1) {
      steps += [1, 2, 5].map { Number(digits: $0, decimals: place) }
    }
    var power = 1
    while Double(power) * Double(base) < greatest {
      steps += [1, 2, 5].map { Number(digits: $0 * power * base, decimals: 0) }
      power *= 10
    }
    return steps
  }
}
