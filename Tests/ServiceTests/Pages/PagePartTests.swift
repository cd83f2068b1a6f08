import Diagnostics
import Foundation
import Glibc
import Pipelines
import TestSupport
import Testing

@testable import Service

/// The parts of the pages that need no server.
struct PagePartTests {
  @Test func `A form is good for its purpose, its session and half a day`() throws {
    try withTemporaryFolder { folder in
      let (path, other) = (folder + "/key", folder + "/other")
      try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: path))
      try Data(repeating: 8, count: 32).write(to: URL(fileURLWithPath: other))
      for path in [path, other] { chmod(path, 0o600) }
      let seal = try PageSeal(file: path)
      let now = 1_795_990_048
      let form = seal.form("ask", of: "session", now: now)
      func name(
        _ form: String, _ purpose: String = "ask", _ session: String = "session", after: Int = 0
      ) -> String? { seal.name(of: form, purpose, of: session, now: now + after) }
      let found = try #require(name(form))
      #expect(name(form, after: PageSeal.seconds - 1) == found)
      #expect(name(form, after: PageSeal.seconds) == nil)
      #expect(name(form, after: -1) == nil)
      #expect(name(form, "sign-out") == nil && name(form, "ask", "another") == nil)
      // The border between two texts is a part of what is signed.
      #expect(name(form, "asks", "ession") == nil && name(form, "as", "ksession") == nil)
      for bad in ["", ".", "..", form + ".", "0" + form, form + "x", String(form.dropLast())] {
        #expect(name(bad) == nil, "\(bad)")
      }
      #expect(name(seal.form("ask", of: "session", now: now)) != found)
      #expect(try PageSeal(file: other).name(of: form, "ask", of: "session", now: now) == nil)
      chmod(path, 0o644)
      #expect(throws: (any Error).self) { try PageSeal(file: path) }
      try Data(repeating: 7, count: 31).write(to: URL(fileURLWithPath: other))
      #expect(throws: (any Error).self) { try PageSeal(file: other) }
    }
  }

  @Test func `Forms are read as browsers write them, and a field is there once`() {
    let form = PageForm(Array("a=1+2%20x&b=%C3%A7&c=&d".utf8))
    #expect(form?["a"] == "1 2 x" && form?["b"] == "ç" && form?["c"] == "" && form?["d"] == "")
    #expect(form?["e"] == "")
    for bad in ["a=1&a=2", "a=%", "a=%FF", "a=%zz", String(repeating: "a=1&", count: 30)] {
      #expect(PageForm(Array(bad.utf8)) == nil, "\(bad)")
    }
    #expect(PageForm([0xFF]) == nil)
    #expect(PageForm.query([("a", "x y&z"), ("b", ""), ("c", "ç")]) == "a=x%20y%26z&c=%C3%A7")
  }

  @Test func `After signing in, only pages and files of ours are led to`() {
    for path in ["/", "/ask?tenant=x&check=1", "/report/7", "/v1/report/7/files/a/b.csv"] {
      #expect(PageDoor.path(path) == path)
    }
    for path in [
      "", "//evil.example", "/\\evil.example", "https://evil.example", "/sign-in", "/sign-out",
      "/healthz", "/v1/report/7", "/none", "/ask\r\nSet-Cookie: x=1", "/ask?\u{7F}", "/ã",
      "/ask?" + String(repeating: "x", count: 600),
    ] {
      #expect(PageDoor.path(path) == "/", "\(path)")
    }
  }

  @Test func `All words of the pages are in all languages`() throws {
    let library = try PageLibrary(folder: Places.project + "/templates")
    #expect(library.catalog.missing().map { "\($0.locale) \($0.key)" } == [])
    #expect(library.catalog.strayParameters(except: []).map(\.message) == [])
  }

  @Test func `A page shows texts as data, whatever they are`() throws {
    let library = try PageLibrary(folder: Places.project + "/templates")
    let hostile = "</title><script>alert(1)</script>\"'\u{301}>&{{t.site}}\u{0}"
    for template in PageLibrary.Template.allCases {
      let row: [String: Any] = [
        "report": hostile, "period": hostile, "href": "/x?\(hostile)", "says": hostile,
        "error": hostile, "gone": hostile, "name": hostile, "value": hostile, "id": hostile,
        "whose": ["name": hostile, "href": hostile],
      ]
      var values = row
      for list in ["reports", "requests", "open", "failed", "ended", "tenants", "files"] {
        values[list] = [row]
      }
      values["title"] = hostile
      values["tenant"] = ["name": hostile, "id": hostile]
      values["go_on"] = hostile
      values["fault"] = hostile
      let (html, policy) = library.page(template, values, .english, owner: hostile)
      #expect(html.contains("<h1>&lt;/title&gt;&lt;script&gt;"), "\(template)")
      #expect(!html.contains("<script") && !html.contains("alert(1)<"), "\(template)")
      #expect(!policy.contains("script"))
    }
  }
}
