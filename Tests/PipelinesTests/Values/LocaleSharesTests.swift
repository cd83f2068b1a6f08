import Pipelines
import Testing

@Suite struct LocaleSharesTests {
  private func percent(_ ratio: String, _ locale: String = "en") throws -> String {
    try LocaleFormat(locale).percent(try #require(DecimalNumber(ratio))).replacing(
      "\u{A0}", with: " ")
  }

  private func shares(_ parts: [String], _ locale: String = "en") throws -> [String] {
    try LocaleFormat(locale).shares(parts.map { try #require(DecimalNumber($0)) })
      .map { $0.replacing("\u{A0}", with: " ") }
  }

  @Test(arguments: [
    ("0.9996", ">99%"), ("0.995", ">99%"), ("0.999999", ">99%"), ("0.9949", "99%"), ("1", "100%"),
    ("1.000001", ">100%"), ("1.004", ">100%"), ("1.006", "101%"), ("2", "200%"),
  ])
  func `What is not the whole is never 100 %`(ratio: String, shown: String) throws {
    #expect(try percent(ratio) == shown)
  }

  @Test(arguments: [
    ("0.0003", "<0.1%"), ("0.000001", "<0.1%"), ("0.00049", "<0.1%"), ("0.0005", "0.1%"),
    ("0", "0%"), ("0.0000", "0%"), ("0.0996", "10%"), ("0.0994", "9.9%"),
  ])
  func `What is not nothing is never 0 %`(ratio: String, shown: String) throws {
    #expect(try percent(ratio) == shown)
  }

  @Test func `Nearly all and nearly nothing are written in the reader's language`() throws {
    #expect(try percent("0.9996", "pt-BR") == ">99%")
    #expect(try percent("0.0003", "pt-BR") == "<0,1%")
    #expect(try percent("0.9996", "es") == ">99 %")
    #expect(try percent("0.0003", "es") == "<0,1 %")
    #expect(try percent("0.0003", "es-MX") == "<0.1 %")
  }

  @Test(arguments: [
    ("0.0003", "0.03%"), ("-0.9997", "−99.97%"), ("-0.996", "−99.6%"), ("-1", "−100%"),
    ("0.996", "99.6%"), ("1", "100%"), ("0.000001", "0.0001%"), ("0.56", "56%"),
    ("-0.0835", "−8.4%"), ("1.004", "100.4%"),
  ])
  func `A change never says that all has gone while something is left`(
    ratio: String, shown: String
  ) throws {
    let change = try #require(DecimalNumber(ratio))
    let text = try LocaleFormat("en").percentChange(change)
    #expect(text == shown)
  }

  @Test func `The parts of a whole never add up to 101 %`() throws {
    #expect(try shares(["1", "1", "1"]) == ["33.3%", "33.3%", "33.3%"])
    #expect(try shares(["2", "1", "1"]) == ["50%", "25%", "25%"])
    // Each rounded by itself: 16.7 + 16.7 + 66.7.
    #expect(try shares(["1", "1", "4"]) == ["16.6%", "16.6%", "66.7%"])
    // As whole numbers, each rounded by itself: 33 + 35 + 33.
    #expect(try shares(["80", "86", "80"]) == ["32.5%", "35.0%", "32.5%"])
    #expect(try shares(["109074.9", "7000.10"]) == ["94%", "6%"])
    #expect(try shares(["9996", "4"]) == [">99.9%", "<0.1%"])
    #expect(try shares(["0", "5"]) == ["0%", "100%"])
    #expect(try shares(["0", "0"]) == ["0%", "0%"])
    #expect(try shares([]) == [])
    #expect(try shares(["1", "2", "5"], "pt-BR") == ["12,5%", "25,0%", "62,5%"])
    #expect(try shares(["-1", "2"]) == ["−100%", "200%"])
  }

  @Test func `Random parts add up to at most their whole, and equal parts are equal`() throws {
    var seed: UInt64 = 42
    func next(_ below: UInt64) -> UInt64 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (seed >> 33) % below
    }
    for _ in 0..<500 {
      let parts = (0...next(9)).map { _ in DecimalNumber(Int(next(50))) }
      let texts = try LocaleFormat("en").shares(parts)
      let sum = texts.filter { !$0.hasPrefix("<") && !$0.hasPrefix(">") }
        .compactMap { Double($0.dropLast()) }.reduce(0, +)
      #expect(sum < 100.01, "\(parts) \(texts)")
      for (one, text) in zip(parts, texts) {
        for (other, same) in zip(parts, texts) where one == other {
          #expect(text == same, "\(parts) \(texts)")
        }
      }
    }
  }

  @Test(arguments: [
    ("0.4", "<1 s"), ("12.5", "12 s"), ("0", "0 min"), ("3599.9", "59 min"), ("7505", "2 h 05 min"),
    ("-0.5", "<1 s"), ("99999999999999999999", "99,999,999,999,999,999,999 s"),
  ])
  func `A length with a fraction is not nothing`(seconds: String, shown: String) throws {
    let text = try LocaleFormat("en").duration(try #require(DecimalNumber(seconds)))
    #expect(text.replacing("\u{A0}", with: " ") == shown)
  }

  @Test func `The longest length is written and does not stop the program`() {
    #expect(LocaleFormat("en").duration(seconds: Int.min).hasPrefix("−"))
  }

  @Test func `A division does not make a part the whole, or nothing`() throws {
    func share(_ part: String, _ whole: String) throws -> String? {
      try #require(DecimalNumber(part)).share(of: try #require(DecimalNumber(whole)), scale: 6)?
        .description
    }
    #expect(try share("99999999", "100000000") == "0.99999999")
    #expect(try share("1", "100000000") == "0.00000001")
    #expect(try share("-1", "100000000") == "-0.00000001")
    #expect(try share("100000001", "100000000") == "1.00000001")
    #expect(try share("-99999999", "100000000") == "-0.99999999")
    // The first decimals that say it are enough.
    #expect(try share("0.0042", "83383.2342") == "0.0000001")
    #expect(try share("2", "3") == "0.666667")
    let least = "0." + String(repeating: "0", count: 37) + "1"
    #expect(try share("1", "90000000000000000000000000000000000000") == least)
    #expect(try share("5", "5") == "1.000000")
    #expect(try share("0", "5") == "0.000000")
    #expect(try share("5", "0") == nil)
  }
}
