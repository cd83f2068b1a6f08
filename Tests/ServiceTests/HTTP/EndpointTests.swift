import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
struct EndpointTests {
  @Test func `A report is asked for, published and handed out`() throws {
    let scene = try ServiceScene()
    let token = try scene.token()
    let asked = try scene.send(
      "POST", "/v1/report/anual", token: token,
      body: "{\"tenant_id\": \"\(ServiceScene.acme.uppercased())\", \"period\": \"2026\"}")
    #expect(asked.status == 202, "\(asked.text)")
    let id = try #require(try asked.json()["report_id"] as? Int)
    #expect(asked.headers["location"] == "/v1/report/\(id)")
    var state = try scene.send("GET", "/v1/report/\(id)", token: token).json()
    #expect(state["state"] as? String == "requested")
    #expect(state["report"] as? String == "yearly")
    #expect(state["ahead"] as? Int == 0)
    #expect(state["files"] == nil)

    let film = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try scene.publish(id, film: film)
    state = try scene.send("GET", "/v1/report/\(id)", token: token).json()
    #expect(state["state"] as? String == "published")
    #expect(state["title"] as? String == "The year of acme")
    let files = try #require(state["files"] as? [[String: Any]])
    #expect(files.map { $0["path"] as? String } == ["film.mp4", "index.html", "tables/months.csv"])
    let href = try #require(files.first?["href"] as? String)
    let whole = try scene.send("GET", href, token: token)
    #expect(whole.status == 200 && whole.body == film)
    #expect(whole.headers["content-length"] == "1000000")
    #expect(whole.headers["cache-control"] == "private, max-age=31536000, immutable")
    #expect(whole.headers["content-disposition"] == "inline; filename=\"film.mp4\"")
    let tag = try #require(whole.headers["etag"])
    #expect(tag == "\"\(files[0]["sha256"] as? String ?? "")\"")

    let same = try scene.send("GET", href, token: token, headers: [("If-None-Match", tag)])
    #expect(same.status == 304 && same.body.isEmpty)
    let head = try scene.send("HEAD", href, token: token)
    #expect(head.status == 200 && head.headers["content-length"] == "1000000")
    for (range, bytes) in [
      ("bytes=0-9", 0..<10), ("bytes=131071-131073", 131_071..<131_074),
      ("bytes=999990-", 999_990..<1_000_000), ("bytes=-7", 999_993..<1_000_000),
      ("bytes=500000-9999999", 500_000..<1_000_000),
    ] {
      let part = try scene.send("GET", href, token: token, headers: [("Range", range)])
      #expect(part.status == 206, "\(range)")
      #expect(part.body == Array(film[bytes]), "\(range)")
      #expect(
        part.headers["content-range"]
          == "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/1000000")
    }
    let none = try scene.send("GET", href, token: token, headers: [("Range", "bytes=1000000-")])
    #expect(none.status == 416 && none.headers["content-range"] == "bytes */1000000")
    let changed = try scene.send(
      "GET", href, token: token, headers: [("Range", "bytes=0-9"), ("If-Range", "\"other\"")])
    #expect(changed.status == 200 && changed.body.count == 1_000_000)
  }

  @Test func `A link works without a token, for its file alone`() throws {
    let scene = try ServiceScene()
    let (id, other) = (try scene.ask(), try scene.ask())
    try scene.publish(id)
    try scene.publish(other)
    let state = try scene.send("GET", "/v1/report/\(id)", token: try scene.token()).json()
    let files = try #require(state["files"] as? [[String: Any]])
    let link = try #require(files[0]["link"] as? String)
    #expect(try scene.send("GET", link).body == [1, 2, 3])
    for bad in [
      link.replacing("film.mp4", with: "index.html"),
      link.replacing("until=", with: "until=9"),
      link.replacing(/until=[0-9]+/, with: "until=1"),
      link.replacing(/signature=./, with: "signature=_"),
      String(link.dropLast(4)),
    ] {
      #expect(try scene.send("GET", bad).status == 401, "\(bad)")
    }
    // With a token, the link's own words do not matter.
    #expect(
      try scene.send("GET", link, token: try scene.token(ServiceScene.globex)).status == 404)
  }

  @Test func `Only what the manifest names is handed out, through no link and no dots`() throws {
    let scene = try ServiceScene()
    let id = try scene.ask()
    let location = try scene.publish(id)
    let data = scene.folder.path + "/store/" + location + "/data"
    chmod(data, 0o755)
    try Data("more".utf8).write(to: URL(fileURLWithPath: data + "/more.txt"))
    let token = try scene.token()
    for path in [
      "more.txt", "../datapackage.json", "../../../latest.json", "..%2Fdatapackage.json",
      "%2e%2e/datapackage.json", "tables", "tables/", "", ".", "/etc/passwd", "index.html/",
      "Index.html",
      "tables/../index.html", "index.html%00",
    ] {
      let answer = try scene.send("GET", "/v1/report/\(id)/files/\(path)", token: token)
      #expect(answer.status == 404, "\(path): \(answer.status)")
    }
    // A file that was replaced by a link is not followed.
    #expect(unlink(data + "/film.mp4") == 0)
    #expect(symlink("/etc/passwd", data + "/film.mp4") == 0)
    let linked = try scene.send("GET", "/v1/report/\(id)/files/film.mp4", token: token)
    #expect(linked.status == 500 && !linked.text.contains("root"))
    #expect(try scene.send("GET", "/v1/report/\(id)/files/index.html", token: token).status == 200)
  }

  @Test func `A person's own page is neither listed nor handed out to the tenant's other people`()
    throws
  {
    let scene = try ServiceScene()
    let id = try scene.ask()
    let location = try scene.publish(id)
    let own = "own/secretsecretsecretsecrets2/index.html"
    #expect(access(scene.folder.path + "/store/\(location)/data/\(own)", F_OK) == 0)
    for token in [try scene.token(), try scene.token(nil, scope: "reports:read reports:operator")] {
      let state = try scene.send("GET", "/v1/report/\(id)", token: token)
      #expect(state.status == 200 && state.text.contains("index.html"), "\(state.text)")
      #expect(!state.text.contains("secret"), "\(state.text)")
      #expect(
        try scene.send("GET", "/v1/report/\(id)/files/\(own)", token: token).status == 404)
    }
  }

  @Test func `What is withdrawn or no longer there is gone`() throws {
    let scene = try ServiceScene()
    let id = try scene.ask()
    let location = try scene.publish(id)
    let token = try scene.token()
    let path = "/v1/report/\(id)/files/index.html"
    #expect(try scene.send("GET", path, token: token).status == 200)
    let latest = scene.folder.path + "/store/tenants/acme/yearly/2026/latest.json"
    let head = try #require(FileManager.default.contents(atPath: latest))
    let withdrawn = String(decoding: head, as: UTF8.self)
      .replacing("\"provisional\"", with: "\"withdrawn\"")
    try Data(withdrawn.utf8).write(to: URL(fileURLWithPath: latest), options: .atomic)
    #expect(try scene.send("GET", path, token: token).status == 410)
    let state = try scene.send("GET", "/v1/report/\(id)", token: token).json()
    #expect(state["state"] as? String == "withdrawn" && state["files"] == nil)
    try head.write(to: URL(fileURLWithPath: latest), options: .atomic)
    #expect(try scene.send("GET", path, token: token).status == 200)
    let folder = scene.folder.path + "/store/" + location
    #expect(rename(folder, folder + "-moved") == 0)
    #expect(try scene.send("GET", path, token: token).status == 410)
  }

  @Test func `A row that names another tenant's release gives nothing of it`() throws {
    let scene = try ServiceScene()
    let id = try scene.ask()
    let other = try scene.publish(nil, tenant: ServiceScene.globex, slug: "globex")
    let token = try scene.token()
    for location in [
      other, "operator/yearly/2026/releases/x", "tenants/../operator/2026/releases/x",
      "tenants/globex/yearly/2026/releases/..", "/etc/passwd", "",
    ] {
      try scene.mark(id, "published", location)
      let answer = try scene.send("GET", "/v1/report/\(id)/files/index.html", token: token)
      #expect(answer.status == 410, "\(location): \(answer.status)")
      let state = try scene.send("GET", "/v1/report/\(id)", token: token)
      #expect(!state.text.contains("globex"))
    }
  }

  @Test func `A key gives one request, even when the service is killed in between`() throws {
    let scene = try ServiceScene()
    let key = [(name: "Idempotency-Key", value: "nightly-17")]
    let id = try scene.ask(headers: key)
    #expect(try scene.ask(headers: key) == id)
    try scene.killAndStart()
    #expect(try scene.ask(headers: key) == id)
    // Others have keys of their own, and a key is for one request.
    #expect(try scene.ask(tenant: ServiceScene.globex, headers: key) != id)
    let reused = try scene.send(
      "POST", "/v1/report/sales", token: try scene.token(),
      body: "{\"tenant_id\": \"\(ServiceScene.acme)\"}", headers: key)
    #expect(reused.status == 422)
    #expect(try scene.requests() == 2)
    // The worker fills in the period of a request for the current one.
    let open = [(name: "Idempotency-Key", value: "open")]
    let current = try scene.ask(period: nil, headers: open)
    try scene.database.connect().query(
      "UPDATE yearbook.reports SET period = '2026', status = 'running' WHERE id = $1",
      [String(current)])
    #expect(try scene.ask(period: nil, headers: open) == current)
  }

  @Test func `As many requests wait as can, and one that waits is cancelled`() throws {
    let scene = try ServiceScene("limits: {queue: 2}")
    let (first, second) = (try scene.ask(), try scene.ask())
    let token = try scene.token()
    let body = "{\"tenant_id\": \"\(ServiceScene.acme)\"}"
    let full = try scene.send("POST", "/v1/report/yearly", token: token, body: body)
    #expect(full.status == 429 && full.headers["retry-after"] == "30")
    #expect(try scene.ask(tenant: ServiceScene.globex) > second)
    #expect(
      try scene.send("GET", "/v1/report/\(second)", token: token).json()["ahead"] as? Int == 1)
    #expect(
      try scene.send("DELETE", "/v1/report/\(first)", token: try scene.token(ServiceScene.globex))
        .status == 404)
    #expect(try scene.send("DELETE", "/v1/report/\(first)", token: token).status == 204)
    let state = try scene.send("GET", "/v1/report/\(first)", token: token).json()
    #expect(state["state"] as? String == "cancelled")
    try scene.mark(second, "running")
    let late = try scene.send("DELETE", "/v1/report/\(second)", token: token)
    #expect(late.status == 409 && late.text.contains("running"))
    #expect(try scene.send("POST", "/v1/report/yearly", token: token, body: body).status == 202)
  }

  @Test func `A tenant's requests come a page at a time, the newest first`() throws {
    let scene = try ServiceScene()
    let ids = try (0..<5).map { _ in try scene.ask() }
    _ = try scene.ask(tenant: ServiceScene.globex)
    var found: [Int] = []
    var address: String? = "/v1/tenant/\(ServiceScene.acme)/reports?limit=2"
    var pages = 0
    while let next = address, pages < 10 {
      pages += 1
      let page = try scene.send("GET", next, token: try scene.token()).json()
      let rows = try #require(page["reports"] as? [[String: Any]])
      found += rows.compactMap { $0["report_id"] as? Int }
      address = (page["next"] as? String).map {
        "/v1/tenant/\(ServiceScene.acme)/reports?limit=2&cursor=\($0)"
      }
    }
    #expect(found == ids.reversed() && pages == 3)
  }

  @Test func `Who waits hears of a change, and sees events`() throws {
    let scene = try ServiceScene()
    let id = try scene.ask()
    let token = try scene.token()
    let change = Background {
      usleep(700_000)
      do { try scene.publish(id) } catch { Issue.record(error) }
    }
    let answer = try scene.send("GET", "/v1/report/\(id)?wait=20", token: token).json()
    change.join()
    #expect(answer["state"] as? String == "published")
    let next = try scene.ask()
    #expect(
      try scene.send("GET", "/v1/report/\(next)?wait=1", token: token).json()["state"] as? String
        == "requested")
    let end = Background {
      usleep(700_000)
      do { try scene.mark(next, "failed") } catch { Issue.record(error) }
    }
    let events = try scene.send(
      "GET", "/v1/report/\(next)", token: token, headers: [("Accept", "text/event-stream")])
    end.join()
    #expect(events.headers["content-type"] == "text/event-stream")
    #expect(events.text.components(separatedBy: "event: state\n").count == 3, "\(events.text)")
    #expect(events.text.contains("\"state\":\"failed\""))
  }
}
