import Delivery
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Engine

/// What a template makes of values that people typed.
@Suite struct MessageTextTests {
  private func templates(_ files: [String: String]) throws -> MessageTemplates {
    let folder = try TemporaryFolder()
    for (name, text) in files.merging(
      ["messages/en.yaml": "mail: {hi: \"Hi {name}\"}"], uniquingKeysWith: { $1 })
    {
      let url = URL(fileURLWithPath: "\(folder.path)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return try MessageTemplates(folder: folder.path)
  }

  @Test func `A value cannot begin a header, a paragraph or a tag`() throws {
    let made = try templates(["mail/a.txt": "Subject: For {{name}}\n\nHello {{name}}\n"]).content(
      "a",
      MessageContext(
        locale: "en",
        values: ["name": MessageText.line("<b>x\r\nBcc: y@example.org\u{2028}z\"\u{301}")]))
    guard case .mail(let mail) = made else { throw Failed() }
    #expect(!mail.subject.contains { $0.isNewline })
    #expect(mail.text.split(whereSeparator: \.isNewline).count == 1)
    let html = try #require(mail.html)
    #expect(!html.contains("<b>") && html.contains("&lt;b&gt;x"))
    // A quote is escaped even with a mark on it.
    #expect(html.unicodeScalars.filter { $0 == "\"" }.isEmpty)
  }

  @Test func `A request's body stays JSON, whatever its values hold`() throws {
    let name = "\"}\\ \u{0}\u{7F}\u{2028} 👩‍👩‍👧 \n"
    let made = try templates(["mail/a.json": "{\"name\": \"{{name}}\"}"]).content(
      "a", MessageContext(locale: "en", values: ["name": name]))
    guard case .json(let bytes) = made else { throw Failed() }
    let read = try JSONDecoder().decode([String: String].self, from: Data(bytes))
    #expect(read["name"] == name)
  }

  @Test func `A line above an address becomes a button, lines with hyphens a list`() {
    let html = MessageText.html(
      "Hello\n\n- one\n- two\n\nOpen it:\nhttps://example.com/a?b=1&c=2\n")
    #expect(
      html == """
        <p>Hello</p>
        <ul><li>one</li><li>two</li></ul>
        <p><a class="button" href="https://example.com/a?b=1&amp;c=2">Open it</a></p>
        """)
  }

  @Test func `A template that names a parameter that is not given fails and says which`() throws {
    let templates = try templates(["mail/a.txt": "Subject: {{t.mail.hi}}\n\nx\n"])
    #expect(throws: (any Error).self) {
      try templates.content("a", MessageContext(locale: "en", values: [:]))
    }
  }

  private struct Failed: Error {}

  @Test(arguments: [
    ("a@x.example", true), (" a@x.example ", true), ("crm-4711", true), ("", false), (" ", false),
    ("a@x.example,b@x.example", false), ("a@x.example b@x.example", false),
    ("a@x.example\r\nBcc: b", false), ("a@b@c", false), ("jö@exämple.example", true),
    ("a\u{202E}@x.example", false),
  ])
  func `One address is usable, and none, two or a header are not`(_ text: String, _ isUsable: Bool)
  {
    #expect((Telling.usable(text) != nil) == isUsable)
  }
}
