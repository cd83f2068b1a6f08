extension LocaleFormat {
  /// A ratio as a percentage: 0.125 is `13%`, 0.0835 is `8,4%`. Rounded half up: from 10 % on to
  /// whole numbers, else to one decimal.
  ///
  /// Rounding never makes a part the whole, or nothing: 0.9996 is `>99%`, 0.0003 is `<0,1%`.
  package func percent(_ ratio: DecimalNumber) throws(DecimalNumber.Overflow) -> String {
    // A negative ratio is the change of something, and a sign before `<` could be read both ways.
    if ratio.isNegative { return try percentChange(ratio) }
    let exact = try ratio * DecimalNumber(100)
    let rounded = try exact.rounded(toScale: exact >= DecimalNumber(10) ? 0 : 1, .halfUp)
    let whole = DecimalNumber(100)
    if rounded.isZero, !exact.isZero {
      return "<" + withSign(DecimalNumber(mantissa: 1, scale: 1))
    }
    if rounded == whole, exact != whole {
      return ">" + withSign(exact < whole ? DecimalNumber(99) : whole)
    }
    return withSign(rounded.trimmed)
  }

  /// A change as a percentage, like `percent`. If rounding would make it zero or −100 %, it has as
  /// many more decimals as are needed to tell it from that: `0,03%`, `−99,97%`.
  package func percentChange(_ ratio: DecimalNumber) throws(DecimalNumber.Overflow) -> String {
    let exact = try (ratio * DecimalNumber(100)).trimmed
    let whole = DecimalNumber(100)
    var scale = exact.magnitude >= DecimalNumber(10) ? 0 : 1
    var rounded = try exact.rounded(toScale: scale, .halfUp)
    while scale < exact.scale, rounded.isZero || rounded.magnitude == whole {
      scale += 1
      rounded = try exact.rounded(toScale: scale, .halfUp)
    }
    return withSign(rounded.trimmed)
  }

  /// The parts of one whole as percentages, which never add up to more than 100 %.
  ///
  /// All have one decimal, or none if none needs one. Tenths that rounding down leaves over go to
  /// the parts with the largest remainders (Hamilton's method), but equal parts stay equal. As in
  /// `percent`, a part is never the whole, or nothing.
  package func shares(
    _ parts: [DecimalNumber]
  ) throws(DecimalNumber.Overflow) -> [String] {
    var whole = DecimalNumber.zero
    for part in parts { whole = try whole + part }
    if whole <= .zero || parts.contains(where: \.isNegative) {
      var texts: [String] = []
      for part in parts {
        texts.append(try percent(part.divided(by: whole, scale: 6, rounding: .halfUp) ?? .zero))
      }
      return texts
    }
    var tenths: [Int128] = []
    var remainders: [Int128] = []
    for part in parts {
      let exact =
        try (part * DecimalNumber(1000)).divided(by: whole, scale: 6, rounding: .halfUp) ?? .zero
      let (tenth, remainder) = exact.mantissa.quotientAndRemainder(dividingBy: 1_000_000)
      tenths.append(tenth)
      remainders.append(remainder)
    }
    var left = 1000 - tenths.reduce(0, +)
    // Equal parts are neighbours in this order.
    let order = parts.indices.sorted {
      (remainders[$1], parts[$1], $0) < (remainders[$0], parts[$0], $1)
    }
    var place = 0
    while place < order.count {
      let equals = order[place...].prefix { parts[$0] == parts[order[place]] }
      if left < equals.count || remainders[order[place]] == 0 { break }
      for part in equals { tenths[part] += 1 }
      left -= Int128(equals.count)
      place = equals.endIndex
    }
    let needsDecimal = tenths.contains { $0 % 10 != 0 }
    return zip(parts, tenths).map { part, tenths in
      if tenths == 0, !part.isZero { return "<" + withSign(DecimalNumber(mantissa: 1, scale: 1)) }
      if tenths == 1000, part != whole {
        return ">" + withSign(DecimalNumber(mantissa: 999, scale: 1))
      }
      let number = DecimalNumber(mantissa: tenths, scale: 1)
      return withSign(needsDecimal && !number.isZero ? number : number.trimmed)
    }
  }

  /// A length in seconds: `2 h 05 min`. A fraction is cut off, but is not shown as nothing: 0.4 is
  /// `<1 s`.
  package func duration(_ seconds: DecimalNumber) throws(DecimalNumber.Overflow) -> String {
    let whole = seconds.mantissa / (DecimalNumber.powerOfTen(seconds.scale) ?? 1)
    guard let length = Int(exactly: whole) else {
      return decimal(try seconds.rounded(toScale: 0, .halfUp)) + Self.noBreakSpace + "s"
    }
    if length == 0, !seconds.isZero { return "<1" + Self.noBreakSpace + "s" }
    return duration(seconds: length)
  }

  private func withSign(_ number: DecimalNumber) -> String {
    decimal(number) + (isPercentSpaced ? Self.noBreakSpace : "") + "%"
  }
}

extension DecimalNumber {
  /// This number divided by another, rounded half up, as a part of a whole.
  ///
  /// What is not zero does not become zero, and what is not the whole does not become the whole:
  /// the ratio has as many more decimals than `scale` as are needed to tell it from that, 38 digits
  /// at most. `nil` if the divisor is zero.
  package func share(of whole: DecimalNumber, scale: Int) throws(Overflow) -> DecimalNumber? {
    guard var ratio = try divided(by: whole, scale: scale, rounding: .halfUp) else { return nil }
    var scale = scale
    while isZero != ratio.isZero
      || (ratio.magnitude == DecimalNumber(1)) != (magnitude == whole.magnitude)
    {
      scale += 1
      guard let finer = try? divided(by: whole, scale: scale, rounding: .halfUp) else { break }
      ratio = finer
    }
    return ratio
  }
}
