import Diagnostics
import Foundation
import Glibc
import NIOPosix
import TestSupport
import Testing

@testable import Service

struct KeyTests {
  private let acme = "0a1b2c3d-0000-4000-8000-000000000001"

  private func set(_ keys: [[String: String]]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: ["keys": keys]))
  }

  @Test func `Each key has one algorithm, and keys that are not for signatures are left out`()
    async throws
  {
    let issuer = try TestIssuer()
    let keys = try issuer.keys()
    let found = try await KeySet.read(set(keys))
    #expect(found.mapValues(\.algorithm) == ["rsa": "RS256", "curve": "ES256", "edwards": "EdDSA"])
    func changed(_ changes: [String: String]) -> [String: String] {
      keys[0].merging(changes) { $1 }
    }
    let shared = ["kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"]
    let unfit = [
      changed(["use": "enc"]), changed(["alg": "RS512"]), changed(["alg": "PS256"]),
      changed(["alg": "none"]), changed(["alg": "HS256"]), changed(["kty": "EC"]),
      changed(["n": "AQAB"]), shared,
    ]
    for key in unfit {
      let left = try await KeySet.read(set([key, keys[1]]))
      #expect(Array(left.keys) == ["curve"], "\(key)")
    }
    for bad in [Array("{}".utf8), Array("[]".utf8), [], try set([]), try set([shared])] {
      await #expect(throws: (any Error).self) { _ = try await KeySet.read(bad) }
    }
    // A set with a private key tells a secret.
    let told = keys[1].merging(["d": "AQAB"]) { $1 }
    await #expect(throws: (any Error).self) { _ = try await KeySet.read(set([told, keys[0]])) }
  }

  @Test func `A new key is believed once the set is read again, and a removed one no longer`()
    async throws
  {
    let folder = try TemporaryFolder()
    let file = folder.path + "/keys.json"
    let (old, new) = (try TestIssuer(), try TestIssuer())
    try old.keySet().write(to: URL(fileURLWithPath: file))
    var settings = ServiceSettings()
    settings.tokens.issuer = TestIssuer.name
    settings.tokens.audience = TestIssuer.audience
    settings.tokens.keys = .file(file)
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    // Longer than a busy machine can need.
    let keys = TokenKeys(
      settings.tokens, threads: threads, log: ServiceLog(), pause: .seconds(86_400))
    await keys.prepare()
    let verifier = TokenVerifier(settings, keys: keys)
    let now = Date().timeIntervalSince1970
    let token = try old.token(TestIssuer.claims(tenant: acme))
    #expect(try await verifier.caller(token, now: now).tenant == acme)
    // Believed before is believed again, until it expires, by the clock and its bounds.
    #expect(try await verifier.caller(token, now: now + 3620).tenant == acme)
    await #expect(throws: TokenFault.expired) {
      _ = try await verifier.caller(token, now: now + 3640)
    }

    let renamed = try new.token(TestIssuer.claims(tenant: acme), header: ["kid": "next"])
    var set = try new.keys()
    set[1]["kid"] = "next"
    try JSONSerialization.data(withJSONObject: ["keys": set])
      .write(to: URL(fileURLWithPath: file))
    // It was read a moment ago, so an unknown name does not make it be read again yet.
    await #expect(throws: TokenFault.unknownKey) {
      _ = try await verifier.caller(renamed, now: now)
    }
    await keys.prepare()
    #expect(try await verifier.caller(renamed, now: now).tenant == acme)
    await #expect(throws: TokenFault.unknownKey) { _ = try await verifier.caller(token, now: now) }
    // A set that cannot be read changes nothing.
    try Data("{".utf8).write(to: URL(fileURLWithPath: file))
    await keys.prepare()
    #expect(try await verifier.caller(renamed, now: now).tenant == acme)
    try await threads.shutdownGracefully()
  }

  @Test func `Settings that would let in what must stay out are refused, all at once`() throws {
    let folder = try TemporaryFolder()
    let file = folder.path + "/serve.yaml"
    func faults(_ text: String) throws -> [String] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      do {
        _ = try ServiceSettings(path: file)
        return []
      } catch {
        return error.all.map(\.message)
      }
    }
    let good = """
      record: postgresql:///yearbook
      store: store
      reports: [yearly]
      tokens: {issuer: a, audience: b, keys: keys.json}

      """
    #expect(try faults(good) == [])
    let bad = """
      record: postgresql:///yearbook
      store: store
      listen: 0.0.0.0:80
      reports: {../x: yearly, "12": yearly}
      tokens: {issuer: "", audience: b, keys: "http://issuer/keys", skew: 1h}
      links: {key: k, time: 16m}
      limits: {body: 9999999999, querty: 3}
      """
    let found = try faults(bad)
    #expect(found.count == 10, "\(found)")
    #expect(try faults(good + "listen: 0.0.0.0:80\nplain_http: true") == [])
    #expect(try faults(good + "listen: unix:http.sock") == [])
    let secret = good.replacing("postgresql:///", with: "postgresql://me:secret@host/")
    chmod(file, 0o644)
    let open = try faults(secret)
    #expect(open.count == 1 && open[0].contains("every user can read it"), "\(open)")
    chmod(file, 0o640)
    #expect(try faults(secret) == [])
  }
}
