extension DecimalNumber {
  /// How a result is rounded to its last digit.
  package enum Rounding: Sendable {
    /// A half is rounded away from zero.
    case halfUp
    /// A half is rounded to the even neighbour (banker's rounding).
    case halfEven
  }

  /// A result would have more than 38 digits.
  package struct Overflow: Error, Equatable {}

  /// The exact sum, with the larger scale of the two.
  package static func + (
    left: DecimalNumber, right: DecimalNumber
  ) throws(Overflow) -> DecimalNumber {
    let scale = max(left.scale, right.scale)
    let (sum, overflow) = try left.mantissa(atScale: scale).addingReportingOverflow(
      right.mantissa(atScale: scale))
    if overflow || sum.magnitude >= limit.magnitude { throw Overflow() }
    return DecimalNumber(mantissa: sum, scale: scale)
  }

  /// The exact difference, with the larger scale of the two.
  package static func - (
    left: DecimalNumber, right: DecimalNumber
  ) throws(Overflow) -> DecimalNumber {
    try left + right.negated
  }

  /// The exact product; its scale is the sum of both.
  package static func * (
    left: DecimalNumber, right: DecimalNumber
  ) throws(Overflow) -> DecimalNumber {
    let (product, overflow) = left.mantissa.multipliedReportingOverflow(by: right.mantissa)
    let scale = left.scale + right.scale
    if overflow || scale > maximumScale || product.magnitude >= limit.magnitude {
      throw Overflow()
    }
    return DecimalNumber(mantissa: product, scale: scale)
  }

  /// The quotient with `scale` decimals; `nil` if the divisor is zero.
  package func divided(
    by divisor: DecimalNumber, scale: Int, rounding: Rounding
  ) throws(Overflow) -> DecimalNumber? {
    if divisor.isZero { return nil }
    // self ÷ divisor × 10^scale, as one fraction of whole numbers.
    let shift = scale + divisor.scale - self.scale
    var numerator = mantissa
    var denominator = divisor.mantissa
    guard let power = DecimalNumber.powerOfTen(abs(shift)) else { throw Overflow() }
    let overflow: Bool
    if shift >= 0 {
      (numerator, overflow) = numerator.multipliedReportingOverflow(by: power)
    } else {
      (denominator, overflow) = denominator.multipliedReportingOverflow(by: power)
    }
    if overflow { throw Overflow() }
    let quotient = DecimalNumber.rounded(numerator, over: denominator, rounding)
    if quotient.magnitude >= DecimalNumber.limit.magnitude { throw Overflow() }
    return DecimalNumber(mantissa: quotient, scale: scale)
  }

  /// The value with exactly `scale` decimals.
  package func rounded(
    toScale scale: Int, _ rounding: Rounding
  ) throws(Overflow) -> DecimalNumber {
    if scale >= self.scale {
      return DecimalNumber(mantissa: try mantissa(atScale: scale), scale: scale)
    }
    guard let power = DecimalNumber.powerOfTen(self.scale - scale) else { throw Overflow() }
    return DecimalNumber(
      mantissa: DecimalNumber.rounded(mantissa, over: power, rounding), scale: scale)
  }

  private func mantissa(atScale wanted: Int) throws(Overflow) -> Int128 {
    guard let power = DecimalNumber.powerOfTen(wanted - scale) else { throw Overflow() }
    let (result, overflow) = mantissa.multipliedReportingOverflow(by: power)
    if overflow || result.magnitude >= DecimalNumber.limit.magnitude { throw Overflow() }
    return result
  }

  private static func rounded(
    _ numerator: Int128, over denominator: Int128, _ rounding: Rounding
  ) -> Int128 {
    let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
    // Compared with the distance to the next number, because twice the remainder could overflow.
    let rest = denominator.magnitude - remainder.magnitude
    let goesAway =
      switch rounding {
      case .halfUp: remainder.magnitude >= rest
      case .halfEven:
        remainder.magnitude > rest || (remainder.magnitude == rest && quotient % 2 != 0)
      }
    guard goesAway else { return quotient }
    return (numerator < 0) == (denominator < 0) ? quotient + 1 : quotient - 1
  }
}

extension DecimalNumber: Comparable {
  package static func == (left: DecimalNumber, right: DecimalNumber) -> Bool {
    let (a, b) = (left.trimmed, right.trimmed)
    return a.mantissa == b.mantissa && a.scale == b.scale
  }

  package static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    let wholes = (left.whole, right.whole)
    if wholes.0 != wholes.1 { return wholes.0 < wholes.1 }
    // Fractions have at most 38 digits, so both fit at a common scale.
    let scale = max(left.scale, right.scale)
    return left.fraction(atScale: scale) < right.fraction(atScale: scale)
  }

  private var whole: Int128 { mantissa / (DecimalNumber.powerOfTen(scale) ?? 1) }

  private func fraction(atScale wanted: Int) -> Int128 {
    let fraction = mantissa % (DecimalNumber.powerOfTen(scale) ?? 1)
    return fraction * (DecimalNumber.powerOfTen(wanted - scale) ?? 1)
  }
}

extension DecimalNumber: Hashable {
  package func hash(into hasher: inout Hasher) {
    let plain = trimmed
    hasher.combine(plain.mantissa)
    hasher.combine(plain.scale)
  }
}

extension DecimalNumber: Codable {
  /// Read from text, so that no program turns it into a binary fraction.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let number = DecimalNumber(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal")
    }
    self = number
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
