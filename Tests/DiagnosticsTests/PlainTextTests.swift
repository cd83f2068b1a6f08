import Testing

@testable import Diagnostics

@Suite struct PlainTextTests {
  /// All that must never reach a terminal or a log as it is.
  static let unsafe: [UInt32] =
    Array(0..<0x20) + Array(0x7F...0x9F) + [0x61C, 0x200E, 0x200F] + Array(0x2028...0x202E)
    + Array(0x2066...0x2069)

  @Test func `No control character, line break or bidi control is left in a line`() {
    for value in 0...0x10FFFF {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      let line = PlainText.line("a" + String(scalar) + "b")
      let isLeft = line.unicodeScalars.contains(scalar)
      #expect(isLeft == !Self.unsafe.contains(scalar.value), "\(String(value, radix: 16))")
    }
    #expect(PlainText.line("k\u{1B}[31m\r\nx\u{202E}é") == #"k\u{1b}[31m\r\nx\u{202e}é"#)
  }

  @Test func `A line is cut, also if it is of escapes or combining marks alone`() {
    #expect(PlainText.line(String(repeating: "a", count: 4000)).count == 4000)
    #expect(PlainText.line(String(repeating: "a", count: 4001)).hasSuffix("a…"))
    #expect(PlainText.line("abc", limit: 2) == "ab…")
    let marks = PlainText.line("e" + String(repeating: "\u{301}", count: 100_000))
    #expect(marks.unicodeScalars.count == PlainText.limit + 1)
    #expect(PlainText.line(String(repeating: "\u{1B}", count: 9000)).count <= 6 * 4000 + 1)
  }

  @Test func `Line feeds of own texts stay, and nothing else`() {
    #expect(PlainText.lines("a\nb\r\n\u{85}c\n") == #"a"# + "\nb\\r\n\\u{85}c\n")
  }

  @Test func `JSON has the same value and only safe characters`() {
    #expect(
      PlainText.json("{\n\"a\": \"x\u{7F}\u{85}\u{202E}\u{2028}é\"\n}")
        == "{\n\"a\": \"x\\u007f\\u0085\\u202e\\u2028é\"\n}")
    #expect(PlainText.json("[1]") == "[1]")
  }
}
