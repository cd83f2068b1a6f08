import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// The pages in headless Chromium, on a service that is tried on this machine over plain HTTP.
@Suite(
  .enabled(if: ServiceScene.missing == nil, "the service is not built"),
  .enabled(
    if: Places.judgesPython != nil && Places.program("chromium-headless-shell") != nil,
    "scripts/install-judges was not run"))
struct PageBrowserTests {
  private static let settings = """
    pages:
      key: link.key
      templates: \(Places.project)/templates
      titles: {yearly: {en: Year in review, pt-BR: Retrospectiva, es: Resumen del año}}
    """
  private static let everything = "reports:read reports:request reports:operator"

  /// Runs the browser; what it printed. To look at its pictures: YEARBOOK_PICTURES=FOLDER
  private func browse(_ mode: String, _ scene: ServiceScene, _ given: Any) throws -> String {
    let python = try #require(Places.judgesPython)
    let pictures =
      getenv("YEARBOOK_PICTURES").map { String(cString: $0) } ?? scene.folder.path + "/pictures"
    let path = scene.folder.path + "/given.json"
    try JSONSerialization.data(withJSONObject: given).write(to: URL(fileURLWithPath: path))
    let outcome = try Program.run([
      python, Places.project + "/Tests/Fixtures/service_pages.py", mode,
      "http://127.0.0.1:\(scene.port)", pictures, path,
    ])
    #expect(outcome.status == 0, "\(outcome.output)")
    return outcome.output
  }

  @Test(.enabled(if: Places.noYearbook == nil, "the program is not built"))
  func `A person signs in, asks for a report, sees it made and opens it, without JavaScript`()
    throws
  {
    let scene = try ServiceScene(Self.settings)
    let worker = try Worker(scene)
    // The worker does not know this one.
    let failed = try scene.ask("sales")
    let output = try browse(
      "use", scene,
      [
        "tenant": try scene.token(subject: "ana"),
        "operator": try scene.token(nil, scope: Self.everything, subject: "op"),
      ])
    let data = Data(output.split(separator: "\n").last.map(String.init)?.utf8 ?? "".utf8)
    let seen = try #require(
      JSONSerialization.jsonObject(with: data) as? [String: Any], "\(output)\n\(worker.output)")
    #expect(seen["door"] as? Int == 401)
    #expect(seen["first"] as? String == "Reports")
    let cookie = try #require(seen["cookie"] as? [String: Any])
    #expect(cookie["name"] as? String == "yearbook-session")
    #expect(cookie["httpOnly"] as? Bool == true && cookie["sameSite"] as? String == "Strict")
    #expect(["Waiting", "Being made", "✓ Ready", "Ready"].contains(seen["waits"] as? String ?? ""))
    #expect((seen["files"] as? [String])?.contains("index.html") == true)
    #expect((seen["report"] as? String)?.contains("Year in review") == true)
    #expect((seen["csv"] as? String)?.contains("username") == true)
    #expect((seen["listed"] as? String)?.contains("Year in review") == true)
    #expect(seen["after"] as? [Int] == [401, 0])
    #expect(seen["operator"] as? String == "Overview")
    #expect((seen["error"] as? String)?.contains("no such report") == true)
    #expect(seen["confirm"] as? String == "Make this report?")
    #expect(seen["retried"] as? String != "/report/\(failed)")
    let rows = try scene.database.connect().query(
      "SELECT report_type, count(*) AS n FROM yearbook.reports WHERE is_request GROUP BY 1 ORDER BY 1"
    )
    #expect(try rows.map { try $0.string("report_type") } == ["SALES", "YEARLY"])
    #expect(try rows.map { try $0.int("n") } == [2, 1])
    try worker.stop()
  }

  @Test func `All pages can be read, on a phone and a desktop, in light and dark`() throws {
    let scene = try ServiceScene(Self.settings)
    let (ready, failed, running, waiting) = (
      try scene.ask(), try scene.ask("sales"), try scene.ask(period: "2026-03-01..2026-05-15"),
      try scene.ask("sales", tenant: ServiceScene.globex, period: nil)
    )
    let location = try scene.publish(ready)
    try scene.mark(failed, "failed")
    try scene.mark(running, "running")
    let record = try scene.database.connect()
    try record.query(
      "UPDATE yearbook.reports SET failure = 'fault' WHERE id = $1", ["\(failed)"])
    try record.query(
      """
      INSERT INTO yearbook.reports
        (tenant_id, report_type, period, status, location, is_request, finished)
      VALUES ($1, 'YEARLY', '2026', 'published', $2, false, now()),
        ($1, 'SALES', '2026-03', 'withdrawn', NULL, false, now())
      """, [ServiceScene.acme, location])
    let output = try browse(
      "judge", scene,
      [
        "nobody": ["token": NSNull(), "paths": ["/", "/report/1"]],
        "tenant": [
          "token": try scene.token(),
          "paths": [
            "/?still=1", "/ask", "/report/\(ready)", "/report/\(failed)",
            "/report/\(running)?still=1", "/report/\(waiting)",
          ],
        ],
        "empty": [
          "token": try scene.token("99999999-0000-4000-8000-000000000009"), "paths": ["/"],
        ],
        "operator": [
          "token": try scene.token(nil, scope: Self.everything),
          "paths": [
            "/?still=1", "/tenants", "/?tenant=acme&still=1", "/ask?tenant=x&period=20x6&check=1",
            "/ask?tenant=acme&report=yearly&period=2026&check=1", "/report/\(waiting)?still=1",
          ],
        ],
      ])
    #expect(output == "", "\(output)")
  }
}
