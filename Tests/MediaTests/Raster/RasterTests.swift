import Diagnostics
import Foundation
import Testing

@testable import Media

struct RasterTests {
  static let text = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 120'>"

  @Test func `Latin, Japanese, Arabic and an emoji are drawn, the emoji in colour`() throws {
    let families = RasterFonts.text(locale: "ja")
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 80"><text x="10" y="56"
        font-family="\(families)" font-size="40">Ação 日本語 مرحبا 🎉 한국 ไทย</text></svg>
      """
    let bitmap = try Rasteriser.draw(svg, width: 900, height: 80)
    if let path = ProcessInfo.processInfo.environment["YEARBOOK_SHOW"] {
      try Data(bitmap.png()).write(to: URL(fileURLWithPath: "\(path)/raster.png"))
    }
    var inked = 0
    var coloured = 0
    for index in stride(from: 0, to: bitmap.pixels.count, by: 4) {
      let (b, r, a) = (bitmap.pixels[index], bitmap.pixels[index + 2], bitmap.pixels[index + 3])
      if a > 128 { inked += 1 }
      if r > 120, b < 100 { coloured += 1 }
    }
    #expect(inked > 4_000)
    #expect(coloured > 200)
  }

  @Test func `All fonts of a film are installed`() {
    #expect(RasterFonts.missing().map(\.package) == [])
  }

  @Test func `Letters of every script are drawn, and a letter without a font is seen as a box`()
    throws
  {
    #expect(try FontTrial.check().count == FontSample.all.count)
    let lost = FontSample(script: "none", text: "\u{10FF00}\u{10FF01}")
    #expect(try FontTrial.Ink(FontTrial.draw("\u{10FF00}", lost))?.isBox == true)
    #expect(try !FontTrial.isDrawn(lost))
    #expect(try !FontTrial.isDrawn(FontSample(script: "none", text: "\u{2003}A")))
    #expect(try !FontTrial.isDrawn(FontSample(script: "emoji", text: "AB")))
  }

  @Test func `The same SVG gives the same pixels, from several threads at once`() async throws {
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 60"><text x="5" y="40"
        font-family="Inter" font-size="32" font-weight="600">Yearbook 2026</text></svg>
      """
    let first = try Rasteriser.draw(svg, width: 300, height: 60)
    try await withThrowingTaskGroup(of: Bitmap.self) { group in
      for _ in 0..<16 {
        group.addTask { try Rasteriser.draw(svg, width: 300, height: 60) }
      }
      for try await bitmap in group { #expect(bitmap == first) }
    }
  }

  @Test func `A malformed document is an error of the template, and its text is not quoted`() {
    let expected = Diagnostic(
      .configuration, "this SVG is malformed", hint: "check the template: xmllint --noout FILE")
    #expect(throws: expected) {
      try Rasteriser.draw("<svg><text>secret</svg>", width: 10, height: 10)
    }
  }

  @Test func `A picture outside the document is not fetched`() throws {
    let file = NSTemporaryDirectory() + "/outside-\(UUID().uuidString).svg"
    let red =
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0h9v9H0z' fill='red'/></svg>"
    try Data(red.utf8).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><image width="9" height="9"
        href="file://\(file)"/><use href="file://\(file)#a"/></svg>
      """
    let bitmap = try Rasteriser.draw(svg, width: 9, height: 9)
    #expect(bitmap == Bitmap(width: 9, height: 9))
  }

  @Test(arguments: [
    ("The quick brown fox jumps over the lazy dog again and again", 3),
    ("長い日本語の題名は、単語の間に空白がなくても、行の終わりで折り返されます。", 3),
    ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", 3),
    ("مرحبا بالعالم هذا نص طويل يجب أن ينقسم إلى عدة أسطر", 3),
    ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 4),
  ])
  func `No line is wider than its column`(text: String, limit: Int) throws {
    let style = TextStyle(size: 40, weight: 600)
    let lines = try RasterText.lines(text, width: 300, lines: limit, style: style)
    #expect(lines.count > 1 && lines.count <= limit)
    for width in try RasterText.widths(lines, style: style) { #expect(width <= 306) }
  }

  @Test func `Text that fits stays in one line, longer text ends with an ellipsis`() throws {
    let style = TextStyle(size: 32)
    #expect(
      try RasterText.lines("  a  short\nline ", width: 400, lines: 2, style: style) == [
        "a short line"
      ])
    let cut = try RasterText.lines(
      String(repeating: "word ", count: 50), width: 400, lines: 2, style: style)
    #expect(cut.count == 2)
    #expect(cut.last?.hasSuffix("…") == true)
    #expect(try RasterText.lines("", width: 400, lines: 2, style: style) == [])
  }
}
