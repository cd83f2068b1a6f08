import Foundation
import Glibc
import NIOPosix
import TestSupport
import Testing
import Transfer

@testable import Service

/// The issuer's keys over HTTPS, from a real server with a certificate of an authority of its own.
@Suite(
  .enabled(if: FaultyServer.missing == nil, "the judges' Python is not installed"))
struct KeyServerTests {
  private static let acme = "0a1b2c3d-0000-4000-8000-000000000001"

  /// A server of keys, and who reads them.
  private final class Scene {
    let certificate: TestCertificate
    let server: FaultyServer
    let threads = NIOThreadPool(numberOfThreads: 1)
    let keys: TokenKeys
    let verifier: TokenVerifier

    /// - Parameters:
    ///   - pause: between two readings for the sake of unknown names.
    ///   - authorities: instead of the server's own certificate.
    init(_ issuer: TestIssuer, pause: Duration, authorities: String? = nil) async throws {
      certificate = try TestCertificate()
      server = try FaultyServer("keys_server.py", [certificate.file, certificate.key])
      try issuer.keySet().write(to: URL(fileURLWithPath: server.path + "/keys"))
      var settings = ServiceSettings()
      settings.tokens.issuer = TestIssuer.name
      settings.tokens.audience = TestIssuer.audience
      settings.tokens.keys = .url("https://localhost:\(server.port)/keys")
      settings.tokens.authorities = authorities ?? certificate.file
      threads.start()
      keys = TokenKeys(
        settings.tokens, threads: threads, log: ServiceLog(), pause: pause,
        patience: .init(connect: 5, stall: 2, total: 2))
      verifier = TokenVerifier(settings, keys: keys)
    }

    /// Writes another set, as a whole.
    func tell(_ set: [[String: String]]) throws {
      try JSONSerialization.data(withJSONObject: ["keys": set])
        .write(to: URL(fileURLWithPath: server.path + "/keys"), options: .atomic)
    }

    func believes(_ token: String) async -> Bool {
      await KeyServerTests.believes(verifier, token)
    }

    /// How many of these tokens are believed when all come at once.
    func count(believed tokens: [String]) async -> Int {
      let verifier = verifier
      return await withTaskGroup(of: Bool.self) { group in
        for token in tokens { group.addTask { await KeyServerTests.believes(verifier, token) } }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
    }

    func end() async throws { try await threads.shutdownGracefully() }
  }

  private static func believes(_ verifier: TokenVerifier, _ token: String) async -> Bool {
    do {
      return try await verifier.caller(token, now: Date().timeIntervalSince1970).tenant == acme
    } catch {
      return false
    }
  }

  private func renamed(_ issuer: TestIssuer) throws -> (set: [String: String], token: String) {
    var key = try issuer.keys()[1]
    key["kid"] = "next"
    return (
      key, try issuer.token(TestIssuer.claims(tenant: Self.acme), header: ["kid": "next"])
    )
  }

  @Test func `A key that the issuer adds is believed, and one that it takes back no longer`()
    async throws
  {
    let issuer = try TestIssuer()
    let scene = try await Scene(issuer, pause: .milliseconds(1))
    await scene.keys.prepare()
    let old = try issuer.token(TestIssuer.claims(tenant: Self.acme), key: "rsa")
    #expect(await scene.believes(old))
    let (key, token) = try renamed(try TestIssuer())
    #expect(await !scene.believes(token))
    // Both keys for a while, then the new one alone.
    try scene.tell(issuer.keys() + [key])
    #expect(await scene.believes(token))
    #expect(await scene.believes(old))
    try scene.tell([key])
    await scene.keys.prepare()
    #expect(await scene.believes(token))
    #expect(await !scene.believes(old))
    try await scene.end()
  }

  @Test func `Invented names make the issuer be asked once in a pause, however many come`()
    async throws
  {
    let issuer = try TestIssuer()
    // The service's own pause is a minute. This is longer than a busy machine can need.
    let scene = try await Scene(issuer, pause: .seconds(86_400))
    await scene.keys.prepare()
    #expect(scene.server.log.count == 1)
    let claims = TestIssuer.claims(tenant: Self.acme)
    let tokens = try (0..<200).map { try issuer.token(claims, header: ["kid": "invented-\($0)"]) }
    #expect(await scene.count(believed: tokens) == 0)
    #expect(scene.server.log.count == 1)
    #expect(await scene.believes(try issuer.token(claims)))
    try await scene.end()
  }

  @Test func `Lies about keys are refused, and the keys from before them are kept`() async throws {
    let issuer = try TestIssuer()
    let scene = try await Scene(issuer, pause: .milliseconds(1))
    await scene.keys.prepare()
    let good = try issuer.token(TestIssuer.claims(tenant: Self.acme), key: "edwards")
    #expect(await scene.believes(good))
    let (key, token) = try renamed(try TestIssuer())
    // A set that would be taken, in a way that must not be.
    try scene.tell([key])
    for lie in [
      "down", "status 500", "status 404", "status 204", "html", "huge", "redirect", "private",
      "slow",
    ] {
      scene.server.misbehave(lie)
      #expect(await !scene.believes(token), "\(lie)")
      #expect(await scene.believes(good), "\(lie)")
      #expect(await scene.keys.isReady)
    }
    #expect(!scene.server.log.contains("/elsewhere"))
    scene.server.misbehave(nil)
    #expect(await scene.believes(token))
    #expect(await !scene.believes(good))
    try await scene.end()
  }

  @Test func `A server with another authority's certificate is not believed`() async throws {
    let issuer = try TestIssuer()
    let other = try TestCertificate()
    let scene = try await Scene(issuer, pause: .milliseconds(1), authorities: other.file)
    await scene.keys.prepare()
    #expect(await !scene.keys.isReady)
    #expect(scene.server.log.isEmpty)
    #expect(await !scene.believes(try issuer.token(TestIssuer.claims(tenant: Self.acme))))
    try await scene.end()
  }

  @Test(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
  func `The service starts while the issuer is away, says so, and believes once it is back`() throws
  {
    let certificate = try TestCertificate()
    let server = try FaultyServer("keys_server.py", [certificate.file, certificate.key])
    try Data("{}".utf8).write(to: URL(fileURLWithPath: server.path + "/keys"))
    let scene = try ServiceScene(
      keys: "https://localhost:\(server.port)/keys\n  authorities: \(certificate.file)")
    #expect(try scene.send("GET", "/readyz").text.contains("keys"))
    try scene.issuer.keySet().write(
      to: URL(fileURLWithPath: server.path + "/keys"), options: .atomic)
    // Not for a minute after the last try; a new process asks at once.
    try scene.killAndStart()
    #expect(try scene.send("GET", "/readyz").text == "ready\n")
    #expect(try scene.ask() > 0)
    server.misbehave("down")
    #expect(try scene.ask() > 0)
  }
}
