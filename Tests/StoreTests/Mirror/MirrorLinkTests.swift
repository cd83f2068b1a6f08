import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// Somebody replaces a part of the store with a link to something that is not the store's.
  @Suite struct Links {
    @Test func `Nothing behind a link reaches the bucket, and nothing is written through one`()
      throws
    {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1)).head
        try scene.store.putPage("tenants/acme/index.html", Array("all".utf8))
        let root = scene.store.root
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
          .filter { $0.hasPrefix("tenants/acme") }
        #expect(paths.count > 20)
        func expectRefusal(_ path: String) throws {
          #expect(rename("\(root)/\(path)", folder + "/out") == 0)
          #expect(symlink(folder + "/out", "\(root)/\(path)") == 0)
          let before = try FileManager.default.subpathsOfDirectory(atPath: folder + "/out")
          let error = #expect(throws: Diagnostic.self, "\(path)") { try scene.mirrorAll() }
          #expect("\(try #require(error))".contains("symbolic link"), "\(path)")
          #expect(try FileManager.default.subpathsOfDirectory(atPath: folder + "/out") == before)
          unlink("\(root)/\(path)")
          #expect(rename(folder + "/out", "\(root)/\(path)") == 0)
        }
        for path in paths {
          if path == "tenants/acme" { continue }
          try expectRefusal(path)
        }
        #expect(try scene.paths() == [])
        try scene.mirrorAll()
        #expect(try scene.verify().faults == [])
        // Where it keeps what it has mirrored.
        _ = try scene.store.publish(MirrorScene.small(2)).head
        try expectRefusal(".mirror")
        try scene.mirrorAll()
        #expect(try scene.verify().faults == [])
      }
    }
  }

  /// A store with a key.
  @Suite(.enabled(if: Places.program("ssh-keygen") != nil, "ssh-keygen is not installed"))
  struct Signed {
    @Test func `Signed pages reach the bucket with their list, and a page replaced there is found`()
      throws
    {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let keygen = try #require(Places.program("ssh-keygen"))
        let key = folder + "/key"
        #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
        let signer = try ReleaseSigner(file: key, agent: nil)
        try Data("yearbook \(signer.publicKeyText)\n".utf8)
          .write(to: URL(filePath: folder + "/signers"))
        let options = VerifyOptions(
          isDeep: true, signers: try AllowedSigners(file: folder + "/signers"))
        let index = "tenants/acme/index.html"
        try scene.store.putPage(index, Array("all".utf8))
        try scene.mirrorAll()
        // The key is new, and the page is the same as before.
        let store = try ReleaseStore(root: scene.store.root, signer: signer)
        _ = try store.publish(MirrorScene.small(1)).head
        try store.putPage(index, Array("all".utf8))
        let mirror = try BucketMirror(store, scene.bucket())
        #expect(try mirror.isStale(tenant: "acme"))
        _ = try mirror.mirror(tenant: "acme")
        #expect(try mirror.verify(tenant: "acme", options).faults == [])
        let client = try ObjectClient(scene.bucket())
        _ = try client.put(index, Array("evil".utf8), when: .always)
        #expect(try mirror.verify(tenant: "acme", options).faults == [Fault(.altered, index)])
      }
    }
  }
}
