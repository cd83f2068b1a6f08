import Testing

@testable import Stages

@Suite struct PageTextTests {
  private func page(_ text: String, blocks: [String] = []) -> String {
    String(
      decoding: PageText.deliver(text, blocks: blocks.map { Array($0.utf8) }), as: UTF8.self)
  }

  @Test func `Each mark is replaced with its block`() {
    let (first, second) = (PageText.mark(ofBlock: 0), PageText.mark(ofBlock: 11))
    let blocks = ["<b>é</b>"] + [String](repeating: "", count: 10) + ["<i/>"]
    #expect(page("a\(second)\(first)東\(first)", blocks: blocks) == "a<i/><b>é</b>東<b>é</b>")
    #expect(page(PageText.mark(ofBlock: 3), blocks: ["x"]) == "")
  }

  @Test func `A tenant's text is never read as a mark, a reference or markup`() {
    let forged = PageText.mark(ofBlock: 0)
    #expect(page(PageText.carry("x\(forged)y"), blocks: ["<script/>"]) == "x\u{FFFD}0\u{FFFD}y")
    let carriers = String(decoding: [0xEF, 0xB7, 0x90, 0xEF, 0xB7, 0x94] as [UInt8], as: UTF8.self)
    #expect(page(PageText.carry(carriers)) == "\u{FFFD}\u{FFFD}")
    #expect(page(PageText.carry("<a href=\"x\">'&")) == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;")
    #expect(page(PageText.carry("\"\u{301}\u{0}")) == "&quot;\u{301}\u{FFFD}")
  }
}
