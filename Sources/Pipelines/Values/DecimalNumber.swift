/// An exact decimal: `mantissa` × 10^−`scale`, with at most 38 digits.
///
/// Two numbers are equal if their values are (1.5 and 1.50). Each keeps its scale and prints with
/// it.
package struct DecimalNumber: Sendable, CustomStringConvertible {
  package let mantissa: Int128
  /// Digits after the point, 0…38.
  package let scale: Int

  package static let zero = DecimalNumber(0)

  /// The greatest scale of a result.
  static let maximumScale = 38
  /// 10³⁸, the first whole number with more digits than that.
  static let limit: Int128 = 100_000_000_000_000_000_000_000_000_000_000_000_000

  /// `mantissa` × 10^−`scale`; `scale` must be 0…38.
  package init(mantissa: Int128, scale: Int) {
    precondition((0...DecimalNumber.maximumScale).contains(scale), "a scale is 0…38")
    self.mantissa = mantissa
    self.scale = scale
  }

  package init(_ integer: Int) { self.init(mantissa: Int128(integer), scale: 0) }

  /// Reads `-12.50` as PostgreSQL prints a numeric: no exponent, no blanks, at most 38 digits.
  package init?(_ text: some StringProtocol) { self.init(bytes: text.utf8) }

  /// As `init(_:)`, from ASCII bytes.
  package init?(bytes: some Sequence<UInt8>) {
    var mantissa: Int128 = 0
    var scale = 0
    var digits = 0
    var isNegative = false
    var sawPoint = false
    var isFirst = true
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "-") where isFirst: isNegative = true
      case UInt8(ascii: "."):
        if sawPoint || digits == 0 { return nil }
        sawPoint = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let (tens, first) = mantissa.multipliedReportingOverflow(by: 10)
        let (sum, second) = tens.addingReportingOverflow(Int128(byte - UInt8(ascii: "0")))
        if first || second || sum >= DecimalNumber.limit { return nil }
        mantissa = sum
        digits += 1
        if sawPoint { scale += 1 }
      default: return nil
      }
      isFirst = false
    }
    guard digits > 0, scale <= DecimalNumber.maximumScale, !(sawPoint && scale == 0) else {
      return nil
    }
    self.init(mantissa: isNegative ? -mantissa : mantissa, scale: scale)
  }

  /// `-12.50`: with a point, without grouping, with as many decimals as the scale.
  package var description: String {
    let digits = String(mantissa.magnitude)
    let sign = mantissa < 0 ? "-" : ""
    if scale == 0 { return sign + digits }
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
    return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
  }

  package var isZero: Bool { mantissa == 0 }
  package var isNegative: Bool { mantissa < 0 }
  package var magnitude: DecimalNumber { isNegative ? negated : self }
  package var negated: DecimalNumber { DecimalNumber(mantissa: -mantissa, scale: scale) }

  /// The value as a whole number; `nil` if it has a fraction or is too large.
  package var integer: Int? {
    let plain = trimmed
    return plain.scale == 0 ? Int(exactly: plain.mantissa) : nil
  }

  /// The nearest binary number. Use it only for lengths in drawings.
  package var approximation: Double {
    var divisor = 1.0
    for _ in 0..<scale { divisor *= 10 }
    // The conversion from 64 bits is one instruction.
    return (Int64(exactly: mantissa).map(Double.init) ?? Double(mantissa)) / divisor
  }

  /// The same value without trailing zeros.
  package var trimmed: DecimalNumber { trimmed(toScale: 0) }

  /// The same value without trailing zeros, but with at least `least` decimals if it had them.
  package func trimmed(toScale least: Int) -> DecimalNumber {
    var mantissa = mantissa
    var scale = scale
    while scale > least, mantissa % 10 == 0 {
      mantissa /= 10
      scale -= 1
    }
    return DecimalNumber(mantissa: mantissa, scale: scale)
  }

  static func powerOfTen(_ exponent: Int) -> Int128? {
    guard (0...maximumScale).contains(exponent) else { return nil }
    var power: Int128 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }
}
