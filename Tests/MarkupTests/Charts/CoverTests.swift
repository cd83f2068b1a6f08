import Testing

@testable import Markup

@Suite struct CoverTests {
  private static let months = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

  private static func year(_ seed: Int) -> [Double] {
    (0..<365).map { day in (day * 7919 + seed * 31) % 5 == 0 ? Double((day * seed) % 9) : 0 }
  }

  private func svg(_ values: [Double], seed: UInt64) -> String {
    String(
      decoding: Cover(values: values, months: Self.months, seed: seed).svg(), as: UTF8.self)
  }

  /// The numbers of all paths, in order.
  private func numbers(_ svg: String) -> [Double] {
    svg.split(separator: " d=\"").dropFirst().flatMap { part in
      part.prefix { $0 != "\"" }.split { "MLAh ".contains($0) }.compactMap { Double($0) }
    }
  }

  @Test func `The seed chooses among all patterns`() {
    let patterns = Set((0..<4).map { Cover(values: [1], months: [0], seed: $0).pattern })
    #expect(patterns == Set(Cover.Pattern.allCases))
  }

  @Test(arguments: UInt64(0)..<8)
  func `A cover is well-formed and stays near its box`(seed: UInt64) throws {
    let svg = svg(Self.year(3), seed: seed)
    let document = try XMLTexts(of: Array(svg.utf8), file: "cover.svg")
    #expect(document.names.isSuperset(of: ["svg", "path"]))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(numbers(svg).allSatisfy { $0 > -12 && $0 < 492 })
  }

  @Test(arguments: UInt64(0)..<4)
  func `A cover is drawn from its days: one more activity changes it, the same days do not`(
    seed: UInt64
  ) {
    var days = Self.year(3)
    #expect(svg(days, seed: seed) == svg(days, seed: seed))
    // Ridges have no angle.
    if seed != 3 { #expect(svg(days, seed: seed) != svg(days, seed: seed + 4)) }
    days[200] += 6
    #expect(svg(days, seed: seed) != svg(Self.year(3), seed: seed))
  }

  @Test(arguments: UInt64(0)..<4)
  func `A cover of a year takes at most 16 kB, and one without anything is drawn too`(seed: UInt64)
  {
    #expect(svg(Self.year(7), seed: seed).utf8.count < 16_000)
    #expect(svg([Double](repeating: 0, count: 366), seed: seed).hasSuffix("</svg>"))
    #expect(svg([], seed: seed).hasSuffix("</svg>"))
  }
}
