import Basics
import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import ObjectStorage
@testable import Store
@testable import Transfer

/// All that needs the object server, one test after the other.
@Suite(
  .serialized,
  .enabled(if: ObjectServer.missing == nil, "\(ObjectServer.missing ?? "")"))
struct MirrorTrials {
  /// What breaks on the way, and who else is at the bucket.
  @Suite struct Breaking {
    private static let isFull = getenv("YEARBOOK_SOAK") != nil

    /// `cut`: the server dies at a request. `lose`: it does what it is asked and nobody hears of
    /// it.
    @Test(arguments: ["cut", "status 503", "lose"])
    func `A reader of the bucket sees the old release or the new one wherever mirroring breaks`(
      kind: String
    ) throws {
      var hits = 0
      for nth in stride(from: 1, to: 100, by: Self.isFull ? 1 : 15) {
        let isOver = try withTemporaryFolder { folder in
          let scene = try MirrorScene(folder)
          let old = try scene.store.publish(MirrorScene.small(1)).head
          try scene.mirrorAll()
          let new = try scene.store.publish(MirrorScene.small(2)).head
          _ = try scene.store.publish(MirrorScene.small(2, period: "2025"))
          _ = try scene.store.putPage("tenants/acme/index.html", Array("all".utf8))
          scene.server.misbehave("\(kind) \(nth) 100000")
          let failure = Result { try scene.mirrorAll(attempts: 1) }
          scene.server.misbehave(nil)
          let seen = try scene.read(Samples.partition)
          #expect(seen == old || seen == new, "request \(nth)")
          let behind = try scene.verify().faults.filter { fault in
            // The store is ahead, and what no head names yet is harmless.
            !fault.isHarmless && fault.kind != .rolledBack
              && !(fault.kind == .missing && fault.path.contains("report/2025"))
          }
          #expect(behind == [], "request \(nth)")
          if case .failure(let error as Diagnostic) = failure {
            #expect(error.code == .unavailable && error.isTransient)
          }
          try scene.mirrorAll()
          #expect(try scene.read(Samples.partition) == new, "request \(nth)")
          #expect(try scene.verify().faults == [], "request \(nth)")
          if case .success = failure { return true }
          hits += 1
          return false
        }
        if isOver { break }
      }
      // Two releases of nine files, heads, pointers, the page.
      #expect(hits > (Self.isFull ? 20 : 1))
    }

