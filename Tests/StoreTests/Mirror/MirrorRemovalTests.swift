import Diagnostics
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store

extension MirrorTrials {
  /// Pruning and erasing reach the bucket.
  @Suite struct Removing {
    @Test func `What was pruned in the store is removed from the bucket after its grace`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let heads = try (1...4).map { number in
          let head = try scene.store.publish(MirrorScene.small(number)).head
          try scene.mirrorAll()
          return head
        }
        let rule = PruneRule(last: 1, grace: 0)
        for outcome in scene.store.prune([Samples.partition], by: rule, now: Int(time(nil)) + 2) {
          #expect(try outcome.get().releases.count == 3)
        }
        // Readers that began before are given their time.
        #expect(try scene.mirrorAll(.init(grace: 3600)).removedCount == 0)
        #expect(try scene.verify().faults.allSatisfy(\.isHarmless))
        #expect(try scene.mirrorAll().removedCount == 0)
        usleep(1_100_000)
        let outcome = try scene.mirrorAll(.init(grace: 0))
        #expect(outcome.removedCount == 3 * 9 + 3)
        #expect(try scene.verify().faults == [])
        let paths = try scene.paths()
        #expect(
          heads.dropLast().allSatisfy { head in !paths.contains { $0.contains(head.release) } })
        #expect(try scene.read(Samples.partition) == heads[3])
      }
    }

    @Test func `What the store lost by accident stays in the bucket`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let first = try scene.store.publish(MirrorScene.small(1)).head
        _ = try scene.store.publish(MirrorScene.small(2))
        try scene.mirrorAll()
        let place = Samples.partition.path
        try Disk().remove(scene.store.path("\(place)/releases/\(first.release)"))
        try Disk().remove(scene.store.path("\(place)/heads/1.json"))
        usleep(1_100_000)
        #expect(try scene.mirrorAll(.init(grace: 0)).removedCount == 0)
        #expect(try scene.verify().faults == [])
      }
    }

    @Test func `A tenant is erased with all versions, and another one is not touched`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder, bucket: "versions")
        var other = MirrorScene.small(1)
        other.tenant = MirrorScene.zeta
        _ = try scene.store.publish(other)
        for number in 1...3 {
          _ = try scene.store.publish(MirrorScene.small(number))
          try scene.mirrorAll()
        }
        let client = try ObjectClient(scene.bucket())
        let mirror = try scene.mirror()
        func versions() throws -> [ObjectVersion] {
          try #require(try client.versions("tenants/acme/"))
        }
        #expect(try versions().count { !$0.isCurrent } == 2)
        #expect(try mirror.eraseVersions(tenant: "acme") == [])
        #expect(try versions().allSatisfy(\.isCurrent))
        // Deleted as others do, which leaves the content and a mark.
        #expect(try client.delete(["tenants/acme/tenant.json"]).isEmpty)
        let kept = try client.list("tenants/zeta/")
        let left = try mirror.erase(tenant: "acme") {
          _ = try scene.store.removeTenant(slug: "acme", id: Samples.tenant.id)
        }
        #expect(left == [])
        #expect(try versions().isEmpty)
        #expect(try client.list("tenants/zeta/") == kept && kept.count > 9)
        #expect(try scene.verify().faults == [])
        // Nothing brings it back.
        #expect(try mirror.mirror(tenant: "acme") == nil)
        #expect(try FileReader.names(in: scene.store.path(".mirror")).count == 2)
      }
    }

    @Test func `What cannot be reached is listed`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder, bucket: "versions", prefix: "humble")
        _ = try scene.store.publish(MirrorScene.small(1))
        try scene.mirrorAll()
        let mirror = try scene.mirror(environment: scene.server.humbleEnvironment)
        let left = try mirror.erase(tenant: "acme") {}
        #expect(
          left == [
            "older versions below s3://versions/humble/tenants/acme/, if the bucket keeps any: it does not list them"
          ])
        #expect(try scene.paths().isEmpty)
      }
    }

    @Test func `A tenant's old slug goes once the store has the new one`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder, bucket: "versions")
        for number in 1...2 {
          _ = try scene.store.publish(MirrorScene.small(number))
          try scene.mirrorAll()
        }
        let mirror = try scene.mirror()
        try mirror.remove(renamed: "acme")
        #expect(try scene.paths().count > 9)
        try scene.store.renameTenant(from: "acme", to: "ajax")
        try scene.mirrorAll()
        try mirror.remove(renamed: "acme")
        #expect(try scene.paths().allSatisfy { $0.hasPrefix("tenants/ajax/") })
        #expect(try ObjectClient(scene.bucket()).versions("tenants/acme/")?.isEmpty == true)
        #expect(try scene.verify().faults == [])
      }
    }
  }
}
