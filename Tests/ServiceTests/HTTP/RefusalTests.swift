import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
struct RefusalTests {
  private struct Endpoint {
    var method: String
    var path: String
    var body: String?
    /// What another tenant gets.
    var stranger: Int
    /// The scope that is needed.
    var scope: String
  }

  private func endpoints(_ id: Int) -> [Endpoint] {
    let body = "{\"tenant_id\": \"\(ServiceScene.acme)\", \"period\": \"2026\"}"
    return [
      Endpoint(
        method: "POST", path: "/v1/report/yearly", body: body, stranger: 403,
        scope: "reports:request"),
      Endpoint(
        method: "POST", path: "/v1/report/anual", body: body, stranger: 403,
        scope: "reports:request"),
      Endpoint(
        method: "DELETE", path: "/v1/report/\(id)", stranger: 404, scope: "reports:request"),
      Endpoint(method: "GET", path: "/v1/report/\(id)", stranger: 404, scope: "reports:read"),
      Endpoint(method: "HEAD", path: "/v1/report/\(id)", stranger: 404, scope: "reports:read"),
      Endpoint(
        method: "GET", path: "/v1/report/\(id)?wait=1", stranger: 404, scope: "reports:read"),
      Endpoint(
        method: "GET", path: "/v1/report/\(id)/files/index.html", stranger: 404,
        scope: "reports:read"),
      Endpoint(
        method: "GET", path: "/v1/tenant/\(ServiceScene.acme)/reports", stranger: 403,
        scope: "reports:read"),
    ]
  }

