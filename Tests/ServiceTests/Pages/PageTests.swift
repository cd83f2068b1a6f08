import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// The pages for people over HTTP, as a browser behind TLS asks for them.
@Suite(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
struct PageTests {
  private static let everything = "reports:read reports:request reports:operator"

  @Test func `A person signs in with a token, and the browser keeps it as long as it is good`()
    throws
  {
    let scene = try ServiceScene(Visitor.settings)
    let stranger = Visitor(scene: scene)
    let door = try stranger.get("/report/7")
    #expect(door.status == 401 && door.text.contains("name=\"to\" value=\"/report/7\""))
    #expect(door.headers["www-authenticate"] == "Bearer realm=\"yearbook\"")
    let token = try scene.token()
    let answer = try stranger.post("/sign-in", [("token", " \(token)\n"), ("to", "/report/7")])
    #expect(answer.status == 303 && answer.headers["location"] == "/report/7")
    let cookie = try #require(answer.headers["set-cookie"])
    #expect(cookie.hasPrefix("__Host-yearbook-session=\(token); Path=/; Max-Age="))
    #expect(cookie.hasSuffix("; HttpOnly; SameSite=Strict; Secure"))
    let seconds = cookie.firstMatch(of: /Max-Age=([0-9]+)/).flatMap { Int($0.output.1) }
    #expect((3500...3600).contains(seconds ?? 0))
    for path in ["//evil.example", "https://evil.example", "/sign-out", "/\\evil", "/v1/x", "x"] {
      let answer = try stranger.post("/sign-in", [("token", token), ("to", path)])
      #expect(answer.headers["location"] == "/", "\(path)")
    }
    for (what, bad) in try scene.issuer.badTokens(tenant: ServiceScene.acme) {
      let answer = try stranger.post("/sign-in", [("token", bad)])
      #expect(answer.status == 401 && answer.headers["set-cookie"] == nil, "\(what)")
    }
    #expect(!scene.program.output.contains("eyJ"))
    // Out again: the form is this session's alone.
    let visitor = Visitor(scene: scene, token: token)
    let form = try visitor.form(on: "/", to: "/sign-out")
    let other = Visitor(scene: scene, token: try scene.token(subject: "other"))
    #expect(try other.post("/sign-out", [("form", form)]).status == 403)
    #expect(try visitor.post("/sign-out", []).status == 403)
    let out = try visitor.post("/sign-out", [("form", form)])
    #expect(out.status == 303 && out.headers["set-cookie"]?.contains("Max-Age=0") == true)
    #expect(out.headers["clear-site-data"] == "\"cache\"")
  }

  @Test func `Only our own pages and those that are listed can sign somebody in`() throws {
    let scene = try ServiceScene(Visitor.settings)
    let stranger = Visitor(scene: scene)
    let fields = [("token", try scene.token()), ("to", "/ask")]
    for origin in [
      nil, "null", "https://evil.example", "http://reports.example.org",
      "https://reports.example.org.evil.example", "https://reports.example.org:444",
    ] {
      let answer = try stranger.post("/sign-in", fields, origin: origin)
      #expect(
        answer.status == 403 && answer.headers["set-cookie"] == nil, "\(origin ?? "none")")
    }
    let lying = try stranger.post(
      "/sign-in", fields, headers: [("Sec-Fetch-Site", "cross-site")])
    #expect(lying.status == 403)
    // A redirect would not bring the cookie along; a page does.
    let listed = try stranger.post(
      "/sign-in", fields, origin: Visitor.platform, headers: [("Sec-Fetch-Site", "same-site")])
    #expect(listed.status == 200 && listed.headers["set-cookie"]?.contains("Strict") == true)
    #expect(listed.text.contains("http-equiv=\"refresh\" content=\"0; url=/ask\""))
    // Listed is for signing in, and for nothing else.
    let visitor = Visitor(scene: scene, token: fields[0].1)
    let form = try visitor.form(on: "/ask", to: "/ask")
    let asked = try visitor.post(
      "/ask", [("form", form), ("report", "yearly")], origin: Visitor.platform)
    #expect(asked.status == 403)
    #expect(try scene.requests() == 0)
    // Who follows a link of another site comes in with one step more.
    let link = try stranger.get(
      "/report/3", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")])
    #expect(link.status == 200 && link.text.contains("content=\"0; url=/report/3\""))
  }

  @Test func `Each page refuses whoever has no right to it, and writes nothing`() throws {
    let scene = try ServiceScene(
      Visitor.settings + "\nlimits: {caller_rate: 10000, tenant_rate: 10000}")
    let id = try scene.ask()
    try scene.publish(id)
    let acme = Visitor(scene: scene, token: try scene.token())
    let form = try acme.form(on: "/ask", to: "/ask")
    let wish = [("form", form), ("report", "yearly"), ("period", "2025")]
    let pages = [
      "/", "/ask", "/report/\(id)", "/tenants", "/?tenant=\(ServiceScene.acme)",
      "/v1/report/\(id)/files/index.html",
    ]
    var bad = try scene.issuer.badTokens(tenant: ServiceScene.acme)
    bad["two cookies"] = "\(try scene.token()); __Host-yearbook-session=\(try scene.token())"
    bad["no cookie"] = "x; __Host-yearbook-session="
    for (what, token) in bad where !token.contains("let me") {
      let visitor = Visitor(scene: scene, token: token)
      for page in pages {
        #expect(try visitor.get(page).status == 401, "\(what): \(page)")
      }
      #expect(try visitor.post("/ask", wish).status == 401, "\(what)")
    }
    // The right tenant without the scopes.
    let asker = Visitor(scene: scene, token: try scene.token(scope: "reports:request"))
    for page in pages { #expect(try asker.get(page).status == 403, "\(page)") }
    let reader = Visitor(scene: scene, token: try scene.token(scope: "reports:read"))
    #expect(try reader.get("/").status == 200)
    #expect(try !reader.get("/").text.contains("/ask"))
    #expect(try reader.get("/ask").status == 403)
    #expect(try reader.post("/ask", wish).status == 403)
    // Another tenant, and none.
    let globex = Visitor(scene: scene, token: try scene.token(ServiceScene.globex))
    #expect(try globex.get("/report/\(id)").status == 404)
    #expect(try globex.get("/v1/report/\(id)/files/index.html").status == 404)
    #expect(try globex.get("/?tenant=\(ServiceScene.acme)").status == 403)
    #expect(try globex.get("/tenants").status == 404)
    #expect(try !globex.get("/").text.contains("acme"))
    let nobody = Visitor(scene: scene, token: try scene.token(nil))
    for page in pages { #expect(try nobody.get(page).status == 403, "\(page)") }
    // Forms that are not this person's, not for this, or not from here.
    #expect(try globex.post("/ask", wish).status == 403)
    #expect(try acme.post("/ask", wish + [("tenant", ServiceScene.globex)]).status == 403)
    for (fields, origin) in [
      (Array(wish.dropFirst()), Visitor.origin),
      ([("form", "x")] + wish.dropFirst(), Visitor.origin),
      ([("form", String(form.dropLast(2)))] + wish.dropFirst(), Visitor.origin),
      ([("form", "1" + form)] + wish.dropFirst(), Visitor.origin),
      ([("form", try acme.form(on: "/", to: "/sign-out"))] + wish.dropFirst(), Visitor.origin),
      (wish, "https://evil.example"), (wish, "null"), (wish, nil),
    ] as [([(String, String)], String?)] {
      #expect(try acme.post("/ask", fields, origin: origin).status == 403, "\(fields)")
    }
    #expect(
      try acme.post("/ask", wish, headers: [("Sec-Fetch-Site", "cross-site")]).status == 403)
    #expect(try acme.post("/ask", wish + [("report", "yearly")]).status == 400)
    #expect(try acme.post("/report/\(id)", wish).status == 405)
    #expect(try scene.requests() == 1)
    #expect(try acme.post("/ask", wish).status == 303)
  }

  @Test func `However often a form is sent, there is one request`() throws {
    let scene = try ServiceScene(Visitor.settings)
    let visitor = Visitor(scene: scene, token: try scene.token())
    let form = try visitor.form(on: "/ask", to: "/ask")
    let first = try visitor.post(
      "/ask", [("form", form), ("report", "yearly"), ("period", " 2026 ")])
    let again = try visitor.post(
      "/ask", [("form", form), ("report", "yearly"), ("period", "2026")])
    #expect(first.status == 303 && again.headers["location"] == first.headers["location"])
    #expect(first.headers["location"]?.hasPrefix("/report/") == true)
    let other = try visitor.post(
      "/ask", [("form", form), ("report", "yearly"), ("period", "2025")])
    #expect(other.headers["location"] != first.headers["location"])
    let wrong = try visitor.post(
      "/ask", [("form", form), ("report", "yearly"), ("period", "20x6")])
    #expect(wrong.status == 422 && wrong.text.contains("value=\"20x6\""))
    #expect(wrong.text.contains("aria-invalid=\"true\"") && wrong.text.contains("not a period"))
    #expect(
      try visitor.post("/ask", [("form", form), ("report", "other")]).status == 422)
    #expect(try scene.requests() == 2)
    let page = try visitor.get(try #require(first.headers["location"]))
    #expect(page.headers["refresh"] == "5" && page.text.contains("?still=1"))
    #expect(page.text.contains("aria-current=\"step\">Waiting"))
    let still = try visitor.get((first.headers["location"] ?? "") + "?still=1")
    #expect(still.headers["refresh"] == nil)
  }

  @Test func `An operator sees what failed, and asks for the same again after confirming it`()
    throws
  {
    let scene = try ServiceScene(Visitor.settings)
    let (acme, globex) = (try scene.ask(), try scene.ask(tenant: ServiceScene.globex))
    try scene.publish(nil)
    try scene.publish(nil, tenant: ServiceScene.globex, slug: "globex")
    try scene.mark(acme, "failed")
    try scene.database.connect().query(
      "UPDATE yearbook.reports SET error = 'globex: /srv/store', failure = 'data' WHERE id = $1",
      ["\(acme)"])
    let visitor = Visitor(scene: scene, token: try scene.token(nil, scope: Self.everything))
    let page = try visitor.get("/")
    #expect(page.status == 200 && page.headers["refresh"] == "5")
    #expect(page.text.contains("The data cannot be used as they are"))
    #expect(!page.text.contains("/srv/store"))
    #expect(page.text.contains("Year in review"))
    let query = "tenant=\(ServiceScene.acme)&report=yearly&period=2026&check=1"
    #expect(page.text.contains("href=\"/ask?\(query.replacing("&", with: "&amp;"))\""))
    let confirm = try visitor.get("/ask?" + query)
    #expect(confirm.status == 200 && confirm.text.contains(ServiceScene.acme))
    let form = try #require(Visitor.form(in: confirm.text, to: "/ask"))
    let wish = [("form", form), ("report", "yearly"), ("period", "2026")]
    // What was not confirmed is not taken.
    #expect(try visitor.post("/ask", wish + [("tenant", ServiceScene.globex)]).status == 403)
    let asked = try visitor.post("/ask", wish + [("tenant", ServiceScene.acme)])
    let location = try #require(asked.headers["location"])
    #expect(asked.status == 303 && location != "/report/\(acme)")
    // It is no longer among those that failed.
    #expect(try !visitor.get("/").text.contains("The data cannot be used"))
    #expect(try visitor.get("/report/\(globex)").status == 200)
    #expect(try visitor.get("/tenants").text.contains(ServiceScene.acme))
    #expect(try visitor.get("/ask?tenant=nobody&report=yearly&check=1").status == 422)
    #expect(try visitor.get("/ask?check=1").status == 422)
    #expect(try visitor.get("/?tenant=nobody").status == 404)
  }

  @Test func `An operator chooses a tenant by its folder, which must be the tenant's`() throws {
    let scene = try ServiceScene(Visitor.settings)
    let id = try scene.ask()
    let location = try scene.publish(id)
    try scene.database.connect().query(
      """
      INSERT INTO yearbook.reports (tenant_id, report_type, period, status, location, is_request)
      VALUES ($1, 'YEARLY', '2026', 'published', $2, false)
        ON CONFLICT DO NOTHING
      """, [ServiceScene.globex, location])
    let visitor = Visitor(scene: scene, token: try scene.token(nil, scope: Self.everything))
    let page = try visitor.get("/?tenant=acme")
    #expect(page.status == 200 && page.text.contains("<bdi>acme</bdi>"), "\(page.text)")
    // A row of another tenant that names this folder gives it neither the name nor the report.
    let other = try visitor.get("/?tenant=\(ServiceScene.globex)")
    #expect(other.status == 200 && !other.text.contains("acme"), "\(other.text)")
    #expect(
      try visitor.get("/ask?tenant=acme&report=yearly&check=1").text.contains(ServiceScene.acme))
  }

  @Test func `A file is opened with the cookie, and nothing in it can act for the person`() throws {
    let scene = try ServiceScene(Visitor.settings)
    let id = try scene.ask()
    try scene.publish(id)
    let visitor = Visitor(scene: scene, token: try scene.token())
    let path = "/v1/report/\(id)/files/index.html"
    let page = try visitor.get(path)
    #expect(page.status == 200 && page.text.contains("<title>acme</title>"))
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.hasPrefix("sandbox allow-same-origin allow-popups allow-downloads; default-src"))
    #expect(!policy.contains("allow-scripts") && !policy.contains("allow-forms"))
    #expect(!policy.contains("script-src") && policy.contains("form-action 'none'"))
    #expect(page.headers["x-content-type-options"] == "nosniff")
    // The next person at this browser must not find it there.
    #expect(page.headers["cache-control"] == "private, no-cache")
    let tag = try #require(page.headers["etag"])
    #expect(try visitor.get(path, [("If-None-Match", tag)]).status == 304)
    #expect(try Visitor(scene: scene).get(path, [("If-None-Match", tag)]).status == 401)
    // The cookie opens files and pages, and no endpoint.
    for path in ["/v1/report/\(id)", "/v1/tenant/\(ServiceScene.acme)/reports"] {
      #expect(try visitor.get(path).status == 401, "\(path)")
    }
    let asked = try scene.send(
      "POST", "/v1/report/yearly", body: "{\"tenant_id\": \"\(ServiceScene.acme)\"}",
      headers: [("Cookie", "__Host-yearbook-session=\(try scene.token())")])
    #expect(asked.status == 401)
    // A person without a session is shown where to sign in; a program gets a problem.
    let door = try Visitor(scene: scene).get(path, [("Accept", "text/html,*/*")])
    #expect(door.status == 401 && door.text.contains("name=\"to\" value=\"\(path)\""))
    #expect(
      try scene.send("GET", path).headers["content-type"] == "application/problem+json")
  }

  @Test func `A proxy in front can send the token along, and its pages have forms that work`()
    throws
  {
    let scene = try ServiceScene(Visitor.settings)
    let token = [(name: "Authorization", value: "Bearer \(try scene.token())")]
    let visitor = Visitor(scene: scene)
    let page = try visitor.get("/ask", token)
    #expect(page.status == 200 && !page.text.contains("/sign-out"))
    let form = try #require(Visitor.form(in: page.text, to: "/ask"))
    // By then, the proxy has a new token of the same person.
    let next = try scene.issuer.token(
      TestIssuer.claims(tenant: ServiceScene.acme).merging(["more": 1]) { $1 })
    let asked = try visitor.post(
      "/ask", [("form", form), ("report", "yearly")],
      headers: [("Authorization", "Bearer \(next)")])
    #expect(asked.status == 303, "\(asked.text)")
    // What the proxy says goes before an old cookie.
    let other = Visitor(scene: scene, token: try scene.token(ServiceScene.globex))
    #expect(try other.get(asked.headers["location"] ?? "", token).status == 200)
  }

  @Test func `Pages speak the language that is wanted, and remember the one that was chosen`()
    throws
  {
    let scene = try ServiceScene(Visitor.settings)
    var visitor = Visitor(scene: scene, token: try scene.token(), language: "pt-BR")
    let page = try visitor.get("/ask")
    #expect(page.text.contains("lang=\"pt-BR\"") && page.text.contains("Pedir um relatório"))
    #expect(page.text.contains("Retrospectiva"))
    let chosen = try visitor.get("/ask?language=es")
    #expect(chosen.text.contains("Pedir un informe"))
    #expect(chosen.headers["set-cookie"]?.hasPrefix("__Host-yearbook-language=es; ") == true)
    visitor.language = "es"
    #expect(try visitor.get("/none").status == 404)
    #expect(try visitor.get("/ask?language=xx").headers["set-cookie"] == nil)
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
    #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
    #expect(page.headers["cache-control"] == "no-store")
    #expect(page.headers["referrer-policy"] == "same-origin")
    #expect(!page.text.contains("<script") && !page.text.contains("style=\""))
  }

  @Test func `Without settings there are no pages, and with wrong ones no service`() throws {
    let scene = try ServiceScene()
    for path in ["/", "/sign-in", "/ask", "/report/1", "/tenants"] {
      #expect(try scene.send("GET", path).status == 404, "\(path)")
    }
    let base = try String(contentsOfFile: scene.folder.path + "/serve.yaml", encoding: .utf8)
    for (pages, fault) in [
      (
        "{key: none.key, templates: \(Places.project)/templates}", "the key of the pages is missing"
      ),
      ("{key: link.key, templates: none}", "messages folder"),
      ("{key: link.key, origin: 'http://reports.example.org'}", "expected https://HOST"),
      ("{key: link.key, origin: 'https://reports.example.org/x'}", "expected https://HOST"),
      ("{key: link.key, sign_in_from: ['*']}", "expected https://HOST"),
      ("{templates: \(Places.project)/templates}", "the key 'key' is missing"),
      ("{key: link.key, script: x}", "unknown key 'script'"),
    ] {
      let path = scene.folder.path + "/other.yaml"
      try Data("\(base)\npages: \(pages)\n".utf8).write(to: URL(fileURLWithPath: path))
      let outcome = try Program.run([Places.products + "/yearbook-serve", "--check", path])
      #expect(outcome.status == 78 && outcome.output.contains(fault), "\(outcome.output)")
    }
    let path = scene.folder.path + "/other.yaml"
    try Data(
      "\(base.replacing("127.0.0.1:0", with: "unix:x.sock"))\npages: {key: link.key}\n".utf8
    ).write(to: URL(fileURLWithPath: path))
    let outcome = try Program.run([Places.products + "/yearbook-serve", "--check", path])
    #expect(outcome.status == 78 && outcome.output.contains("the key 'origin' is missing"))
  }
}