    @Test func `Transient faults are waited out, and lost replies do no harm`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        scene.server.misbehave("status 503 1 3")
        try scene.mirrorAll()
        #expect(try scene.verify().faults == [])
        _ = try scene.store.publish(MirrorScene.small(2))
        // Of an object, and of the pointer.
        for nth in [4, 12] {
          _ = try scene.store.publish(MirrorScene.small(nth))
          scene.server.misbehave("lose \(nth) 1")
          try scene.mirrorAll()
        }
        _ = try scene.store.publish(MirrorScene.small(99))
        // A server that takes a request and never answers.
        scene.server.misbehave("hang 3 1")
        try scene.mirrorAll()
        scene.server.misbehave(nil)
        #expect(try scene.verify().faults == [])
        #expect(
          try scene.read(Samples.partition) == scene.store.latest(Samples.partition))
      }
    }

    @Test func `Whoever told it to stop need not wait`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        scene.server.misbehave("hang 1 1000")
        let isOver = Atomic<Bool>(false)
        var bucket = try Bucket(
          BucketLocation("s3://bucket/\(scene.prefix)"), environment: scene.server.environment
        ) { isOver.load(ordering: .relaxed) }
        bucket.patience = HTTPTransfer.Patience(connect: 10, stall: 60)
        let mirror = try BucketMirror(scene.store, bucket)
        let stopper = Background {
          usleep(300_000)
          isOver.store(true, ordering: .relaxed)
        }
        let error = #expect(throws: Diagnostic.self) { try mirror.mirror(tenant: "acme") }
        stopper.join()
        scene.server.misbehave(nil)
        #expect(error?.code == .interrupted)
      }
    }

    @Test func `Errors say what is wrong with the bucket and show no secret`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder, prefix: "said")
        _ = try scene.store.publish(MirrorScene.small(1))
        func failure(
          _ changes: [String: String], _ address: String = "s3://bucket/said"
        ) throws -> Diagnostic {
          var bucket = try Bucket(
            BucketLocation(address),
            environment: scene.server.environment.merging(changes) { $1 })
          bucket.retries = Backoff(attempts: 2, first: 0.01, most: 0.01)
          let error = #expect(throws: Diagnostic.self) {
            try BucketMirror(scene.store, bucket).mirror(tenant: "acme")
          }
          return try #require(error)
        }
        let rights = "they need the right to list, get, put and delete below the prefix"
        #expect(
          try failure(["AWS_SECRET_ACCESS_KEY": "wrong"])
            == Diagnostic(
              .configuration,
              "s3://bucket/said refuses the credentials (SignatureDoesNotMatch)", hint: rights))
        #expect(
          try failure(["AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"])
            == Diagnostic(
              .configuration, "s3://bucket/said refuses the credentials (InvalidAccessKeyId)",
              hint: rights))
        #expect(
          try failure([:], "s3://nobody/said")
            == Diagnostic(
              .configuration, "there is no bucket 'nobody'",
              hint: "create it, or set another bucket at `mirror` in yearbook.yaml"))
        let away = try failure(["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
        #expect(away.code == .unavailable && away.isTransient)
        #expect(
          away.message == "s3://bucket/said does not answer: Couldn't connect to server")
        let none = #expect(throws: Diagnostic.self) {
          try Bucket(BucketLocation("s3://bucket"), environment: [:])
        }
        #expect(none?.code == .configuration)
        let bucket = try scene.bucket()
        for value in ["\(bucket)", "\(bucket.credentials)"] {
          #expect(scene.server.environment.values.allSatisfy { !value.contains($0) })
        }
        #expect(throws: Never.self) { try scene.mirror().probe() }
      }
    }

    @Test func `A pointer that somebody else moved on is not moved back`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        _ = try scene.store.publish(MirrorScene.small(1))
        try scene.mirrorAll()
        // The same store on another host's disk, as a backup would put it.
        let copied = try Program.run(["/bin/cp", "-a", scene.store.root, folder + "/other"])
        #expect(copied.status == 0)
        let other = try ReleaseStore(root: folder + "/other")
        let ahead = try scene.store.publish(MirrorScene.small(2)).head
        _ = try scene.store.publish(MirrorScene.small(3))
        try scene.mirrorAll()
        let mirror = try BucketMirror(other, scene.bucket())
        // Behind: its pointer is older.
        let place = "s3://bucket/\(scene.prefix)/\(Samples.partition.path)"
        func refusal(_ name: String) -> Diagnostic {
          Diagnostic(
            .configuration, "\(place)/\(name) is not what this store published",
            at: .init(tenant: "acme"),
            hint:
              "either another store publishes to this bucket, or this store was restored from an older"
              + " backup; in the second case: `yearbook mirror --replace`")
        }
        #expect(throws: refusal("latest.json")) { try mirror.mirror(tenant: "acme") }
        // Its own second release is another second release.
        _ = try other.publish(MirrorScene.small(9))
        #expect(throws: refusal("heads/2.json")) { try mirror.mirror(tenant: "acme") }
        #expect(try scene.read(Samples.partition)?.sequence == 3)
        #expect(try scene.verify().faults == [])
        let outcome = try #require(
          try mirror.mirror(tenant: "acme", .init(replaces: true)))
        #expect(outcome.failures == [] && outcome.removedCount == 1)
        #expect(try scene.read(Samples.partition) == other.latest(Samples.partition))
        // What no head names any more is left over, and goes.
        #expect(
          try mirror.verify(tenant: "acme", VerifyOptions(isDeep: true)).faults.allSatisfy(
            \.isHarmless))
        _ = try mirror.mirror(tenant: "acme", .init(grace: 0))
        #expect(try mirror.verify(tenant: "acme", VerifyOptions(isDeep: true)).faults == [])
        #expect(try scene.paths().allSatisfy { !$0.contains(ahead.release) })
        // Another tenant of that slug.
        let third = try ReleaseStore(root: folder + "/third")
        _ = try third.publish(
          Samples.release(tenant: .init(id: MirrorScene.zeta.id, slug: "acme", name: "Z")))
        let error = #expect(throws: Diagnostic.self) {
          try BucketMirror(third, scene.bucket()).mirror(tenant: "acme")
        }
        #expect(
          error?.message == "s3://bucket/\(scene.prefix)/tenants/acme belongs to another tenant")
      }
    }

    @Test func `Publishers, two mirrorings, a pruner and readers of the bucket`() throws {
      try withTemporaryFolder { folder in
        let scene = try MirrorScene(folder)
        let root = scene.store.root
        _ = try scene.store.publish(MirrorScene.small(0))
        try scene.mirrorAll()
        let end = time(nil) + (Self.isFull ? 60 : 8)
        // Counted from the next head, which is put before the pointer, in the bucket's whole
        // seconds. A reader who needs longer than this, with the mirroring between that head and
        // its pointer, loses its release by right.
        let grace = Self.isFull ? 10 : 5
        let slowest = Mutex(Duration.zero)
        let failures = Mutex<Set<String>>([])
        let missing = Mutex<[(needed: Duration, what: String)]>([])
        let counts = Mutex<[String: Int]>([:])
        @Sendable func repeating(
          _ name: String, _ body: @escaping @Sendable (Int) throws -> Void
        ) -> Background {
          Background {
            var turn = 0
            while time(nil) < end {
              turn += 1
              do {
                try body(turn)
                counts.withLock { $0[name, default: 0] += 1 }
              } catch let error as Diagnostic where error.code == .busy {
                continue
              } catch {
                failures.withLock { _ = $0.insert("\(name): \(error)") }
              }
            }
          }
        }
        @Sendable func timed(_ mirroring: () throws -> Void) throws {
          let begin = ContinuousClock().now
          try mirroring()
          let needed = ContinuousClock().now - begin
          slowest.withLock { $0 = max($0, needed) }
        }
        let readers = (0..<2).map { _ in
          let last = Mutex(0)
          return repeating("reader") { _ in
            let clock = ContinuousClock()
            let begin = clock.now
            let sequence: Int
            do {
              sequence = try scene.read(Samples.partition)?.sequence ?? 0
            } catch let error as Diagnostic where error.message.hasSuffix("is missing") {
              let needed = clock.now - begin
              // However slow everything is, the pointer never names what is not there.
              let path = Samples.partition.path + "/latest.json"
              let bytes = try ObjectClient(scene.bucket()).get(path)?.bytes
              if let head = bytes.flatMap(Head.init(bytes:)), error.message.contains(head.release) {
                throw error
              }
              return missing.withLock { $0.append((needed, error.message)) }
            }
            try last.withLock { last in
              if sequence < last { throw Diagnostic(.io, "the sequence shrank") }
              last = sequence
            }
          }
        }
        let others = [
          repeating("publisher") { turn in
            _ = try ReleaseStore(root: root).publish(MirrorScene.small(turn))
            usleep(150_000)
          },
          repeating("pruner") { _ in
            let store = try ReleaseStore(root: root)
            let rule = PruneRule(last: 2, grace: 1)
            for outcome in store.prune([Samples.partition], by: rule, now: Int(time(nil))) {
              _ = try outcome.get()
            }
            usleep(200_000)
          },
          repeating("mirroring") { _ in try timed { try scene.mirrorAll(.init(grace: grace)) } },
          repeating("mirroring") { _ in try timed { try scene.mirrorAll() } },
        ]
        for thread in readers + others { thread.join() }
        #expect(failures.withLock { $0 } == [])
        let mirroring = slowest.withLock { $0 }
        let holes = missing.withLock { $0 }
        #expect(holes.filter { $0.needed + mirroring < .seconds(grace - 1) }.map(\.what) == [])
        print("mirror race: slowest mirroring \(mirroring), \(holes.count) readers too slow")
        print("mirror race: \(counts.withLock { $0 }.sorted { $0.key < $1.key })")
        try scene.mirrorAll(.init(grace: 0))
        #expect(try scene.verify().faults == [])
        #expect(try scene.read(Samples.partition) == scene.store.latest(Samples.partition))
      }
    }
  }
}
