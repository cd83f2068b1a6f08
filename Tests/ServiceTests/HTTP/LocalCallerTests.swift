import Diagnostics
import Foundation
import Glibc
import NIOPosix
import Postgres
import TestSupport
import Testing

@testable import Service

/// Users of this system who ask over the Unix socket without a token.
@Suite(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
struct LocalCallerTests {
  /// What a user gets over the socket.
  private func send(
    _ scene: ServiceScene, as user: String, _ method: String, _ path: String, _ body: String = "",
    headers: [String] = []
  ) throws -> Int {
    let curl = try #require(Places.program("curl"))
    let setpriv = try #require(Places.program("setpriv"))
    let sent = try Program.run(
      [
        setpriv, "--reuid=\(user)", "--regid=65534", "--clear-groups", "--", curl, "-s", "-X",
        method, "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", scene.socket,
        "--max-time", "20", "-H", "Content-Type: application/json", "--data-binary", body,
        "http://localhost\(path)",
      ] + headers.flatMap { ["-H", $0] })
    return try #require(Int(sent.output), "\(sent.output)")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can become other users"))
  func `A user of the system is who the settings say, and nobody else is`() throws {
    let (acme, globex) = (ServiceScene.acme, ServiceScene.globex)
    let scene = try ServiceScene(
      """
      callers:
        - {user: games, tenant: \(acme), scopes: [request, read]}
        - {user: mail, operator: true, scopes: [read]}
        - {user: news, tenant: \(globex), scopes: [read]}
      """, listen: "unix:http.sock")
    chmod(scene.folder.path, 0o755)
    chmod(scene.socket, 0o777)
    func ask(_ user: String, _ tenant: String, _ headers: [String] = []) throws -> Int {
      try send(
        scene, as: user, "POST", "/v1/report/yearly",
        "{\"tenant_id\": \"\(tenant)\", \"period\": \"2026\"}", headers: headers)
    }
    #expect(try ask("games", acme) == 202)
    #expect(try ask("games", globex) == 403)
    #expect(try ask("mail", acme) == 403)
    #expect(try ask("news", globex) == 403)
    let id = try scene.database.connect().query("SELECT id FROM yearbook.reports").only()
      .string("id")
    let report = "/v1/report/\(id)"
    #expect(try send(scene, as: "games", "GET", report) == 200)
    #expect(try send(scene, as: "mail", "GET", report) == 200)
    #expect(try send(scene, as: "news", "GET", report) == 404)
    #expect(try send(scene, as: "news", "GET", "/v1/tenant/\(acme)/reports") == 403)
    #expect(try send(scene, as: "news", "GET", "/v1/tenant/\(globex)/reports") == 200)
    for stranger in ["root", "daemon", "nobody", "4242"] {
      #expect(try send(scene, as: stranger, "GET", report) == 401, "\(stranger)")
      #expect(try ask(stranger, acme) == 401)
    }
    // A token says who asks, whoever passes it on; a bad one is not made good by the user.
    let other = "Authorization: Bearer \(try scene.token(globex))"
    #expect(try send(scene, as: "games", "GET", report, headers: [other]) == 404)
    #expect(
      try send(
        scene, as: "daemon", "GET", report,
        headers: [
          "Authorization: Bearer \(try scene.token(acme))"
        ]) == 200)
    for bad in ["Authorization: Bearer x.y.z", "Authorization: Basic Z2FtZXM6", "Authorization: x"]
    {
      #expect(try send(scene, as: "games", "GET", report, headers: [bad]) == 401, "\(bad)")
    }
    // What a server for others passes on is not of its own user.
    for mark in [
      "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy",
      "X-Real-IP: 192.0.2.1", "x-forwarded-proto: https",
    ] {
      #expect(try send(scene, as: "games", "GET", report, headers: [mark]) == 401, "\(mark)")
    }
    // Nothing in a request makes its sender another user.
    #expect(
      try send(
        scene, as: "daemon", "GET", report,
        headers: ["X-User: games", "X-Remote-User: games", "X-Client-Cert-Subject: CN=games"])
        == 401)
    #expect(try scene.requests() == 1)
  }

  @Test func `A token cannot have the name of a user, and without an issuer none is believed`()
    async throws
  {
    let issuer = try TestIssuer()
    let folder = try TemporaryFolder()
    let file = folder.path + "/keys.json"
    try issuer.keySet().write(to: URL(fileURLWithPath: file))
    var settings = ServiceSettings()
    settings.tokens.issuer = TestIssuer.name
    settings.tokens.audience = TestIssuer.audience
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    for (keys, fault) in [
      (TokenSettings.Keys.none, TokenFault.unknownKey), (.file(file), .claims),
    ] {
      settings.tokens.keys = keys
      let known = TokenKeys(settings.tokens, threads: threads, log: ServiceLog())
      await known.prepare()
      #expect(await known.isReady)
      let verifier = TokenVerifier(settings, keys: known)
      let token = try issuer.token(
        TestIssuer.claims(tenant: ServiceScene.acme, subject: "\0user games"))
      await #expect(throws: fault) {
        _ = try await verifier.caller(token, now: Date().timeIntervalSince1970)
      }
    }
    try await threads.shutdownGracefully()
  }

  @Test func `Settings of callers that say too little or too much are refused`() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/serve.yaml"
    func faults(_ callers: String, listen: String = "unix:http.sock") throws -> [String] {
      try Data(
        """
        record: postgresql:///yearbook
        store: store
        listen: \(listen)
        reports: [yearly]
        callers: \(callers)
        """.utf8
      ).write(to: URL(fileURLWithPath: file))
      do {
        _ = try ServiceSettings(path: file)
        return []
      } catch {
        return error.all.map(\.message)
      }
    }
    let id = ServiceScene.acme
    let good = "{user: root, tenant: \(id), scopes: [read]}"
    #expect(try faults("[\(good)]") == [])
    #expect(try faults("[{user: root, operator: true, scopes: [request, read]}]") == [])
    for bad in [
      "[{user: nobody, tenant: \(id), scopes: [read]}]",
      "[{user: no-such-user, tenant: \(id), scopes: [read]}]",
      "[{user: '', tenant: \(id), scopes: [read]}]",
      "[{user: root, scopes: [read]}]",
      "[{user: root, operator: false, scopes: [read]}]",
      "[{user: root, tenant: \(id), operator: true, scopes: [read]}]",
      "[{user: root, tenant: acme, scopes: [read]}]",
      "[{user: root, tenant: \(id), scopes: []}]",
      "[{user: root, tenant: \(id), scopes: [operator]}]",
      "[{user: root, tenant: \(id)}]",
      "[{tenant: \(id), scopes: [read]}]",
      "[\(good), {user: root, operator: true, scopes: [read]}]",
    ] {
      #expect(try faults(bad).isEmpty == false, "\(bad)")
    }
    #expect(try faults("[\(good)]", listen: "127.0.0.1:0").count == 1)
  }
}
