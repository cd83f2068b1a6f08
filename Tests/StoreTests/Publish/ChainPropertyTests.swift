import Basics
import Foundation
import TestSupport
import Testing

@testable import Store

/// Random sequences of what changes a partition's heads.
@Suite struct ChainPropertyTests {
  private func release(_ number: Int, at now: Int, isFinal: Bool) -> PendingRelease {
    PendingRelease(
      tenant: Samples.tenant, pipeline: "report", period: "2026", title: "Report",
      files: [
        ReleaseFile(
          name: "index.html", bytes: Array("<p>\(number)</p>\n".utf8), mediaType: "text/html")
      ], metadata: Samples.metadata(isFinal ? .final : .provisional, created: now))
  }

  @Test
  func `Whatever is published, rolled back and pruned, the heads verify and lead to the newest`()
    throws
  {
    for seed in Seeds.of(few: 25, many: 1000) {
      var random = SeededRandom(seed: seed)
      try withTemporaryFolder(inMemory: true) { folder in
        let store = try ReleaseStore(root: folder + "/store")
        let partition = Samples.partition
        // Heads also bear the disk's time, so the story begins now and goes on in leaps.
        var now = Int(Date().timeIntervalSince1970) + 10
        var steps: [String] = []
        var sequence = 0
        for _ in 0..<random.number(3...14) {
          now += random.pick([1, 3600, 86_400, 40 * 86_400])
          let before = try store.latest(partition)
          switch random.number(0...5) {
          case 0 where before != nil:
            let rule = PruneRule(
              last: random.number(1...3), daily: random.number(0...2),
              monthly: random.number(0...2),
              grace: random.pick([0, 86_400]))
            steps.append("prune \(rule)")
            let planned = try store.prunable(partition, by: rule, now: now)
            let pruned = try #require(store.prune([partition], by: rule, now: now).first).get()
            #expect(pruned == planned, "seed \(seed): \(steps)")
            #expect(try store.latest(partition) == before, "seed \(seed): \(steps)")
          case 1 where before != nil:
            let release = try #require(try store.releases(partition).randomElement(using: &random))
            steps.append("roll back to \(release)")
            if release == before?.release {
              #expect(throws: (any Error).self) {
                try store.rollBack(partition, to: release, run: "r", now: now)
              }
            } else {
              let head = try store.rollBack(partition, to: release, run: "r", now: now)
              #expect(head.sequence == sequence + 1 && head.release == release, "seed \(seed)")
              #expect(try store.latest(partition) == head, "seed \(seed): \(steps)")
            }
          default:
            let payload = random.number(0...3)
            steps.append("publish \(payload)")
            let outcome = try store.publish(
              release(payload, at: now, isFinal: random.isOne(of: 3)))
            #expect(try store.latest(partition) == outcome.head, "seed \(seed): \(steps)")
            if case .unchanged = outcome {
              #expect(outcome.head == before, "seed \(seed): \(steps)")
            } else {
              #expect(outcome.head.sequence == sequence + 1, "seed \(seed): \(steps)")
            }
          }
          try check(store, partition, "seed \(seed): \(steps)")
          sequence = try store.latest(partition)?.sequence ?? sequence
        }
      }
    }
  }

  /// What must hold between any two steps.
  private func check(
    _ store: ReleaseStore, _ partition: ReleasePartition, _ story: String
  ) throws {
    guard let latest = try store.latest(partition) else { return }
    let heads = try store.heads(partition)
    #expect(heads.last == latest, "\(story)")
    #expect(heads.map(\.sequence) == Set(heads.map(\.sequence)).sorted(), "\(story)")
    // Nothing is named that is not there, and nothing is there that nobody names.
    #expect(try Set(store.releases(partition)) == Set(heads.map(\.release)), "\(story)")
    for (head, next) in zip(heads, heads.dropFirst()) where next.sequence == head.sequence + 1 {
      #expect(next.previous != nil && head.sequence > 0, "\(story)")
    }
    let found = try store.verify(deep: true)
    #expect(found.faults == [], "\(story)")
  }
}