  @Test func `Each endpoint refuses each bad token, and writes nothing`() throws {
    let scene = try ServiceScene("limits: {caller_rate: 10000, tenant_rate: 10000}")
    let id = try scene.ask()
    try scene.publish(id)
    let bad = try scene.issuer.badTokens(tenant: ServiceScene.acme)
    #expect(bad.count == 30)
    for endpoint in endpoints(id) {
      for (what, token) in bad {
        let answer = try scene.send(
          endpoint.method, endpoint.path, token: token, body: endpoint.body)
        #expect(
          answer.status == 401, "\(endpoint.method) \(endpoint.path), \(what): \(answer.status)")
        #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
      }
      let none = try scene.send(endpoint.method, endpoint.path, body: endpoint.body)
      #expect(none.status == 401)
      // The right tenant without the scope, and with words that only look like it.
      for scope in ["", "reports", "\(endpoint.scope)s", endpoint.scope.uppercased()] {
        let answer = try scene.send(
          endpoint.method, endpoint.path, token: try scene.token(scope: scope),
          body: endpoint.body)
        #expect(answer.status == 403, "\(endpoint.method) \(endpoint.path), \(scope)")
      }
      // Another tenant, one that does not exist, and no tenant at all.
      let stranger = try scene.send(
        endpoint.method, endpoint.path, token: try scene.token(ServiceScene.globex),
        body: endpoint.body)
      let unknown = try scene.send(
        endpoint.method, endpoint.path,
        token: try scene.token("99999999-0000-4000-8000-000000000009"), body: endpoint.body)
      let nobody = try scene.send(
        endpoint.method, endpoint.path, token: try scene.token(nil), body: endpoint.body)
      #expect(stranger.status == endpoint.stranger, "\(endpoint.method) \(endpoint.path)")
      #expect(unknown.status == endpoint.stranger && unknown.body == stranger.body)
      #expect(nobody.status == 403)
    }
    #expect(try scene.requests() == 1)
    #expect(try scene.send("GET", "/v1/report/\(id)", token: try scene.token()).status == 200)
    let metrics = try scene.send("GET", "/metrics").text
    #expect(metrics.contains("reason=\"algorithm\"} 40") && !metrics.contains("acme"))
    #expect(!scene.program.output.contains("eyJ"))
  }

  @Test func `Good tokens of each kind of key are believed, and the operator reaches all`() throws {
    let scene = try ServiceScene()
    let id = try scene.ask()
    for key in ["rsa", "curve", "edwards"] {
      let token = try scene.issuer.token(
        TestIssuer.claims(tenant: ServiceScene.acme, scope: "other reports:read"), key: key)
      #expect(try scene.send("GET", "/v1/report/\(id)", token: token).status == 200, "\(key)")
    }
    let all = try scene.token(nil, scope: "reports:read reports:request reports:operator")
    #expect(try scene.send("GET", "/v1/report/\(id)", token: all).status == 200)
    #expect(
      try scene.send("GET", "/v1/tenant/\(ServiceScene.acme)/reports", token: all).status == 200)
    let asked = try scene.send(
      "POST", "/v1/report/yearly", token: all,
      body: "{\"tenant_id\": \"\(ServiceScene.globex)\"}")
    #expect(asked.status == 202)
    // The scope to reach all tenants is not one to read or to ask.
    let bare = try scene.token(ServiceScene.acme, scope: "reports:operator")
    #expect(try scene.send("GET", "/v1/report/\(id)", token: bare).status == 403)
  }

  @Test func `What is not a request for a report is refused with what is wrong`() throws {
    let scene = try ServiceScene()
    let token = try scene.token()
    let acme = ServiceScene.acme
    let bodies: [(String, Int)] = [
      ("", 400), ("[]", 400), ("{", 400), ("{}", 400), ("null", 400), ("\"x\"", 400),
      ("{\"tenant_id\": null}", 400), ("{\"tenant_id\": {}}", 400), ("{\"tenant_id\": 1.5}", 400),
      ("{\"tenant_id\": 7}", 403), ("{\"tenant_id\": \"\"}", 403),
      ("{\"tenant_id\": \"\(ServiceScene.globex)\"}", 403),
      ("{\"tenant_id\": \"\(acme)\", \"perod\": \"2026\"}", 400),
      ("{\"tenant_id\": \"\(acme)\", \"period\": \"2026-13\"}", 400),
      ("{\"tenant_id\": \"\(acme)\", \"period\": 2026}", 400),
      ("{\"tenant_id\": \"\(acme)\", \"user_id\": \"me\"}", 400),
      ("{\"tenant_id\": \"\(acme)\", \"period\": \"2026\\u0000\"}", 400),
    ]
    for (body, status) in bodies {
      let answer = try scene.send(
        "POST", "/v1/report/yearly", token: token, body: body,
        headers: [("Accept-Language", "es;q=0.5, pt-BR")])
      #expect(answer.status == status, "\(body): \(answer.status) \(answer.text)")
      #expect(answer.headers["content-type"] == "application/problem+json")
      #expect(answer.headers["content-language"] == "pt-BR")
    }
    let good = "{\"tenant_id\": \"\(acme)\"}"
    func status(_ headers: [(name: String, value: String)]) throws -> Int {
      try scene.send("POST", "/v1/report/yearly", token: token, body: good, headers: headers).status
    }
    #expect(try status([("Content-Type", "text/plain")]) == 415)
    #expect(try status([("Idempotency-Key", String(repeating: "k", count: 256))]) == 400)
    let long = try scene.send(
      "POST", "/v1/report/yearly", token: token, body: good + String(repeating: " ", count: 20_000))
    #expect(long.status == 413)
    let chunked = try scene.send(
      "POST", "/v1/report/yearly", token: token, body: good + String(repeating: " ", count: 20_000),
      headers: [("Transfer-Encoding", "chunked")])
    #expect(chunked.status == 413)
    #expect(try scene.send("PUT", "/v1/report/yearly", token: token, body: good).status == 405)
    #expect(try scene.send("GET", "/v1/report/yearly", token: token).headers["allow"] == "POST")
    for path in [
      "/", "/v1", "/v1/report/other", "/v1/report/0", "/v1/report/-1", "/v1/report/01",
      "/v1/report/99999999999999999999", "/v1/report/1/files", "/v1/report//", "/v2/report/1",
      "/v1/tenant/\(acme)", "//healthz", "/healthz/",
    ] {
      #expect(try scene.send("GET", path, token: token).status == 404, "\(path)")
    }
    let header = try scene.send(
      "GET", "/healthz", headers: [("X-Long", String(repeating: "x", count: 20_000))])
    #expect(header.status == 400 && header.text.contains("its header is too long"))
    #expect(try scene.requests() == 0)
  }

  @Test func `Who asks too often is told when to come again`() throws {
    let scene = try ServiceScene("limits: {caller_rate: 1, tenant_rate: 100}")
    let token = try scene.token()
    var statuses: [Int] = []
    var wait: String?
    for _ in 0..<15 {
      let answer = try scene.send("GET", "/v1/report/1", token: token)
      statuses.append(answer.status)
      wait = answer.headers["retry-after"] ?? wait
    }
    #expect(statuses.prefix(10).allSatisfy { $0 == 404 } && statuses.last == 429 && wait == "1")
    // Others of the tenant are not held up.
    let other = try scene.token(subject: "other")
    #expect(try scene.send("GET", "/v1/report/1", token: other).status == 404)
  }

  @Test func `The role of the service can do nothing else`() throws {
    let scene = try ServiceScene()
    let role = try Connection(
      scene.database.conninfo + " user=yearbook_service", application: "tests")
    let id = try scene.ask()
    for statement in [
      "UPDATE yearbook.reports SET status = 'failed'", "DELETE FROM yearbook.reports",
      "SELECT user_id FROM yearbook.reports", "SELECT * FROM yearbook.run",
      "SELECT * FROM yearbook.partition", "SELECT * FROM yearbook.erasure",
      "INSERT INTO yearbook.reports (tenant_id, report_type, status, location)"
        + " VALUES ('\(ServiceScene.acme)', 'YEARLY', 'published', 'x')",
      "CREATE TABLE yearbook.mine (id int)", "CREATE SCHEMA mine", "SET ROLE yearbook",
    ] {
      #expect(throws: (any Error).self, "\(statement)") { try role.execute(statement) }
    }
    #expect(
      try role.query(
        "SELECT yearbook.cancel_request($1, $2) AS state", [String(id), ServiceScene.globex]
      ).only().optionalString("state") == nil)
  }

  @Test func `It says when it is ready, and ends when it is told to`() throws {
    let scene = try ServiceScene()
    #expect(try scene.send("GET", "/healthz").text == "ok\n")
    #expect(try scene.send("GET", "/readyz").text == "ready\n")
    let store = scene.folder.path + "/store/tenants"
    #expect(rename(store, store + "-moved") == 0)
    let missing = try scene.send("GET", "/readyz")
    #expect(missing.status == 503 && missing.text.contains("not ready: store"))
    #expect(rename(store + "-moved", store) == 0)
    let document = try scene.send("GET", "/openapi.yaml").text
    #expect(document.hasPrefix("# Written by") && document.contains("/v1/report/anual:"))
    scene.program.send(SIGTERM)
    #expect(try scene.program.wait().status == 0, "\(scene.program.output)")
  }
}
