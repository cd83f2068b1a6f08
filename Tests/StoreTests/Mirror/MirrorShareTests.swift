import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// What the bucket has of shares.
  @Suite struct Shares {
    @Test func `A share that was taken back is gone from the bucket, with all versions`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder, bucket: "versions")
        let place = ShareTests.place
        _ = try scene.store.publish(MirrorScene.small(1))
        _ = try scene.store.publish(ShareTests.share())
        try scene.store.putPage("\(place.path)/index.html", Array("<p>secret page</p>\n".utf8))
        try scene.mirrorAll()
        let client = try ObjectClient(scene.bucket())
        #expect(try scene.read(place) != nil)
        #expect(try scene.verify().faults == [])
        // Nothing has changed: the bucket is not even asked.
        #expect(try !scene.mirror().isStale(tenant: "acme"))
        // It follows its report.
        _ = try scene.store.publish(ShareTests.share("secret words, corrected"))
        #expect(try scene.mirror().isStale(tenant: "acme"))
        try scene.mirrorAll()
        _ = try scene.store.takeBack(
          place, page: ShareTests.gone, run: "share", now: Int(time(nil)))
        #expect(try scene.mirror().isStale(tenant: "acme"))
        // Once is enough, without a grace.
        try scene.mirrorAll()
        let versions = try #require(try client.versions(place.path + "/"))
        #expect(!versions.isEmpty && versions.allSatisfy(\.isCurrent))
        #expect(!versions.contains { $0.path.contains("/releases/") })
        for version in versions {
          let text = try client.get(version.path).map { String(decoding: $0.bytes, as: UTF8.self) }
          #expect(text?.contains("secret") == false, "\(version.path)")
        }
        for name in ["index.html", "gone.html"] {
          #expect(try client.get("\(place.path)/\(name)")?.bytes == ShareTests.gone)
        }
        #expect(try scene.verify().faults == [])
        // The report is as before, with what the bucket keeps of it.
        #expect(try scene.read(Samples.partition) != nil)
      }
    }

    @Test func `A share that was taken back before it was copied never gets there`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(ShareTests.share())
        _ = try scene.store.takeBack(
          ShareTests.place, page: ShareTests.gone, run: "share", now: Int(time(nil)))
        try scene.mirrorAll()
        #expect(try !scene.paths().contains { $0.contains("/releases/") })
        #expect(try scene.verify().faults == [])
      }
    }
  }
}
