import Diagnostics
import Markup
import Testing

@Suite struct PageCheckTests {
  private let check = PageCheck(
    name: "index.html", siblings: ["index.html", "posts.csv"],
    addresses: ["../../../../../video/2026/index.html"])

  private func messages(_ body: String) -> [String] {
    let page = "<html><body>\n\(body)\n</body></html>"
    do throws(Diagnostics) {
      try check.check(Array(page.utf8))
      return []
    } catch {
      return error.all.map(\.description)
    }
  }

  @Test func `A page that follows the rules passes`() {
    #expect(
      messages(
        """
        <h1 id="top">x</h1><a href="#top">up</a><a href="posts.csv">csv</a>
        <a href="https://example.org/?q=1">out</a>
        <a href="../../../../../video/2026/index.html">film</a>
        <img alt="" src="data:image/png;base64,AAAA" />
        """) == [])
  }

  @Test func `Everything that is not ours is found in one pass, with its line`() {
    #expect(
      messages(
        """
        <script>1</script>
        <p onclick="x()">a</p>
        <p style="color: red">a</p>
        <p id="a">a</p><p id="a">b</p>
        <a href="#nowhere">a</a>
        """) == [
          "index.html:2: the element 'script' is not allowed",
          "index.html:3: an event handler is not allowed",
          "index.html:4: the attribute 'style' is not allowed",
          "index.html:5: an id is used twice",
          "index.html:6: a link leads to a place that the page does not have",
        ])
  }

  @Test(arguments: [
    ("http://example.org/", "a link is neither https nor relative"),
    ("javascript:alert(1)", "a link is neither https nor relative"),
    ("//example.org/x", "a link is neither https nor relative"),
    ("/etc/passwd", "a link is neither https nor relative"),
    ("data:text/html,x", "a link is neither https nor relative"),
    (
      "https://user:pw@example.org/",
      "the address of a link has no host, or names a user or a password"
    ),
    ("missing.csv", "a link leads to a file that the release does not have"),
    ("../other/posts.csv", "a link leads out of the release"),
    ("a/../../posts.csv", "a link leads out of the release"),
  ])
  func `A link to a wrong place is refused`(address: String, message: String) {
    #expect(messages("<a href=\"\(address)\">x</a>") == ["index.html:2: \(message)"])
  }

  @Test func `A page loads nothing`() {
    #expect(
      messages("<img alt=\"\" src=\"https://example.org/x.png\" />") == [
        "index.html:2: a page must not load anything"
      ])
  }

  @Test(arguments: [
    ("<IFRAME></IFRAME>", "the element 'IFRAME' is not allowed"),
    ("<oBject></oBject>", "the element 'oBject' is not allowed"),
    ("<SCRIPT></SCRIPT>", "the element 'SCRIPT' is not allowed"),
    ("<svg><foreignObject></foreignObject></svg>", "the element 'foreignObject' is not allowed"),
    ("<p ONCLICK=\"x()\">a</p>", "an event handler is not allowed"),
    ("<p oNx=\"x()\">a</p>", "an event handler is not allowed"),
    ("<p STYLE=\"a\">a</p>", "the attribute 'style' is not allowed"),
    ("<p srcDoc=\"a\">a</p>", "the attribute 'srcdoc' is not allowed"),
    ("<p Ping=\"a\">a</p>", "the attribute 'ping' is not allowed"),
    ("<a HREF=\"/x\">a</a>", "a link is neither https nor relative"),
    ("<blockquote cite=\"/x\">a</blockquote>", "a link is neither https nor relative"),
    // The sign for kelvin is a k once it is in lower case, and the g is a Latin one.
    ("<p bac\u{212A}ground=\"a\">a</p>", "the attribute 'background' is not allowed"),
  ])
  func `A name in capitals is found, too`(body: String, message: String) {
    #expect(messages(body) == ["index.html:2: \(message)"])
  }

  @Test func `Names that only look like ours pass`() {
    #expect(
      messages(
        """
        <p data-href="x" data-l="x" o="n" i="d" class="on" órna="x" title="style">a</p>
        <i>a</i><b>b</b><form-like>a</form-like>
        """) == [])
  }

  @Test func `A script's text is all that stands in it, and an element in it is a fault`() {
    let check = PageCheck(name: "index.html", siblings: [], script: "go()")
    func isSound(_ script: String) -> Bool {
      (try? check.check(Array("<html>\(script)<p>go()</p></html>".utf8))) != nil
    }
    #expect(isSound("<script>go()</script>"))
    #expect(!isSound("<script>go()<b />()</script>"))
    #expect(!isSound("<script>go()</script><script>go()</script>"))
    #expect(!isSound("<script>stop()</script>"))
  }
}
