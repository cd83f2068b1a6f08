/// A whole number of any length, one decimal digit after the other as on paper: slow, and too simple to be wrong in
/// the same way as what it judges.
struct LongInteger: Equatable, CustomStringConvertible {
  var isNegative: Bool
  /// The last digit first, without zeros at its end; none is zero.
  var digits: [Int]

  init(isNegative: Bool, digits: [Int]) {
    self.digits = Array(digits.reversed().drop { $0 == 0 }.reversed())
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  /// Reads `-123`.
  init(_ text: String) {
    self.init(
      isNegative: text.hasPrefix("-"), digits: text.compactMap(\.wholeNumberValue).reversed())
  }

  var description: String {
    digits.isEmpty
      ? "0" : (isNegative ? "-" : "") + digits.reversed().map { String($0) }.joined()
  }

  func shifted(by zeros: Int) -> LongInteger {
    LongInteger(isNegative: isNegative, digits: Array(repeating: 0, count: zeros) + digits)
  }

  var negated: LongInteger { LongInteger(isNegative: !isNegative, digits: digits) }

  static func + (left: LongInteger, right: LongInteger) -> LongInteger {
    if left.isNegative == right.isNegative {
      var sum: [Int] = []
      var carry = 0
      for place in 0..<max(left.digits.count, right.digits.count) + 1 {
        let digit = left.digit(place) + right.digit(place) + carry
        sum.append(digit % 10)
        carry = digit / 10
      }
      return LongInteger(isNegative: left.isNegative, digits: sum)
    }
    if isSmaller(left.digits, right.digits) { return right + left }
    return LongInteger(isNegative: left.isNegative, digits: difference(left.digits, right.digits))
  }

  static func * (left: LongInteger, right: LongInteger) -> LongInteger {
    var product = [Int](repeating: 0, count: left.digits.count + right.digits.count)
    for (i, a) in left.digits.enumerated() {
      for (j, b) in right.digits.enumerated() { product[i + j] += a * b }
    }
    for place in product.indices.dropLast() {
      product[place + 1] += product[place] / 10
      product[place] %= 10
    }
    return LongInteger(isNegative: left.isNegative != right.isNegative, digits: product)
  }

  static func < (left: LongInteger, right: LongInteger) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative
      ? isSmaller(right.digits, left.digits) : isSmaller(left.digits, right.digits)
  }

  /// The quotient's magnitude and the remainder's, and the comparison of twice the remainder with the divisor.
  func divided(by divisor: LongInteger) -> (quotient: [Int], half: Int) {
    var quotient: [Int] = []
    var rest: [Int] = []
    for digit in digits.reversed() {
      rest = LongInteger(isNegative: false, digits: [digit] + rest).digits
      var count = 0
      while !LongInteger.isSmaller(rest, divisor.digits) {
        rest =
          LongInteger(
            isNegative: false, digits: LongInteger.difference(rest, divisor.digits)
          ).digits
        count += 1
      }
      quotient.insert(count, at: 0)
    }
    let rested = LongInteger(isNegative: false, digits: rest)
    let twice = (rested + rested).digits
    return (
      quotient, twice == divisor.digits ? 0 : LongInteger.isSmaller(twice, divisor.digits) ? -1 : 1
    )
  }

  private func digit(_ place: Int) -> Int { place < digits.count ? digits[place] : 0 }

  /// Of magnitudes.
  private static func isSmaller(_ left: [Int], _ right: [Int]) -> Bool {
    if left.count != right.count { return left.count < right.count }
    return left.reversed().lexicographicallyPrecedes(right.reversed())
  }

  /// Of a magnitude and one that is not larger.
  private static func difference(_ left: [Int], _ right: [Int]) -> [Int] {
    var result: [Int] = []
    var borrow = 0
    for place in left.indices {
      let digit = left[place] - (place < right.count ? right[place] : 0) - borrow
      borrow = digit < 0 ? 1 : 0
      result.append(digit + borrow * 10)
    }
    return LongInteger(isNegative: false, digits: result).digits
  }
}
