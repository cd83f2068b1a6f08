import Basics
import Diagnostics

/// One batch on its way into the store.
struct ReleaseBatch {
  /// A partition whose new release or head lies in the staging folder.
  struct Staged {
    var index: Int
    var partition: ReleasePartition
    var head: Head
    /// The staged release's folder; `nil` if only the status changes.
    var folder: String?
    /// The staged head, twice: for `heads/N.json` and for `latest.json`. And its signature.
    var headFiles: (numbered: String, latest: String, signature: String?) = ("", "", nil)
    /// Whether it can follow a head that says that the partition was withdrawn.
    var replacesWithdrawn = false
  }

  let store: ReleaseStore
  private let batch: [PendingRelease]
  private var outcomes: [Result<PublishOutcome, Diagnostic>?]
  private var staging: ScratchFolder?

  init(store: ReleaseStore, batch: [PendingRelease]) {
    self.store = store
    self.batch = batch
    outcomes = batch.map { _ in nil }
  }

  mutating func run() -> [Result<PublishOutcome, Diagnostic>] {
    var staged = stageAll()
    synchronise(&staged)
    each(&staged) { batch, one throws(Diagnostic) in try batch.place(one) }
    // A head must not reach the disk before what it names.
    if staged.contains(where: { $0.folder != nil }) { synchronise(&staged) }
    swap(&staged)
    synchronise(&staged)
    for one in staged {
      outcomes[one.index] = .success(
        one.folder == nil ? .statusChanged(one.head) : .published(one.head))
    }
    if staging == nil { clearAbandoned() }
    staging = nil
    return zip(batch, outcomes).map { pending, outcome in
      (outcome ?? .failure(Diagnostic(.bug, "a release was forgotten"))).mapError { error in
        error.filling(
          .init(pipeline: pending.pipeline, tenant: pending.tenant.slug, period: pending.period))
      }
    }
  }

  private mutating func stageAll() -> [Staged] {
    var staged: [Staged] = []
    var seen: Set<ReleasePartition> = []
    for (index, pending) in batch.enumerated() {
      do throws(Diagnostic) {
        guard seen.insert(pending.partition).inserted else {
          throw Diagnostic(.bug, "a partition occurs twice in a batch")
        }
        switch try stage(pending) {
        case .asItIs(let head): outcomes[index] = .success(.unchanged(head))
        case .changed(var one):
          one.index = index
          staged.append(one)
        }
      } catch {
        outcomes[index] = .failure(error)
      }
    }
    return staged
  }

  /// Runs a step for all partitions in progress, and keeps those for which it succeeds.
  private mutating func each(
    _ staged: inout [Staged], _ step: (inout Self, inout Staged) throws(Diagnostic) -> Void
  ) {
    var kept: [Staged] = []
    for var one in staged {
      do throws(Diagnostic) {
        try step(&self, &one)
        kept.append(one)
      } catch {
        outcomes[one.index] = .failure(error)
      }
    }
    staged = kept
  }

  /// Makes the staged heads the partitions' newest.
  ///
  /// A pointer must not reach the disk before the head that it repeats. All partitions stay locked
  /// until then, so nobody takes the state in between for damage.
  private mutating func swap(_ staged: inout [Staged]) {
    let locks = PartitionLock.Several(staged.map(\.partition), in: store)
    each(&staged) { batch, one throws(Diagnostic) in
      if let failure = locks.failures[one.partition] { throw failure }
      try batch.addHead(&one)
    }
    synchronise(&staged)
    each(&staged) { batch, one throws(Diagnostic) in try batch.point(to: one) }
    withExtendedLifetime(locks) {}
  }

  /// Makes all changes so far durable. If that fails, the whole batch fails.
  private mutating func synchronise(_ staged: inout [Staged]) {
    guard !staged.isEmpty else { return }
    do throws(Diagnostic) {
      try store.sync()
    } catch {
      for one in staged { outcomes[one.index] = .failure(error) }
      staged = []
    }
  }

  /// Removes what dead publishers left, even if nothing is published. Failures are harmless.
  private func clearAbandoned() {
    let folder = store.path(ReleaseStore.stagingName)
    do throws(Diagnostic) {
      try ScratchFolder.clearAbandoned(in: folder, disk: store.disk)
    } catch {
      return
    }
  }

  /// The staging folder, made with the first change: a run that changes nothing writes nothing.
  mutating func stagingFolder() throws(Diagnostic) -> ScratchFolder {
    if let staging { return staging }
    let made = try store.makeStaging()
    staging = made
    return made
  }
}
