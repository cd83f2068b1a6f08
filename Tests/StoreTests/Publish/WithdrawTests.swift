import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Store

@Suite struct WithdrawTests {
  private static func small(_ number: Int, _ status: ReleaseStatus = .final) -> PendingRelease {
    var release = Samples.release(
      rows: ["2026-01-01,\(number)\r\n"], metadata: Samples.metadata(status))
    release.files.removeLast()
    return release
  }

  private static let place = Samples.partition
  private static var now: Int { Int(time(nil)) }

  /// Two releases, and then the partition is withdrawn.
  private static func with(
    _ body: (_ store: ReleaseStore, _ shown: Head, _ withdrawn: Head) throws -> Void
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      _ = try store.publish(small(1))
      let shown = try store.publish(small(2)).head
      let (head, isNew) = try store.withdraw(place, reason: "Wrong year", run: "withdraw", now: now)
      #expect(isNew && head.isWithdrawn && head.sequence == 3 && head.reason == "Wrong year")
      try body(store, shown, head)
    }
  }

  @Test func `A withdrawn partition leads readers to no release, and is as published`() throws {
    try Self.with { store, shown, head in
      #expect(try store.latest(Self.place) == head && store.shown(Self.place) == nil)
      #expect(try store.verify(deep: true).faults == [])
      let text = String(decoding: head.bytes, as: UTF8.self)
      #expect(text.contains("\"status\": \"withdrawn\"") && text.contains("Wrong year"))
      // Once more changes nothing.
      let again = try store.withdraw(Self.place, reason: "Other", run: "withdraw", now: Self.now)
      #expect(!again.isNew && again.head == head)
      let none = ReleasePartition(tenant: "acme", pipeline: "report", period: "1999")
      let error = #expect(throws: Diagnostic.self) {
        try store.withdraw(none, reason: nil, run: "withdraw", now: Self.now)
      }
      #expect(error?.code == .usage && shown.sequence == 2)
    }
  }

  @Test
  func `What was withdrawn is not published again, with old or new data, unless it is forced`()
    throws
  {
    try Self.with { store, shown, head in
      for number in [2, 3] {
        #expect(try store.publish(Self.small(number)) == .unchanged(head))
      }
      var forced = Self.small(2)
      forced.replacesWithdrawn = true
      // The same payload: the release that was withdrawn is shown again.
      let outcome = try store.publish(forced)
      #expect(outcome.head.release == shown.release && outcome.head.sequence == 4)
      #expect(outcome.head.status == .final && outcome.head.reason == nil)
      _ = try store.withdraw(Self.place, reason: nil, run: "withdraw", now: Self.now)
      forced = Self.small(3)
      forced.replacesWithdrawn = true
      let other = try store.publish(forced).head
      // Readers saw a final one before.
      #expect(other.status == .restated && other.sequence == 6 && other.release != shown.release)
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `A publication that was under way when its partition was withdrawn fails`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      let store = try ReleaseStore(root: root)
      _ = try store.publish(Self.small(1))
      let disk = Disk { operation, path throws(Diagnostic) in
        // When the release has its name, before its head.
        guard operation == .rename, path.contains("/releases/") else { return }
        _ = try store.withdraw(Self.place, reason: nil, run: "withdraw", now: Self.now)
      }
      let publisher = try ReleaseStore(root: root, disk: disk)
      let error = #expect(throws: Diagnostic.self) { try publisher.publish(Self.small(2)) }
      #expect(error?.code == .busy && error?.message.contains("withdrawn") == true)
      #expect(try store.shown(Self.place) == nil)
      #expect(try store.verify(deep: true).faults.allSatisfy(\.isHarmless))
    }
  }

  @Test func `A rollback shows a withdrawn partition again`() throws {
    try Self.with { store, shown, _ in
      let head = try store.rollBack(
        Self.place, to: shown.release, run: "rollback", now: Self.now)
      #expect(head.sequence == 4 && head.status == shown.status && head.release == shown.release)
      #expect(head.reason == nil && !head.isWithdrawn)
      #expect(try store.verify(deep: true).faults == [])
      #expect(try store.publish(Self.small(2)) == .unchanged(head))
    }
  }

  @Test func `Pruning removes all releases of a withdrawn partition after the grace, not before`()
    throws
  {
    try Self.with { store, _, head in
      let other = Samples.release(period: "2025")
      _ = try store.publish(other)
      let partitions = try store.partitions(tenant: "acme")
      let rule = PruneRule(last: 5, yearly: 5, grace: 3600)
      for outcome in store.prune(partitions, by: rule, now: Self.now) {
        #expect(try outcome.get().isEmpty)
      }
      let later = Self.now + 3700
      #expect(try store.prunable(Self.place, by: rule, now: later).releases.count == 2)
      let pruned = try store.prune(partitions, by: rule, now: later).map { try $0.get() }
      #expect(pruned.map(\.releases.count).reduce(0, +) == 2)
      #expect(try store.releases(Self.place) == [] && store.releases(other.partition).count == 1)
      #expect(try store.heads(Self.place) == [head])
      #expect(try store.verify(deep: true).faults == [])
      let again = try #require(store.prune([Self.place], by: rule, now: later).first).get()
      #expect(again.isEmpty)
      #expect(throws: Diagnostic.self) {
        try store.rollBack(Self.place, to: head.release, run: "rollback", now: later)
      }
      var forced = Self.small(2)
      forced.replacesWithdrawn = true
      #expect(try store.publish(forced).head.sequence == 4)
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `A release whose files were lost is told when its head is pruned`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let lost = try store.publish(Self.small(1)).head
      _ = try store.publish(Self.small(2))
      let path = store.path("\(Self.place.path)/releases/\(lost.release)")
      #expect(try Program.run(["/bin/rm", "-rf", path]).status == 0)
      #expect(try store.verify().faults.map(\.kind) == [.missing])
      let rule = PruneRule(last: 1, grace: 0)
      let now = Self.now + 100
      let pruned = try #require(store.prune([Self.place], by: rule, now: now).first).get()
      #expect(pruned.lost == [lost.release] && pruned.releases == [] && pruned.count == 1)
      #expect(try store.verify().faults == [])
      let again = try #require(store.prune([Self.place], by: rule, now: now).first).get()
      #expect(again.isEmpty)
    }
  }
}
