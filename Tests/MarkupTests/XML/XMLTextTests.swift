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

  @Test func `A quote is escaped even if a combining mark follows it`() {
    #expect(XMLText.escaped("\"\u{301}x") == "&quot;\u{301}x")
  }

  @Test func `Characters that XML forbids are replaced, so text cannot break a page`() throws {
    let hostile =
      String(
        String.UnicodeScalarView((0...0x20).compactMap { Unicode.Scalar($0 as UInt32) }))
      + String(decoding: [0xEF, 0xBF, 0xBE, 0xEF, 0xBF, 0xBF] as [UInt8], as: UTF8.self)
    let page = "<p>\(XMLText.escaped(hostile))</p>"
    _ = try XMLTexts(of: Array(page.utf8))
    #expect(XMLText.escaped("a\u{0}b\u{7F}") == "a\u{FFFD}b\u{FFFD}")
    // For the Nu Html Checker, a reference to CR is an error.
    #expect(XMLText.escaped("a\r\nb\rc") == "a\n\nb\nc")
  }
}

@Suite struct XMLReadingTests {
  @Test(arguments: [
    ("<p>a</p", 1, "an element is not closed"),
    ("<div>\n<p>a</div>", 2, "an element is closed by another element's tag"),
    ("<p>&nbsp;</p>", 1, "an entity that XML does not define"),
    ("<p a='1' a='2'></p>", 1, "an attribute is given twice"),
    ("<p>a & b</p>", 1, "a '<' or '&' that is not escaped"),
  ])
  func `A page that is not well-formed is refused with its place and without its text`(
    page: String, line: Int, meaning: String
  ) {
    do {
      _ = try XMLTexts(of: Array(page.utf8), file: "index.html")
      Issue.record("it was read")
    } catch {
      #expect(error.subject.line == line)
      #expect(error.message == "not well-formed: \(meaning)")
      #expect(error.subject.file == "index.html")
    }
  }

  @Test(arguments: [
    "<!ENTITY e SYSTEM \"file:///etc/passwd\">", "<!ENTITY e \"text\">",
    "<!ENTITY % e SYSTEM \"file:///etc/passwd\">",
  ])
  func `A page cannot declare an entity`(declaration: String) {
    let page = "<!DOCTYPE html [\(declaration)]><p>&e;</p>"
    let error = #expect(throws: Diagnostic.self) { try XMLTexts(of: Array(page.utf8)) }
    #expect(error?.message == "not well-formed: an entity that XML does not define")
  }

  @Test func `Values and texts are read with their references resolved`() throws {
    let page = "<a href='x?a=1&amp;b=2&#38;c&lt;'><![CDATA[<]]>&amp;&#x1F600;<b>é</b></a>"
    let texts = try XMLTexts(of: Array(page.utf8))
    #expect(texts.attributes == ["href": "x?a=1&b=2&c<"])
    #expect(texts.text(ofFirst: "a") == "<&😀é")
    #expect(texts.names == ["a", "b"])
  }
}

/// The content of a document, for tests.
final class XMLTexts: XMLVisitor {
  private(set) var names: Set<String> = []
  private(set) var attributes: [String: String] = [:]
  private var open: [(name: String, text: [UInt8])] = []
  private var closed: [String: [UInt8]] = [:]

  init(of bytes: [UInt8], file: String = "test.html") throws(Diagnostic) {
    try XMLReading.read(bytes, file: file, self)
  }

  func text(ofFirst name: String) -> String? {
    closed[name].map { String(decoding: $0, as: UTF8.self) }
  }

  func begins(_ element: XMLElement) {
    names.insert(element.name.text)
    element.forEachAttribute { name, value in attributes[name.text] = value.text }
    open.append((element.name.text, []))
  }

  func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    for place in open.indices { open[place].text += bytes }
  }

  func ends() {
    guard let element = open.popLast() else { return }
    if closed[element.name] == nil { closed[element.name] = element.text }
  }

  func fails() {}
}
