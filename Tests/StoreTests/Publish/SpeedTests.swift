import Basics
import Glibc
import Store
import TestSupport
import Testing

/// The time of a large nightly run. Runs with `YEARBOOK_SOAK=1`, best in an optimised build.
@Suite(
  .enabled(if: getenv("YEARBOOK_SOAK") != nil, "set YEARBOOK_SOAK to run the slow trials"),
  .serialized)
struct SpeedTests {
  private static func batch(_ count: Int, _ content: String) -> [PendingRelease] {
    (0..<count).map { number in
      var release = Samples.release(
        rows: ["2026-01-01,\(number)\r\n"],
        tenant: ReleaseTenant(id: "tenant-\(number)", slug: "tenant-\(number)", name: "T"))
      release.files.removeLast()
      release.files.append(
        ReleaseFile(name: "note.txt", bytes: Array(content.utf8), mediaType: "text/plain"))
      return release
    }
  }

  @Test func `A thousand small releases, again, changed, and verified`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let count = 1000
      func measure(_ name: String, _ body: () throws -> Void) rethrows {
        let time = try ContinuousClock().measure(body)
        print("\(name): \(time / count) each")
      }
      measure("publish") { _ = store.publish(Self.batch(count, "one")) }
      measure("publish nothing") { _ = store.publish(Self.batch(count, "one")) }
      measure("publish a change") { _ = store.publish(Self.batch(count, "two")) }
      for deep in [false, true] {
        try measure(deep ? "verify deep" : "verify") {
          let found = try store.verify(deep: deep)
          #expect(found.faults == [])
        }
      }
      #expect(try store.verify().releaseCount == 2 * count)
    }
  }
}
