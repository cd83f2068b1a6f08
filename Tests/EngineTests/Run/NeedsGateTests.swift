import Basics
import Pipelines
import TestSupport
import Testing

@testable import Engine

@Suite struct NeedsGateTests {
  private final class Released: Sendable {
    private let labels = Locked<[String]>([])

    var all: [String] { labels.withLock { $0 } }

    func add(_ label: String) { labels.withLock { $0.append(label) } }

    func submit(_ partition: RunPlan.Partition, to gate: NeedsGate) {
      gate.submit(partition) { self.add(partition.label) }
    }
  }

  @Test func `A partition that needs nothing goes at once`() throws {
    let partition = try Plans.partition("video")
    let released = Released()
    let gate = NeedsGate([partition])
    released.submit(partition, to: gate)
    #expect(released.all == ["video t1 2026"])
    #expect(!gate.holdsAny)
  }

  @Test func `A partition waits for all partitions of what it needs, of its own tenant`() throws {
    let years = try [2025, 2026].map { try Plans.partition("video", year: $0) }
    let other = try Plans.partition("video", tenant: Plans.tenant(2))
    let report = try Plans.partition("report", needs: ["video"])
    let released = Released()
    let gate = NeedsGate(years + [other, report])
    released.submit(report, to: gate)
    gate.ended(years[1])
    gate.ended(other)
    #expect(released.all == [] && gate.holdsAny)
    gate.ended(years[0])
    #expect(released.all == ["report t1 2026"] && !gate.holdsAny)
  }

  @Test func `What a page links to is waited for like what is needed`() throws {
    let video = try Plans.partition("video")
    let report = try Plans.partition("report", links: ["video"])
    let released = Released()
    let gate = NeedsGate([video, report])
    released.submit(report, to: gate)
    #expect(gate.holdsAny)
    gate.ended(video)
    #expect(released.all == ["report t1 2026"])
  }

  @Test func `A need that the plan has no partition of holds nobody back`() throws {
    let report = try Plans.partition("report", needs: ["video"])
    let released = Released()
    released.submit(report, to: NeedsGate([report]))
    #expect(released.all == ["report t1 2026"])
  }

  /// Random plans without cycles, submitted and ended in random orders.
  @Test func `Every partition is let go once, and none before those it needs have ended`() throws {
    for seed in Seeds.of(few: 60, many: 5_000) {
      var random = SeededRandom(seed: seed)
      let names = (0..<random.number(1...6)).map { "p\($0)" }
      var partitions: [RunPlan.Partition] = []
      for tenant in 0..<random.number(1...3) {
        for (place, name) in names.enumerated() where !random.isOne(of: 4) {
          let before = names[..<place].filter { _ in random.isOne(of: 2) }
          let links = names[..<place].filter { _ in random.isOne(of: 4) }
          for year in 2024..<2024 + random.number(1...3) {
            partitions.append(
              try Plans.partition(
                name, tenant: Plans.tenant(tenant), year: year, needs: before, links: links))
          }
        }
      }
      let gate = NeedsGate(partitions)
      let released = Released()
      var waiting = partitions.shuffled(using: &random)
      var ended: [RunPlan.Partition] = []
      var seen = 0
      var running: [RunPlan.Partition] = []
      while ended.count < partitions.count {
        if !waiting.isEmpty, running.isEmpty || random.isOne(of: 2) {
          released.submit(waiting.removeLast(), to: gate)
        } else if !running.isEmpty {
          let next = running.remove(at: random.number(0...running.count - 1))
          ended.append(next)
          gate.ended(next)
        } else {
          Issue.record("nothing runs and \(partitions.count - ended.count) wait, seed \(seed)")
          return
        }
        for label in released.all[seen...] {
          let partition = try #require(partitions.first { $0.label == label })
          let open = partitions.filter { other in
            other.tenant.id == partition.tenant.id
              && (partition.needs + partition.links).contains(other.pipeline.name)
              && !ended.contains { $0.label == other.label }
          }
          #expect(open.map(\.label) == [], "\(label) was let go too early, seed \(seed)")
          running.append(partition)
        }
        seen = released.all.count
      }
      #expect(released.all.sorted() == partitions.map(\.label).sorted(), "seed \(seed)")
      #expect(!gate.holdsAny, "seed \(seed)")
    }
  }
}
