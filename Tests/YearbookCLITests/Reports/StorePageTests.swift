import Foundation
import TestSupport
import Testing

/// The store's pages from the file system and from a static web server, in a browser.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: Places.program("chromium-headless-shell") != nil,
    "chromium-headless-shell is not installed"))
struct StorePageTests {
  private static let browser = Places.program("chromium-headless-shell")
  private static let python = Places.program("python3")

  /// What the browser shows at an address, once it has followed where the page leads.
  private func page(_ address: String, after: String = "") throws -> String {
    let browser = try #require(Self.browser)
    let command =
      "\(after) \(browser) --no-sandbox --disable-gpu --virtual-time-budget=3000 --dump-dom"
      + " '\(address)' 2>/dev/null"
    let outcome = try Program.run(["/bin/bash", "-c", command])
    #expect(outcome.status == 0)
    return outcome.output
  }

  @Test func `Every link leads somewhere, from a disk and from a web server`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      let run = try here.yearbook(["run", "rows", "--period", "2025", "--period", "2026-03"])
      #expect(run.status == 0, "\(run.output)")
      let store = "\(here.folder)/store"
      for start in ["tenants/acme/index.html", "operator/index.html"] {
        #expect(try follow(start, store) >= 3, "\(start)")
      }
      let address = "tenants/acme/rows/2025/index.html"
      let people = "people.csv"
      #expect(try page("file://\(store)/tenants/acme/index.html").contains("rows/2025/index.html"))
      let python = try #require(Self.python)
      let port = 20_000 + Int.random(in: 0..<20_000)
      let server =
        // Nothing of it may outlive the test, whichever signals it was started with ignored.
        "cd '\(store)'; timeout -s KILL 30 \(python) -m http.server --bind 127.0.0.1 \(port)"
        + " >/dev/null 2>&1 & server=$!; trap 'pkill -KILL -P $server; kill -KILL $server' EXIT; for i in $(seq 100); do"
        + " (exec 3<>/dev/tcp/127.0.0.1/\(port)) 2>/dev/null && break; sleep 0.1; done;"
      let index = try page("http://127.0.0.1:\(port)/tenants/acme/index.html", after: server)
      #expect(index.contains("rows/2025/index.html"))
      // The stable address leads on to the newest release's first file.
      let led = try String(contentsOfFile: "\(store)/\(address)", encoding: .utf8)
      #expect(led.contains("http-equiv=\"refresh\"") && led.contains(people))
    }
  }

  /// Follows every relative link from a page, and gives how many pages and files it found.
  private func follow(_ start: String, _ store: String) throws -> Int {
    var seen: Set<String> = []
    var next = [start]
    while let path = next.popLast() {
      guard seen.insert(path).inserted else { continue }
      let file = URL(filePath: "\(store)/\(path)")
      let data = try #require(FileManager.default.contents(atPath: file.path), "\(path) is missing")
      guard path.hasSuffix(".html") else { continue }
      let text = String(decoding: data, as: UTF8.self)
      for name in ["href=\"", "src=\"", "url="] {
        for part in text.components(separatedBy: name).dropFirst() {
          let link = String(part.prefix { $0 != "\"" })
          guard !link.contains(":"), !link.hasPrefix("#") else { continue }
          let target = URL(filePath: link, relativeTo: file).standardizedFileURL.path
          #expect(target.hasPrefix(store), "\(path) leads out: \(link)")
          next.append(String(target.dropFirst(store.count + 1)))
        }
      }
    }
    return seen.count
  }
}
