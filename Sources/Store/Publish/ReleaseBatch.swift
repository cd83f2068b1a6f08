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
  private let staging = Locked<ScratchFolder?>(nil)

  init(store: ReleaseStore, batch: [PendingRelease]) {
    self.store = store
    self.batch = batch
    outcomes = batch.map { _ in nil }
  }

  /// - Parameter sideBySide: calls a function for 0 ..< count on several threads.
  mutating func run(
    _ sideBySide: ReleaseStore.SideBySide?
  ) -> [Result<PublishOutcome, Diagnostic>] {
    var staged = stageAll(sideBySide)
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
    let made = staging.withLock { $0 }
    if made == nil { clearAbandoned() }
    staging.withLock { $0 = nil }
    return zip(batch, outcomes).map { pending, outcome in
      (outcome ?? .failure(Diagnostic(.bug, "a release was forgotten"))).mapError { error in
        error.filling(
          .init(pipeline: pending.pipeline, tenant: pending.tenant.slug, period: pending.period))
      }
    }
  }

  private mutating func stageAll(_ sideBySide: ReleaseStore.SideBySide?) -> [Staged] {
    var staged: [Staged] = []
    for (index, decision) in decisions(sideBySide).enumerated() {
      switch decision {
      case .success(.asItIs(let head)): outcomes[index] = .success(.unchanged(head))
      case .success(.changed(var one)):
        one.index = index
        staged.append(one)
      case .failure(let error): outcomes[index] = .failure(error)
      }
    }
    return staged
  }

  /// What to do with each partition of the batch, with what is new written to the staging folder.
  private func decisions(
    _ sideBySide: ReleaseStore.SideBySide?
  ) -> [Result<Decision, Diagnostic>] {
    var seen: Set<ReleasePartition> = []
    let isFirst = batch.map { seen.insert($0.partition).inserted }
    let decisions = Locked<[Int: Result<Decision, Diagnostic>]>([:])
    let decide: @Sendable (Int) -> Void = { [self] index in
      let decision: Result<Decision, Diagnostic>
      do throws(Diagnostic) {
        guard isFirst[index] else {
          throw Diagnostic(.bug, "a partition occurs twice in a batch")
        }
        decision = .success(try stage(batch[index]))
      } catch {
        decision = .failure(error)
      }
      decisions.withLock { $0[index] = decision }
    }
    if let sideBySide, batch.count >= Self.leastSideBySide {
      sideBySide(batch.count, decide)
    } else {
      for index in batch.indices { decide(index) }
    }
    return decisions.withLock { decisions in
      batch.indices.map {
        decisions[$0] ?? .failure(Diagnostic(.bug, "a release was not staged"))
      }
    }
  }

  /// For fewer, other threads are not worth waking.
  private static let leastSideBySide = 16

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
  func stagingFolder() throws(Diagnostic) -> ScratchFolder {
    try staging.withLock { staging throws(Diagnostic) in
      if let staging { return staging }
      let made = try store.makeStaging()
      staging = made
      return made
    }
  }
}
