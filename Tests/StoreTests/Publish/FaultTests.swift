import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Each change that a publisher makes to the disk fails or is the last; then a reader looks.
@Suite struct FaultTests {
  enum Mode: CaseIterable {
    /// One change fails, as on a full disk that has room again at once.
    case once
    /// From one change on none succeeds: a full disk, or a publisher that was killed, which cannot
    /// tidy up either.
    case forEver
  }

  private static let other = ReleaseTenant(
    id: "0a1b2c3d-0000-4000-8000-000000000002", slug: "zeta", name: "Zeta")

  /// A changed partition, a new one, a new tenant and a status that changes.
  private static func batch() -> [PendingRelease] {
    [
      small(Samples.release(rows: ["2026-01-01,4\r\n"])),
      small(Samples.release(period: "2026-11")),
      small(Samples.release(tenant: other)),
      small(Samples.release(period: "2025", metadata: Samples.metadata(.final))),
    ]
  }

  private static func small(_ release: PendingRelease) -> PendingRelease {
    var release = release
    release.files.removeLast()
    return release
  }

  @Test(arguments: Mode.allCases)
  func `A reader sees the old release or the new one wherever publishing breaks`(
    mode: Mode
  ) throws {
    var failedAt = 0
    for nth in 1... {
      let isOver = try withTemporaryFolder(inMemory: true) { folder in
        let root = folder + "/store"
        let healthy = try ReleaseStore(root: root)
        let before = try [
          Self.small(Samples.release()), Self.small(Samples.release(period: "2025")),
        ]
        .map { try healthy.publish($0).head }
        let count = Atomic<Int>(0)
        let disk = Disk { _, path throws(Diagnostic) in
          let now = count.add(1, ordering: .relaxed).newValue
          if mode == .once ? now == nth : now >= nth {
            throw Diagnostic(.io, "cannot write \(path): No space left on device")
          }
        }
        let results = try ReleaseStore(root: root, disk: disk).publish(Self.batch())
        for (pending, result) in zip(Self.batch(), results) {
          let latest = try healthy.latest(pending.partition)
          if case .success(let outcome) = result { #expect(latest == outcome.head) }
          guard let latest else { continue }
          // Whatever the outcome, what a reader is led to is whole: the old release or the new one.
          let isOld = before.contains { $0.release == latest.release }
          let details = try healthy.details(pending.partition, release: latest.release)
          let place = "\(pending.partition.path)/releases/\(latest.release)/"
          for file in details.files {
            let digest = try SHA256Digest.ofFile(healthy.path(place + file.path)).digest
            #expect("sha256:" + digest.hex == file.hash)
          }
          let table = try #require(details.files.first { $0.name == "tables/months.csv" })
          let new = try #require(pending.files.first { $0.name == "tables/months.csv" })
          #expect(isOld || table.hash == "sha256:" + new.digest.hex)
        }
        let found = try healthy.verify(deep: true)
        // A publisher that died before the pointer looks like someone who put back an older one.
        let serious = found.faults.filter { fault in
          !fault.isHarmless && fault.kind != .rolledBack && !fault.path.hasSuffix("/latest.json")
        }
        #expect(serious == [], "change \(nth)")

        // The next run succeeds and leaves nothing of the broken one for readers.
        let again = try healthy.publish(Self.batch()).map { try $0.get().head }
        for (pending, head) in zip(Self.batch(), again) {
          #expect(try healthy.latest(pending.partition) == head)
          #expect(head.status == (pending.period == "2025" ? .final : .provisional))
        }
        #expect(try healthy.verify(deep: true).isSound)
        let left = try FileManager.default.contentsOfDirectory(atPath: root + "/.staging")
        #expect(left == [], "after change \(nth)")
        failedAt = nth
        return count.load(ordering: .relaxed) < nth
      }
      if isOver { break }
    }
    // Three releases of five tag files and four others, and their folders, heads and pointers.
    #expect(failedAt > 60)
  }

  @Test func `A publisher that died before the pointer is finished by the next one`() throws {
    try withTemporaryFolder { folder in
      let root = folder + "/store"
      let disk = Disk { operation, path throws(Diagnostic) in
        if path.hasSuffix("latest.json") { throw Diagnostic(.io, "killed") }
      }
      let dying = try ReleaseStore(root: root, disk: disk)
      #expect(throws: Diagnostic.self) { try dying.publish(Samples.release()) }
      let store = try ReleaseStore(root: root)
      #expect(try store.latest(Samples.partition) == nil)
      let head = try #require(try store.heads(Samples.partition).first)
      #expect(try store.publish(Samples.release()) == .unchanged(head))
      #expect(try store.latest(Samples.partition) == head)
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `The next publication repairs a damaged pointer`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let head = try store.publish(Samples.release()).head
      let latest = store.path(Samples.partition.path + "/latest.json")
      func damage() throws {
        unlink(latest)
        #expect(FileManager.default.createFile(atPath: latest, contents: Data("{".utf8)))
      }
      try damage()
      #expect(throws: Diagnostic.self) { try store.latest(Samples.partition) }
      #expect(try store.newest(Samples.partition) == head)
      #expect(try store.publish(Samples.release()) == .unchanged(head))
      #expect(try store.latest(Samples.partition) == head)
      // Also where the head is damaged as well.
      try damage()
      let file = store.path(Samples.partition.path + "/heads/1.json")
      unlink(file)
      #expect(FileManager.default.createFile(atPath: file, contents: Data("{".utf8)))
      let next = try store.publish(Samples.release()).head
      #expect(next.sequence == 2)
      #expect(try store.latest(Samples.partition) == next)
    }
  }

  /// Whether this process may make a small disk to fill.
  private static let canMount: Bool = {
    do {
      return try withTemporaryFolder { folder in
        guard try mount(on: folder) else { return false }
        return umount2(folder, Int32(MNT_DETACH)) == 0
      }
    } catch {
      return false
    }
  }()

  private static func mount(on folder: String) throws -> Bool {
    let command = ["/bin/mount", "-t", "tmpfs", "-o", "size=5m", "none", folder]
    return try Program.run(command).status == 0
  }

  @Test(.enabled(if: canMount, "a small disk to fill can only be mounted by root"))
  func `A full disk loses nothing that was published`() throws {
    try withTemporaryFolder { folder in
      guard try Self.mount(on: folder) else { throw Diagnostic(.io, "cannot mount") }
      defer { umount2(folder, Int32(MNT_DETACH)) }
      let store = try ReleaseStore(root: folder + "/store")
      let blobs = try BlobStore(workspace: folder + "/workspace")
      let head = try store.publish(Samples.release()).head
      var large = Samples.release()
      large.files[4] = ReleaseFile(
        name: "film.mp4", bytes: [UInt8](repeating: 8, count: 6_000_000), mediaType: "video/mp4")
      let results = store.publish([large, Samples.release(period: "2025")])
      let error = #expect(throws: Diagnostic.self) { try results[0].get() }
      #expect(error?.code == .io)
      #expect(error?.message.hasSuffix("No space left on device") == true)
      #expect(
        error?.hint == "free some space there and run again: published releases are kept")
      // The next one had the room that the failed one gave back.
      #expect(try results[1].get().head.sequence == 1)
      #expect(try store.latest(Samples.partition) == head)
      #expect(try store.verify(deep: true).faults == [])
      let put = #expect(throws: Diagnostic.self) {
        try blobs.put([UInt8](repeating: 8, count: 6_000_000), tenant: "t")
      }
      #expect(put?.code == .io)
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder + "/workspace")
      #expect(!left.contains { $0.hasPrefix("tenants") || $0.hasSuffix("/1") }, "\(left)")
    }
  }

  @Test func `Four publishers of one partition and a reader end in a valid state`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      _ = try store.publish(Self.small(Samples.release()))
      let isOver = Atomic<Bool>(false)
      let reads = Atomic<Int>(0)
      let failures = Mutex<[String]>([])
      let reader = Background {
        var last = 0
        while !isOver.load(ordering: .relaxed) {
          do {
            let head = try #require(try store.latest(Samples.partition))
            let details = try store.details(Samples.partition, release: head.release)
            let place = "\(Samples.partition.path)/releases/\(head.release)/"
            for file in details.files {
              let digest = try SHA256Digest.ofFile(store.path(place + file.path)).digest
              if "sha256:" + digest.hex != file.hash { throw Diagnostic(.io, "a mixture") }
            }
            if head.sequence < last { throw Diagnostic(.io, "the sequence shrank") }
            last = head.sequence
            reads.add(1, ordering: .relaxed)
          } catch {
            failures.withLock { $0.append("\(error)") }
          }
        }
      }
      let publishers = (0..<4).map { number in
        Background {
          for turn in 0..<15 {
            let rows = ["2026-01-01,\(number * 1000 + turn)\r\n"]
            do {
              _ = try store.publish(Self.small(Samples.release(rows: rows)))
            } catch {
              failures.withLock { $0.append("\(error)") }
            }
          }
        }
      }
      for publisher in publishers { publisher.join() }
      isOver.store(true, ordering: .relaxed)
      reader.join()
      #expect(failures.withLock { $0 } == [])
      #expect(reads.load(ordering: .relaxed) > 10)
      #expect(try store.latest(Samples.partition)?.sequence == 61)
      #expect(try store.verify(deep: true).faults == [])
    }
  }
}
