import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// What the bucket has of a partition that was withdrawn.
  @Suite struct Withdrawals {
    @Test func `What is withdrawn is withdrawn in the bucket, and goes when it is pruned`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        let early = MirrorScene.small(1, period: "2025")
        _ = try scene.store.publish(MirrorScene.small(2))
        try scene.mirrorAll()
        // Never in the bucket before.
        _ = try scene.store.publish(early)
        for place in [Samples.partition, early.partition] {
          _ = try scene.store.withdraw(
            place, reason: nil, run: "withdraw", now: Int(time(nil)))
        }
        try scene.mirrorAll()
        let client = try ObjectClient(scene.bucket())
        for place in [Samples.partition, early.partition] {
          let bytes = try #require(try client.get(place.path + "/latest.json")?.bytes)
          #expect(Head(bytes: bytes)?.isWithdrawn == true)
        }
        #expect(try !scene.paths().contains { $0.contains("report/2025/releases/") })
        #expect(try scene.paths().contains { $0.contains("report/2026/releases/") })
        #expect(try scene.verify().faults == [])
        let rule = PruneRule(last: 3, grace: 0)
        let partitions = try scene.store.partitions(tenant: "acme")
        for outcome in scene.store.prune(partitions, by: rule, now: Int(time(nil)) + 9) {
          #expect(try outcome.get().count > 0)
        }
        for _ in 1...2 { try scene.mirrorAll(.init(grace: -1 << 32)) }
        #expect(try !scene.paths().contains { $0.contains("/releases/") })
        #expect(try scene.verify().faults == [] && scene.store.verify(deep: true).faults == [])
      }
    }
  }
}
