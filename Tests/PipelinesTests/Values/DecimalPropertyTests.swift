import TestSupport
import Testing

@testable import Pipelines

/// Arithmetic with random decimals, held against whole numbers of any length.
@Suite struct DecimalPropertyTests {
  /// `value` × 10^−`scale`, as it is written.
  private struct Given {
    var text: String
    var value: LongInteger
    var scale: Int
  }

  /// Many are at the edges: zeros, nines, ones with many zeros, 38 digits.
  private func given(_ random: inout SeededRandom) -> Given {
    let count = random.isOne(of: 3) ? 38 : random.number(1...20)
    var digits = (0..<count).map { _ in random.number(0...9) }
    switch random.number(0...5) {
    case 0: digits = digits.map { _ in 9 }
    case 1: digits = [1] + digits.dropFirst().map { _ in 0 }
    case 2: digits = digits.map { _ in 0 }
    case 3: digits[digits.count - 1] = 5
    default: break
    }
    let scale = random.isOne(of: 3) ? 0 : random.number(0...count - 1)
    let whole = digits.dropLast(scale).map { String($0) }.joined()
    let fraction = digits.suffix(scale).map { String($0) }.joined()
    let sign = random.isOne(of: 2) ? "-" : ""
    return Given(
      text: sign + whole + (scale > 0 ? "." + fraction : ""),
      value: LongInteger(sign + whole + fraction), scale: scale)
  }

  private func given(_ text: String) -> Given {
    let fraction = text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 }
    return Given(
      text: text, value: LongInteger(text.replacing(".", with: "")), scale: fraction ?? 0)
  }

  private func isRight(_ result: DecimalNumber, _ value: LongInteger, scale: Int) -> Bool {
    LongInteger(String(result.mantissa)) == value && result.scale == scale
      && DecimalNumber(result.description) == result && result.negated.negated == result
      && !result.magnitude.isNegative
  }

  private func fits(_ value: LongInteger) -> Bool { value.digits.count <= 38 }

  @Test func `Sums, differences and products are exact or too large`() throws {
    for seed in Seeds.of(few: 1000, many: 200_000) {
      var random = SeededRandom(seed: seed)
      let (a, b) = (given(&random), given(&random))
      let (x, y) = (try #require(DecimalNumber(a.text)), try #require(DecimalNumber(b.text)))
      let scale = max(a.scale, b.scale)
      let (left, right) = (
        a.value.shifted(by: scale - a.scale), b.value.shifted(by: scale - b.scale)
      )
      let canAlign = fits(left) && fits(right)
      for (name, expected, scale, canTry, operation) in [
        ("+", left + right, scale, canAlign, { try x + y }),
        ("-", left + right.negated, scale, canAlign, { try x - y }),
        ("*", a.value * b.value, a.scale + b.scale, true, { try x * y }),
      ] as [(String, LongInteger, Int, Bool, () throws -> DecimalNumber)] {
        let what = "\(a.text) \(name) \(b.text), seed \(seed)"
        do {
          let result = try operation()
          #expect(isRight(result, expected, scale: scale), "\(what) gave \(result)")
          #expect(fits(expected), "\(what) has more than 38 digits")
        } catch {
          #expect(error is DecimalNumber.Overflow)
          #expect(!canTry || !fits(expected) || scale > 38, "\(what) fits")
        }
      }
      #expect((x == y) == (left == right), "\(a.text) == \(b.text), seed \(seed)")
      #expect((x < y) == (left < right), "\(a.text) < \(b.text), seed \(seed)")
      if x == y { #expect(x.hashValue == y.hashValue, "seed \(seed)") }
      #expect(
        x.description
          == (a.value.digits.isEmpty ? a.text.replacing("-", with: "") : a.text)
          .trimmingZeros, "seed \(seed)")
    }
  }

  @Test func `Quotients and rounded numbers go to the nearest, a half as it is told`() throws {
    for seed in Seeds.of(few: 1000, many: 200_000) {
      var random = SeededRandom(seed: seed)
      let a = given(&random)
      // Halves are rare among all quotients, so every second divisor makes some.
      let even = random.pick(["2", "4", "8", "-20", "0.5", "-0.02", "200"])
      let b = random.isOne(of: 2) ? given(&random) : given(even)
      let (x, y) = (try #require(DecimalNumber(a.text)), try #require(DecimalNumber(b.text)))
      let scale =
        random.isOne(of: 2) ? random.number(0...38) : max(0, a.scale - random.number(0...2))
      let shift = scale + b.scale - a.scale
      let numerator = a.value.shifted(by: max(0, shift))
      let denominator = b.value.shifted(by: max(0, -shift))
      for rounding in [DecimalNumber.Rounding.halfUp, .halfEven] {
        let what = "\(a.text) by \(b.text) to \(scale), seed \(seed)"
        do {
          guard let result = try x.divided(by: y, scale: scale, rounding: rounding) else {
            #expect(b.value.digits.isEmpty, "\(what)")
            continue
          }
          let expected = rounded(numerator, denominator, rounding)
          #expect(isRight(result, expected, scale: scale), "\(what) gave \(result)")
        } catch {
          #expect(abs(shift) > 38 || !fits(numerator) || !fits(denominator), "\(what) fits")
        }
        do {
          let result = try x.rounded(toScale: scale, rounding)
          let expected =
            scale >= a.scale
            ? a.value.shifted(by: scale - a.scale)
            : rounded(a.value, LongInteger("1").shifted(by: a.scale - scale), rounding)
          #expect(isRight(result, expected, scale: scale), "\(what) gave \(result)")
        } catch {
          #expect(!fits(a.value.shifted(by: max(0, scale - a.scale))), "\(what) fits")
        }
      }
    }
  }

  private func rounded(
    _ numerator: LongInteger, _ denominator: LongInteger, _ rounding: DecimalNumber.Rounding
  ) -> LongInteger {
    let (quotient, half) = numerator.divided(by: denominator)
    let isOdd = (quotient.first ?? 0) % 2 == 1
    let goesAway = half > 0 || half == 0 && (rounding == .halfUp || isOdd)
    let magnitude =
      LongInteger(isNegative: false, digits: quotient) + LongInteger(goesAway ? "1" : "0")
    return LongInteger(
      isNegative: numerator.isNegative != denominator.isNegative, digits: magnitude.digits)
  }
}

extension String {
  /// Without zeros before the first digit of the whole part, of which one stays.
  fileprivate var trimmingZeros: String {
    let sign = hasPrefix("-") ? "-" : ""
    var rest = dropFirst(sign.count)
    while rest.count > 1, rest.first == "0", rest.dropFirst().first != "." { rest.removeFirst() }
    return sign + rest
  }
}
