import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// A tenant of any size works in the same memory, and its catalogue opens in a browser.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct HugeTenantTests {
  private static let isSoak = getenv("YEARBOOK_SOAK") != nil

  private static let rows = """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    VALUES (md5('t')::uuid, 'huge', 'Huge', 'Asia/Tokyo', 'es', 'JPY', '2024-01-01');
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created)
    SELECT md5('u' || n)::uuid, md5('t')::uuid, 'u' || n, 'First' || n, 'Last' || n, 'x@example.org', 30, '2024-01-01'
    FROM generate_series(0, 199) n;
    """

  /// Adds POCs, evenly over the year.
  private func add(_ numbers: ClosedRange<Int>, to connection: Connection) throws {
    try connection.execute(
      """
      INSERT INTO app.pocuser (userid, tenantid, name, description, language, favorite, tags, created)
      SELECT md5('u' || n % 200)::uuid, md5('t')::uuid, 'Proof of concept ' || n, 'What came of number ' || n,
        (ARRAY['Go', 'Swift', 'Elm', NULL])[n % 4 + 1], CASE WHEN n % 1000 = 0 THEN 'Y' ELSE 'N' END, 'x' || n % 97,
        '2025-01-01 00:00+09'::timestamptz + (n % 365) * interval '1 day' + n % 80000 * interval '1 second'
      FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n
      """)
  }

  /// The most memory that the year in review takes, in kilobytes.
  private func run(_ here: Installation) throws -> Int {
    let program = try here.start(["run", "annual", "--period", "2025", "--quiet"])
    let (status, output) = try program.wait()
    try #require(status == 0, "\(output)")
    return program.peakMemory
  }

  @Test func `Memory does not grow with the rows, and the last page opens like the first`() throws {
    try Installation.with { here in
      for name in ["annual", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      let connection = try here.platform.connect()
      try connection.execute(Self.rows)
      try add(1...2000, to: connection)
      let few = try run(here)
      let count = Self.isSoak ? 1_000_000 : 14_000
      try add(2001...count, to: connection)
      let many = try run(here)
      #expect(many < few + 8_000, "\(few) kB for 2,000 rows, \(many) kB for \(count)")
      let names = try here.payload().keys.filter { $0.contains("/pocs-") }
      #expect(names.count == count / 1000)
      if Self.isSoak { try open(here, "pocs-\(count / 1000).html") }
    }
  }

  /// Opens a page in a browser that says nothing, and searches it.
  private func open(_ here: Installation, _ name: String) throws {
    guard let python = Places.judgesPython, let browser = Places.program("chromium-headless-shell")
    else { return }
    let script = """
      import pathlib, sys
      from playwright.sync_api import sync_playwright
      page = max(pathlib.Path(sys.argv[1]).glob("tenants/huge/annual/2025/releases/*/data/" + sys.argv[2]))
      with sync_playwright() as playwright:
          tab = playwright.chromium.launch(executable_path=sys.argv[3], args=["--no-sandbox"]).new_page()
          said = []
          tab.on("console", lambda message: said.append(message.text))
          for address in (page.parent / "index.html", page):
              tab.goto(address.as_uri())
          rows = tab.locator("tbody tr")
          assert rows.count() == 1000, rows.count()
          tab.locator(".search input").fill("elm")
          assert 0 < rows.locator("visible=true").count() < 1000
          assert not said, said
      """
    let (status, output) = try Program.run(
      [python, "-c", script, "\(here.folder)/store", name, browser])
    #expect(status == 0, "\(output)")
  }
}
