import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
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
}
