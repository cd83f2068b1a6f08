import Pipelines
import Testing

@Suite struct DecimalNumberTests {
  private func number(_ text: String) throws -> DecimalNumber {
    try #require(DecimalNumber(text))
  }

  @Test(arguments: [
    "0", "-0.01", "499.95", "41.6625", "-12.50", "99999999999999999999999999999999999999",
    "0.00000000000000000000000000000000000001",
  ])
  func `A decimal is printed as it was read`(text: String) throws {
    #expect(try number(text).description == text)
  }

  @Test(arguments: [
    "", "-", ".5", "5.", "1e3", "NaN", "Infinity", "1.2.3", " 1", "+1", "1,5",
    "999999999999999999999999999999999999999999",
  ])
  func `A text that is not a decimal is refused`(text: String) {
    #expect(DecimalNumber(text) == nil)
  }

  @Test func `Sums and products are exact where binary fractions are not`() throws {
    #expect(try (number("0.1") + number("0.2")).description == "0.3")
    #expect(try (number("1000") - number("0.0001")).description == "999.9999")
    #expect(try (number("499.95") * number("0.125")).description == "62.49375")
    #expect(throws: DecimalNumber.Overflow.self) {
      try number("99999999999999999999999999999999999999") * DecimalNumber(10)
    }
  }

  @Test(arguments: [
    ("499.95", "12", 4, "41.6625", "41.6625"), ("1", "3", 4, "0.3333", "0.3333"),
    ("2", "3", 4, "0.6667", "0.6667"), ("1", "8", 2, "0.13", "0.12"), ("3", "8", 2, "0.38", "0.38"),
    ("-1", "8", 2, "-0.13", "-0.12"), ("1", "-8", 2, "-0.13", "-0.12"), ("5", "2", 0, "3", "2"),
    ("7", "2", 0, "4", "4"), ("0.0005", "0.1", 2, "0.01", "0.00"),
  ])
  func `Division rounds by the given rule`(
    dividend: String, divisor: String, scale: Int, halfUp: String, halfEven: String
  ) throws {
    let (a, b) = (try number(dividend), try number(divisor))
    #expect(try a.divided(by: b, scale: scale, rounding: .halfUp)?.description == halfUp)
    #expect(try a.divided(by: b, scale: scale, rounding: .halfEven)?.description == halfEven)
  }

  @Test func `A division by zero has no result`() throws {
    #expect(try DecimalNumber(1).divided(by: number("0.00"), scale: 2, rounding: .halfUp) == nil)
  }

  @Test func `Order and equality go by values, not by digits`() throws {
    #expect(try number("1.50") == number("1.5"))
    #expect(try Set([number("1.50"), number("1.5")]).count == 1)
    let sorted = ["-2", "-1.5", "-0.01", "0", "0.009", "0.01", "1", "10"]
    #expect(try sorted.reversed().map(number).sorted().map(\.description) == sorted)
    #expect(
      try number("99999999999999999999999999999999999998")
        < number("99999999999999999999999999999999999999"))
  }
}
