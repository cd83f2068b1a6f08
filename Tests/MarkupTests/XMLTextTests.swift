import Diagnostics
import Testing

@testable import Markup

@Suite struct XMLTextTests {
  @Test func `Text of any kind is data in content and in attributes`() {
    #expect(
      XMLText.escaped("<script>alert(\"1\")</script> & 'x'")
        == "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;")
    #expect(XMLText.escaped("São Paulo 東京 👩‍💻") == "São Paulo 東京 👩‍💻")
  }

  @Test func `A quote is escaped though a combining mark follows it`() {
    #expect(XMLText.escaped("\"\u{301}x") == "&quot;\u{301}x")
  }

  @Test func `What XML forbids is replaced, so that no text makes a page ill-formed`() throws {
    let hostile =
      String(
        String.UnicodeScalarView((0...0x20).compactMap { Unicode.Scalar($0 as UInt32) }))
      + String(decoding: [0xEF, 0xBF, 0xBE, 0xEF, 0xBF, 0xBF] as [UInt8], as: UTF8.self)
    let page = "<p>\(XMLText.escaped(hostile))</p>"
    _ = try XMLDocument(parsing: Array(page.utf8), file: "test.html")
    #expect(XMLText.escaped("a\u{0}b\u{7F}") == "a\u{FFFD}b\u{FFFD}")
    // The Nu Html Checker takes a reference to CR for an error.
    #expect(XMLText.escaped("a\r\nb\rc") == "a\n\nb\nc")
  }
}

@Suite struct XMLDocumentTests {
  @Test(arguments: [
    ("<p>a</p", 1, "an element is not closed"),
    ("<div>\n<p>a</div>", 2, "an element is closed by another's tag"),
    ("<p>&nbsp;</p>", 1, "an entity that XML does not know"),
    ("<p a='1' a='2'></p>", 1, "an attribute stands twice"),
    ("<p>a & b</p>", 1, "a '<' or '&' that is not escaped"),
  ])
  func `A page that is not well-formed is refused with its place and without its text`(
    page: String, line: Int, meaning: String
  ) {
    do {
      _ = try XMLDocument(parsing: Array(page.utf8), file: "index.html")
      Issue.record("it was read")
    } catch {
      #expect(error.subject.line == line)
      #expect(error.message == "not well-formed: \(meaning)")
      #expect(error.subject.file == "index.html")
    }
  }

  @Test func `An external entity is not fetched`() {
    let page = """
      <!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>&e;</p>
      """
    do {
      let document = try XMLDocument(parsing: Array(page.utf8), file: "index.html")
      #expect(document.text(ofFirst: "p") == "")
    } catch {
      #expect(error.code == .configuration)
    }
  }
}
