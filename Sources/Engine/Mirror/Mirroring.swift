package import Basics
package import Diagnostics
import Foundation
import ObjectStorage
package import Store

/// The outcome of a mirroring.
package struct MirrorSummary: Sendable {
  package var tenants = 0
  /// Uploaded objects, and their bytes.
  package var objects = 0
  package var bytes = 0
  package var removed = 0
  /// Unfinished uploads of killed mirrorings that were aborted.
  package var abandoned = 0
  package var seconds = 0.0
  package var failures: [Diagnostic] = []
}

/// Copies the store to the configured bucket, several tenants side by side.
///
/// A failure of one tenant does not stop the others. A failure that all tenants would meet, such as
/// a bucket that does not answer, ends the mirroring at once.
package struct Mirroring: Sendable {
  let store: ReleaseStore
  let bucket: Bucket
  private let connections: Int

  /// - Returns: `nil` where no mirror is configured.
  package init?(
    _ configuration: Configuration, store: ReleaseStore, cancellation: Cancellation
  ) throws(Diagnostic) {
    guard let mirror = configuration.mirror else { return nil }
    self.store = store
    connections = mirror.connections
    bucket = try Bucket(
      mirror.location, environment: ProcessInfo.processInfo.environment
    ) { cancellation.isRequested }
  }

  /// `s3://BUCKET/PREFIX`
  package var address: String { bucket.description }

  /// Mirrors the operator's pages and the tenants that have changed since they were mirrored last.
  ///
  /// - Parameter slugs: Only these and the operator's; `nil` takes all.
  /// - Returns: The outcome with its failures. Where nothing has changed, it counts no tenants.
  package func changes(of slugs: [String]?) -> MirrorSummary {
    do throws(Diagnostic) {
      let mirror = try BucketMirror(store, bucket)
      var stale: [String] = []
      for slug in try everyone(slugs)
      where try mirror.isStale(tenant: slug) {
        stale.append(slug)
      }
      return stale.isEmpty ? MirrorSummary() : all(stale, BucketMirror.Options())
    } catch {
      return MirrorSummary(failures: [error])
    }
  }

  /// Compares tenants with the bucket and mirrors what the bucket lacks.
  ///
  /// - Parameters:
  ///   - slugs: Only these and the operator's; `nil` takes all.
  ///   - tell: Called after each tenant, never twice at once.
  package func all(
    _ slugs: [String]?, _ options: BucketMirror.Options,
    tell: @Sendable (String, BucketMirror.Outcome) -> Void = { _, _ in }
  ) -> MirrorSummary {
    let mirroring = Stopwatch()
    let work: Locked<Work>
    let abandoned: Int
    let pool: WorkerPool
    do throws(Diagnostic) {
      work = Locked(Work(slugs: try everyone(slugs)))
      abandoned = try BucketMirror(store, bucket).clearUploads()
      pool = try WorkerPool(size: min(connections, work.withLock { $0.slugs.count }))
    } catch {
      return MirrorSummary(failures: [error])
    }
    let count = min(connections, work.withLock { $0.slugs.count })
    defer { pool.stop() }
    do {
      try pool.parallel(count) { _ in
        let mirror = try BucketMirror(store, bucket)
        while let slug = work.withLock({ $0.next() }) {
          do throws(Diagnostic) {
            guard let outcome = try mirror.mirror(tenant: slug, options) else { continue }
            work.withLock { work in
              work.add(outcome)
              tell(slug, outcome)
            }
          } catch {
            work.withLock { $0.add(error) }
          }
        }
      }
    } catch let error as Diagnostic {
      work.withLock { $0.add(error) }
    } catch {
      work.withLock { $0.add(Diagnostic(.bug, "mirroring failed", underlying: error)) }
    }
    var summary = work.withLock { $0.summary }
    summary.abandoned = abandoned
    summary.seconds = mirroring.seconds
    return summary
  }

  /// The given tenants or all. The operator comes last, because its pages link to the tenants'.
  private func everyone(_ slugs: [String]?) throws(Diagnostic) -> [String] {
    if let slugs {
      return slugs.filter { $0 != ReleaseTenant.operatorName } + [ReleaseTenant.operatorName]
    }
    return try store.tenants() + [ReleaseTenant.operatorName]
  }

  /// The state that all connections share.
  private struct Work: Sendable {
    var slugs: [String]
    var taken = 0
    var isStopped = false
    var summary = MirrorSummary()

    init(slugs: [String]) { self.slugs = slugs }

    mutating func next() -> String? {
      guard !isStopped, taken < slugs.count else { return nil }
      taken += 1
      return slugs[taken - 1]
    }

    mutating func add(_ outcome: BucketMirror.Outcome) {
      summary.tenants += 1
      summary.objects += outcome.putCount
      summary.bytes += outcome.putBytes
      summary.removed += outcome.removedCount
      summary.failures += outcome.failures
    }

    mutating func add(_ failure: Diagnostic) {
      // A failure without a tenant concerns all tenants: the first one is enough.
      guard failure.subject.tenant == nil else { return summary.failures.append(failure) }
      if !isStopped { summary.failures.append(failure) }
      isStopped = true
    }
  }
}

extension Mirroring {
  /// Compares the bucket's objects with its manifests and with the store's newest heads.
  ///
  /// - Parameter slugs: Only these; if empty, all tenants of the bucket and of the store.
  package func verify(_ slugs: [String], _ options: VerifyOptions) throws(Diagnostic)
    -> Verification
  {
    let mirror = try BucketMirror(store, bucket)
    var found = Verification()
    let all =
      slugs.isEmpty
      ? Set(try mirror.tenants() + store.tenants() + options.sequences.keys.map(\.tenant)).sorted()
      : slugs
    for slug in all { found.add(try mirror.verify(tenant: slug, options)) }
    return found
  }

  /// Checks that the bucket exists and that its server keeps the promises that the mirror needs.
  package func probe() throws(Diagnostic) { try BucketMirror(store, bucket).probe() }

  /// Mirrors a tenant that was renamed, then removes the objects of its old slug.
  package func rename(from old: String, to new: String) throws {
    try all([new], BucketMirror.Options()).check()
    try BucketMirror(store, bucket).remove(renamed: old)
  }

  /// Erases a tenant with all object versions from the bucket, then from the store.
  ///
  /// - Returns: What could not be reached, one line each.
  func erase(_ tenant: ReleaseTenant) throws -> [String] {
    try BucketMirror(store, bucket).erase(tenant: tenant.slug) {
      // Nobody must make a share again while its tenant goes.
      _ = try store.holdShares { try store.removeTenant(slug: tenant.slug, id: tenant.id) }
    }
  }

  /// Repeats an erasure in the bucket: what the store no longer has is removed at once, with all
  /// object versions.
  ///
  /// - Parameter tenant: The tenant of the erased person; `nil` if the whole tenant was erased.
  /// - Returns: What could not be reached, one line each.
  package func finishErasure(of tenant: String?) throws -> [String] {
    let slugs = [tenant, ReleaseTenant.operatorName].compactMap { $0 }
    // Twice: the first time spares the release that readers were led to before.
    for _ in 1...2 {
      try all([tenant].compactMap { $0 }, BucketMirror.Options(grace: -1 << 32)).check()
    }
    let mirror = try BucketMirror(store, bucket)
    return try slugs.flatMap { try mirror.eraseVersions(tenant: $0) } + [
      "copies of the bucket \(address): its replicas, backups, access logs, and caches in front of it"
    ]
  }
}

extension MirrorSummary {
  /// Throws the first failure.
  package func check() throws(Diagnostic) {
    if let failure = failures.first { throw failure }
  }
}
