import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import Store

@Suite(.serialized) struct RaceTests {
  /// A minute for `make soak`.
  private static let seconds = getenv("YEARBOOK_SOAK") != nil ? 60 : 4

  /// Follows `latest.json` with nothing but `open` and `read`, as a web server does.
  private static func read(_ root: String) throws -> Int {
    let place = root + "/" + Samples.partition.path
    let head = try #require(Head(bytes: try plainly(place + "/latest.json")))
    let release = "\(place)/releases/\(head.release)/"
    let tags = try plainly(release + Bag.tagManifestName)
    guard SHA256Digest(of: tags).hex == head.tagManifest else {
      throw Diagnostic(.io, "another release's tag manifest")
    }
    let manifest = try #require(Manifest(bytes: try plainly(release + Bag.manifestName)))
    for entry in manifest.entries
    where SHA256Digest(of: try plainly(release + entry.name)) != entry.digest {
      throw Diagnostic(.io, "a mixture: \(entry.name)")
    }
    return head.sequence
  }

  private static func plainly(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Diagnostic(.io, "\(path) is missing")
    }
    return Array(data)
  }

  @Test func `Four publishers, a pruner, someone who rolls back, and four readers`() throws {
    try withTemporaryFolder { folder in
      let root = folder + "/store"
      let store = try ReleaseStore(root: root)
      @Sendable func release(_ text: String) -> PendingRelease {
        var release = Samples.release(rows: ["2026-01-01,\(text)\r\n"])
        release.files.removeLast()
        return release
      }
      _ = try store.publish(release("0"))
      let end = time(nil) + Self.seconds
      let failures = Mutex<[String]>([])
      let reads = Atomic<Int>(0)
      let published = Atomic<Int>(0)
      let pruned = Atomic<Int>(0)
      @Sendable func repeating(_ body: @escaping @Sendable (Int) throws -> Void) -> Background {
        Background {
          var turn = 0
          while time(nil) < end {
            turn += 1
            do {
              try body(turn)
            } catch let error as Diagnostic where error.code == .busy {
              // The pruner says so where a publisher was faster.
              continue
            } catch {
              failures.withLock { $0.append("\(error)") }
            }
          }
        }
      }
      let readers = (0..<4).map { _ in
        let last = Mutex(0)
        return repeating { _ in
          let sequence = try Self.read(root)
          try last.withLock { last in
            if sequence < last { throw Diagnostic(.io, "the sequence shrank") }
            last = sequence
          }
          reads.add(1, ordering: .relaxed)
        }
      }
      let publishers = (0..<4).map { number in
        repeating { turn in
          // Each with a store of its own, as another process or host would have.
          let store = try ReleaseStore(root: root)
          _ = try store.publish(release("\(number * 1_000_000 + turn)"))
          published.add(1, ordering: .relaxed)
        }
      }
      let pruner = repeating { _ in
        let store = try ReleaseStore(root: root)
        let rule = PruneRule(last: 3, grace: 2)
        let outcome = try #require(
          store.prune([Samples.partition], by: rule, now: Int(time(nil))).first)
        pruned.add(try outcome.get().releases.count, ordering: .relaxed)
      }
      let rollback = repeating { _ in
        let store = try ReleaseStore(root: root)
        // The second newest may have been pruned or damaged by no one: it is kept.
        let heads = try store.heads(Samples.partition)
        guard let before = heads.dropLast().last?.release else { return }
        do {
          _ = try store.rollBack(
            Samples.partition, to: before, run: "rollback", now: Int(time(nil)))
        } catch let error as Diagnostic where error.code == .usage {
          // A publisher was faster, and the release is the newest or gone.
        }
        usleep(100_000)
      }
      for thread in readers + publishers + [pruner, rollback] { thread.join() }
      #expect(failures.withLock { Set($0) } == [])
      let counts = [
        reads.load(ordering: .relaxed), published.load(ordering: .relaxed),
        pruned.load(ordering: .relaxed),
      ]
      print("\(Self.seconds) s: \(counts[0]) reads, \(counts[1]) publishings, \(counts[2]) pruned")
      #expect(counts.allSatisfy { $0 > 10 })
      let rule = PruneRule(last: 1, grace: 0)
      _ = store.prune([Samples.partition], by: rule, now: Int(time(nil)) + 5)
      #expect(try store.verify(deep: true).faults == [])
      #expect(try store.releases(Samples.partition).count == 1)
    }
  }
}
