import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// What is mirrored, and in which order.
  @Suite struct Copying {
    @Test func `A mirror has what the store has, and the second time nothing is put`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        let head = try scene.store.publish(MirrorScene.small(2)).head
        try scene.store.putPages([
          ("tenants/acme/index.html", Array("all".utf8)),
          ("tenants/acme/report/2026/index.html", Array("one".utf8)),
        ])
        let mirror = try scene.mirror()
        #expect(try mirror.isStale(tenant: "acme"))
        // Two releases of four files and five tag files, three of the latter's links among them; two heads, the
        // pointer, the claim and the pages.
        let first = try #require(try mirror.mirror(tenant: "acme"))
        #expect(first.failures == [] && first.putCount == 2 * 9 + 2 + 1 + 1 + 2)
        #expect(try !mirror.isStale(tenant: "acme"))
        #expect(try scene.read(Samples.partition) == head)
        let found = try scene.verify()
        let own = try scene.store.verify(deep: true)
        #expect(found.faults == [] && found.releaseCount == 2 && found.fileCount == own.fileCount)
        #expect(found.byteCount == own.byteCount)
        #expect(try scene.paths().allSatisfy { $0.hasPrefix("tenants/acme/") })
        let before = scene.requests().count
        #expect(try scene.mirrorAll().putCount == 0)
        #expect(scene.requests().count == before)
        _ = try scene.store.putPage("tenants/acme/index.html", Array("new".utf8))
        #expect(try mirror.isStale(tenant: "acme"))
        #expect(try scene.mirrorAll().putCount == 1)
        // What the store has not got is not touched, whatever the reason.
        #expect(try mirror.mirror(tenant: "zeta") == nil)
      }
    }

    @Test func `Releases come before heads, heads before the pointer, pages last`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        _ = try scene.store.putPage("tenants/acme/index.html", Array("all".utf8))
        try scene.mirrorAll()
        _ = try scene.store.publish(MirrorScene.small(2))
        _ = try scene.store.putPage("tenants/acme/index.html", Array("new".utf8))
        let before = scene.requests().count
        try scene.mirrorAll()
        let requests = scene.requests().dropFirst(before).map { line in
          let words = line.split(separator: " ")
          let path = words[1].split(separator: "/").dropFirst(4).joined(separator: "/")
          return "\(path.contains("releases/") ? "release" : path) \(words[2]) \(words[3])"
        }
        #expect(requests.prefix(9).allSatisfy { $0 == "release 200 absent" })
        #expect(
          requests.dropFirst(9) == [
            "report/2026/heads/2.json 200 absent", "report/2026/latest.json 200 over",
            "index.html 200 -",
          ])
      }
    }

    @Test func `A film goes in parts, and one that was killed on the way is put the next time`()
      throws
    {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        var release = Samples.release()
        release.files[4] = ReleaseFile(
          name: "film.mp4",
          bytes: [UInt8](repeating: 7, count: 12_000_000) + [UInt8](repeating: 8, count: 8_000_000),
          mediaType: "video/mp4")
        let head = try scene.store.publish(release).head
        scene.server.misbehave("hang 1 9 partNumber=3")
        let trial = try RunningProgram(
          [Places.storeTrial, "mirror", scene.store.root, "s3://bucket/\(scene.prefix)"],
          environment: scene.server.environment.map { "\($0)=\($1)" })
        let isUnderWay = eventually {
          scene.requests().contains { $0.contains("partNumber=2") }
        }
        trial.send(SIGKILL)
        let status = try trial.wait().status
        #expect(isUnderWay && status == 128 + SIGKILL)
        scene.server.misbehave(nil)
        let client = try ObjectClient(scene.bucket())
        #expect(try scene.read(Samples.partition) == nil)
        #expect(try client.uploads("").count == 1)
        #expect(try scene.mirror().clearUploads() == 1)
        #expect(try scene.mirrorAll().putCount > 0)
        #expect(try client.uploads("").isEmpty)
        #expect(try scene.read(Samples.partition) == head)
        #expect(try scene.verify().faults == [])
        #expect(scene.requests().count { $0.contains("partNumber=3") && $0.contains(" 200 ") } == 1)
      }
    }

    @Test func `What is damaged in the store is not mirrored, the rest is`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        var film = Samples.release(period: "2025")
        film.files[4] = ReleaseFile(
          name: "film.mp4", bytes: [UInt8](repeating: 7, count: 17_000_000), mediaType: "video/mp4")
        let heads = try [
          MirrorScene.small(1), MirrorScene.small(2, period: "2024"), film,
        ].map { try scene.store.publish($0).head }
        for (period, name, head) in [
          ("2026", "index.html", heads[0]), ("2025", "film.mp4", heads[2]),
        ] {
          let path = "tenants/acme/report/\(period)/releases/\(head.release)/data/\(name)"
          let file = scene.store.path(path)
          var bytes = try #require(try FileReader.contents(file))
          bytes[9] ^= 1
          unlink(file)
          #expect(FileManager.default.createFile(atPath: file, contents: Data(bytes)))
        }
        let outcome = try #require(try scene.mirror().mirror(tenant: "acme"))
        #expect(
          outcome.failures.map(\.subject.period) == ["2025", "2026"]
            && outcome.failures.allSatisfy {
              $0.code == .io && $0.message.hasSuffix("it is not mirrored")
            })
        #expect(try scene.mirror().isStale(tenant: "acme"))
        #expect(try scene.read(Samples.partition) == nil)
        let standing = ReleasePartition(tenant: "acme", pipeline: "report", period: "2024")
        #expect(try scene.read(standing) == heads[1])
        #expect(try ObjectClient(scene.bucket()).uploads("").isEmpty)
      }
    }

    @Test func `Every kind of tampering in the bucket is found`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let head = try scene.store.publish(MirrorScene.small(1)).head
        _ = try scene.store.publish(MirrorScene.small(2))
        try scene.mirrorAll()
        let client = try ObjectClient(scene.bucket())
        let place = Samples.partition.path
        let page = "\(place)/releases/\(head.release)/data/index.html"
        let old = try #require(try client.get("\(place)/heads/1.json")?.bytes)
        let bytes = try #require(try client.get(page)?.bytes)
        func faults() throws -> [Fault] { try scene.verify().faults }
        func put(_ path: String, _ bytes: [UInt8]) throws {
          #expect(try client.put(path, bytes, when: .always))
        }
        let altered = bytes.dropLast() + [bytes.last.map { $0 ^ 1 } ?? 0]
        try put(page, Array(altered))
        #expect(try faults() == [Fault(.altered, page)])
        #expect(try client.delete([page]).isEmpty)
        #expect(try faults() == [Fault(.missing, page)])
        try put(page, bytes)
        try put(page + ".txt", bytes)
        #expect(try faults() == [Fault(.extra, page + ".txt")])
        #expect(try client.delete([page + ".txt"]).isEmpty)
        let pointer = try #require(try client.get(place + "/latest.json")?.bytes)
        try put(place + "/latest.json", old)
        #expect(try faults() == [Fault(.rolledBack, place + "/latest.json")])
        try put(place + "/latest.json", pointer)
        #expect(try faults() == [])
        // A mirror that is behind is told, too.
        _ = try scene.store.publish(MirrorScene.small(3))
        #expect(try faults() == [Fault(.rolledBack, place + "/latest.json")])
        // What is gone or was cut short is put again.
        #expect(try client.delete([page]).isEmpty)
        try put("\(place)/releases/\(head.release)/data/report.json", [])
        try scene.mirrorAll()
        #expect(try faults() == [])
      }
    }

    @Test func `Encryption in transit asks for a certificate that is trusted`() throws {
      let openssl = try #require(Places.program("openssl"))
      try withTemporaryFolder { folder in
        let (file, key) = (folder + "/cert.pem", folder + "/key.pem")
        let made = try Program.run([
          openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
          "-nodes", "-keyout", key, "-out", file, "-subj", "/CN=localhost", "-addext",
          "subjectAltName=IP:127.0.0.1",
        ])
        #expect(made.status == 0, "\(made.output)")
        let server = try ObjectServer(certificate: (file, key))
        let store = try ReleaseStore(root: folder + "/store")
        _ = try store.publish(MirrorScene.small(1))
        let location = try BucketLocation("s3://bucket/tls")
        let refused = #expect(throws: Diagnostic.self) {
          let bucket = try Bucket(location, environment: server.environment)
          _ = try BucketMirror(store, bucket).mirror(tenant: "acme")
        }
        #expect(
          refused
            == Diagnostic(
              .configuration, "the certificate of s3://bucket/tls's server is not trusted",
              hint: "set AWS_CA_BUNDLE to the file with its authority's certificate"))
        let trusting = server.environment.merging(["AWS_CA_BUNDLE": file]) { $1 }
        let mirror = try BucketMirror(store, Bucket(location, environment: trusting))
        #expect(try mirror.mirror(tenant: "acme")?.failures == [])
        #expect(try mirror.verify(tenant: "acme", VerifyOptions(isDeep: true)).faults == [])
      }
    }
  }
}
