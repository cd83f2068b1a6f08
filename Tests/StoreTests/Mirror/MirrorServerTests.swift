import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// What only some servers do.
  @Suite struct Servers {
    private static func withFilm() -> PendingRelease {
      var release = Samples.release()
      release.files[4] = ReleaseFile(
        name: "film.mp4",
        bytes: [UInt8](repeating: 7, count: 12_000_000) + [UInt8](repeating: 8, count: 8_000_000),
        mediaType: "video/mp4")
      return release
    }

    @Test func `A bucket that locks objects by itself refuses what comes without a checksum`()
      throws
    {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let head = try scene.store.publish(Self.withFilm()).head
        scene.server.misbehave("checksum 1 1000000")
        try scene.mirrorAll()
        #expect(!scene.requests().contains { $0.contains("no-checksum") })
        #expect(scene.requests().contains { $0.contains("partNumber=3") })
        scene.server.misbehave(nil)
        #expect(try scene.read(Samples.partition) == head)
        #expect(try scene.verify().faults == [])
        #expect(
          ObjectClient.contentMD5(Array("hello".utf8)) == "XUFAKrxLKna5cZ2REBfFkg==")
      }
    }

    /// Mirrors a film in a process of its own, and kills it in the midst of its parts.
    private func kill(_ scene: MirrorScene) throws {
      func secondParts() -> Int { scene.requests().count { $0.contains("partNumber=2") } }
      let before = secondParts()
      scene.server.misbehave("hang 1 9 partNumber=3")
      let trial = try RunningProgram(
        [Places.storeTrial, "mirror", scene.store.root, "s3://bucket/\(scene.prefix)"],
        environment: scene.server.environment.map { "\($0)=\($1)" })
      let isUnderWay = eventually { secondParts() > before }
      trial.send(SIGKILL)
      #expect(try trial.wait().status == 128 + SIGKILL && isUnderWay)
      scene.server.misbehave(nil)
    }

    @Test func `An upload that the server shows only under its exact key is given up too`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let head = try scene.store.publish(Self.withFilm()).head
        try kill(scene)
        let client = try ObjectClient(scene.bucket())
        #expect(try client.uploads("").count == 1)
        scene.server.misbehave("exact 1 1000000")
        #expect(try client.uploads("").isEmpty)
        #expect(try scene.mirror().clearUploads() == 1)
        scene.server.misbehave(nil)
        #expect(try client.uploads("").isEmpty)
        // The film of a release that is gone since then.
        try kill(scene)
        _ = try scene.store.publish(MirrorScene.small(2))
        let rule = PruneRule(last: 1, grace: 0)
        for outcome in scene.store.prune([Samples.partition], by: rule, now: Int(time(nil)) + 9) {
          _ = try outcome.get()
        }
        #expect(try client.uploads("").count == 1)
        scene.server.misbehave("exact 1 1000000")
        try scene.mirrorAll()
        scene.server.misbehave(nil)
        #expect(try client.uploads("").isEmpty)
        #expect(try scene.read(Samples.partition)?.release != head.release)
        // Of the killed one some files are there, which no head names.
        #expect(try scene.verify().isSound && scene.store.verify().faults == [])
      }
    }

    @Test func `An erasure gives up an upload that is shown only under its exact key`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(Self.withFilm())
        try kill(scene)
        let client = try ObjectClient(scene.bucket())
        scene.server.misbehave("exact 1 1000000")
        _ = try scene.mirror().erase(tenant: "acme") {
          _ = try scene.store.removeTenant(slug: "acme", id: Samples.tenant.id)
        }
        scene.server.misbehave(nil)
        #expect(try client.uploads("").isEmpty && scene.paths().isEmpty)
      }
    }

    @Test func `A server that wants the bucket in its host's name gets it there`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let head = try scene.store.publish(MirrorScene.small(1)).head
        scene.server.misbehave("host 1 1000000")
        let error = #expect(throws: Diagnostic.self) { try scene.mirrorAll(attempts: 1) }
        #expect(error?.code == .configuration)
        #expect(
          error?.message.hasSuffix(
            "server wants the bucket's name in the host name (SecondLevelDomainForbidden)") == true)
        #expect(error?.hint == "set 'addressing: host' at `mirror` in yearbook.yaml")
        var location = try BucketLocation(
          "s3://bucket/\(scene.prefix)",
          endpoint: scene.server.endpoint.replacing("127.0.0.1", with: "localhost"))
        location.addressing = .host
        let bucket = try Bucket(location, environment: scene.server.environment)
        _ = try BucketMirror(scene.store, bucket).mirror(tenant: "acme")
        scene.server.misbehave(nil)
        #expect(try scene.read(Samples.partition) == head)
        #expect(try scene.verify().faults == [])
      }
    }

    @Test(arguments: ["-1", "99999999999999999999999999", "9223372036854775807"])
    func `A listing that lies about sizes is no trap`(size: String) {
      let found = ObjectClient.size(size)
      #expect(found == (size == "-1" ? 0 : 1 << 50))
      #expect(ObjectClient.size("x") == nil && ObjectClient.size("12") == 12)
    }
  }
}
