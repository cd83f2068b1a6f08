import Basics
import Diagnostics

/// One pruning of many partitions. Each step is done for all of them, so that they share syncs.
struct Pruning {
  /// A partition in progress.
  private struct Going {
    /// Its place in `outcomes`.
    var index: Int
    var plan: PrunePlan
    /// The new `pruned.json`; `file` is the path of its bytes.
    var announced: Prunings
    var file = ""
    var signature: String?
  }

  let store: ReleaseStore
  let rule: PruneRule
  let now: Int
  private var outcomes: [Result<PrunedPartition, Diagnostic>] = []
  private var all: [Going] = []
  private var staging: ScratchFolder?

  init(store: ReleaseStore, rule: PruneRule, now: Int) {
    self.store = store
    self.rule = rule
    self.now = now
  }

  mutating func run(_ partitions: [ReleasePartition]) -> [Result<PrunedPartition, Diagnostic>] {
    do throws(Diagnostic) {
      // What dead publishers staged must not look like a publication in progress.
      try ScratchFolder.clearAbandoned(in: store.path(ReleaseStore.stagingName), disk: store.disk)
    } catch {
      return partitions.map { _ in .failure(error) }
    }
    for partition in partitions { plan(partition) }
    // A name must not reach the disk before its content.
    synchronise()
    each { pruning, going throws(Diagnostic) in try pruning.announce(going) }
    synchronise()
    each { pruning, going throws(Diagnostic) in try pruning.take(going.plan) }
    synchronise()
    // The releases that were moved here go with the folder.
    staging = nil
    return outcomes
  }

  private mutating func plan(_ partition: ReleasePartition) {
    do throws(Diagnostic) {
      let plan = try PartitionLock.hold(partition, in: store) { () throws(Diagnostic) in
        try store.refuseLinks(in: partition)
        return try store.prunePlan(partition, by: rule, now: now)
      }
      guard !plan.told.isEmpty || !plan.heads.isEmpty else {
        return outcomes.append(.success(plan.told))
      }
      var going = Going(index: outcomes.count, plan: plan, announced: plan.prunings)
      going.announced.binding = try store.claim(slug: partition.tenant).map {
        Binding(tenantID: $0.id, partition)
      }
      going.announced.add(heads: plan.heads, releases: plan.told.releases + plan.told.leftovers)
      let staging = try stagingFolder()
      going.file = staging.freshPath(".pruned")
      let bytes = going.announced.bytes
      try store.disk.create(going.file, bytes, mode: 0o444)
      if let signer = store.signer {
        let path = staging.freshPath(".sig")
        try store.disk.create(path, try signer.sign(bytes), mode: 0o444)
        going.signature = path
      }
      outcomes.append(.success(plan.told))
      all.append(going)
    } catch {
      outcomes.append(.failure(error))
    }
  }

  /// Writes to `pruned.json` what will be removed. Throws if somebody changed the partition
  /// meanwhile.
  private func announce(_ going: Going) throws(Diagnostic) {
    let plan = going.plan
    let partition = plan.told.partition
    try PartitionLock.hold(partition, in: store) { () throws(Diagnostic) in
      let latest = try store.latest(partition)
      guard try store.prunings(partition) ?? Prunings() == plan.prunings,
        latest?.isWithdrawn ?? false
          || !going.announced.releases.contains(latest?.release ?? ""),
        !going.announced.containsHead(latest?.sequence ?? 0)
      else {
        throw Diagnostic(
          .busy, "the partition was changed while it was being pruned",
          hint: "run `yearbook prune` again", isTransient: true)
      }
      let file = store.path("\(partition.path)/\(Prunings.fileName)")
      if let signature = going.signature {
        try store.disk.rename(signature, to: file + ".sig")
      } else {
        try store.disk.remove(file + ".sig")
      }
      try store.disk.rename(going.file, to: file)
    }
  }

  /// Removes what was announced. Nobody makes an announced release the newest again.
  private mutating func take(_ plan: PrunePlan) throws(Diagnostic) {
    let partition = plan.told.partition
    let staging = try stagingFolder()
    try PartitionLock.hold(partition, in: store) { () throws(Diagnostic) in
      for sequence in plan.heads {
        let head = store.headPath(partition, sequence)
        try store.disk.remove(head + ".sig")
        try store.disk.remove(head)
      }
      for release in plan.told.releases + plan.told.leftovers {
        let folder = store.path("\(partition.path)/releases/\(release)")
        if FileReader.status(folder) == nil { continue }
        if try store.disk.move(folder, to: staging.freshPath()) { continue }
        // It cannot be moved here. No page leads to it, and `pruned.json` names what is left of it.
        try store.disk.remove(folder)
      }
    }
  }

  private mutating func each(_ step: (inout Self, Going) throws(Diagnostic) -> Void) {
    var kept: [Going] = []
    for going in all {
      do throws(Diagnostic) {
        try step(&self, going)
        kept.append(going)
      } catch {
        outcomes[going.index] = .failure(error)
      }
    }
    all = kept
  }

  private mutating func synchronise() {
    guard !all.isEmpty else { return }
    do throws(Diagnostic) {
      try store.sync()
    } catch {
      for going in all { outcomes[going.index] = .failure(error) }
      all = []
    }
  }

  private mutating func stagingFolder() throws(Diagnostic) -> ScratchFolder {
    if let staging { return staging }
    let made = try store.makeStaging()
    staging = made
    return made
  }
}
