import Basics
package import Diagnostics

/// What a pruning removes, or has removed, from one partition.
package struct PrunedPartition: Hashable, Sendable {
  package var partition: ReleasePartition
  /// Ids of releases that the rule does not keep, the oldest first.
  package var releases: [String]
  /// Releases that no head names and nobody is publishing, and those that a dead pruner left.
  package var leftovers: [String]
  /// Releases that the rule does not keep and that were lost before: only their heads are removed.
  package var lost: [String] = []
  /// How many releases stay.
  package var keptCount: Int
  /// Bytes that the disk gets back, because no other release shares them.
  package var freedBytes: Int

  /// Whether there is nothing to remove.
  package var isEmpty: Bool { count == 0 }

  /// The number of releases that go.
  package var count: Int { releases.count + leftovers.count + lost.count }
}

extension ReleaseStore {
  /// What `prune` would remove now. Writes nothing.
  ///
  /// - Parameter now: Seconds since 1970.
  package func prunable(
    _ partition: ReleasePartition, by rule: PruneRule, now: Int
  ) throws(Diagnostic) -> PrunedPartition {
    try PartitionLock.hold(partition, in: self, writing: false) { () throws(Diagnostic) in
      try prunePlan(partition, by: rule, now: now).told
    }
  }

  /// Removes the releases that a rule does not keep, with their heads.
  ///
  /// First `pruned.json` names them and becomes durable. Then the heads are removed, then the
  /// releases, each in one move: no head ever names a release that is not there completely. The
  /// newest release always stays, and so does one that was replaced within the rule's grace. Of a
  /// partition that was withdrawn longer ago than that, only the head stays that says so. One
  /// partition's failure does not stop the others.
  ///
  /// - Parameter now: Seconds since 1970.
  /// - Returns: What was removed from each partition, in the given order.
  package func prune(
    _ partitions: [ReleasePartition], by rule: PruneRule, now: Int
  ) -> [Result<PrunedPartition, Diagnostic>] {
    var pruning = Pruning(store: self, rule: rule, now: now)
    return pruning.run(partitions)
  }

  /// `pruned.json`; `nil` if nothing was pruned.
  func prunings(_ partition: ReleasePartition) throws(Diagnostic) -> Prunings? {
    let path = path("\(partition.path)/\(Prunings.fileName)")
    guard let bytes = try FileReader.contents(path) else { return nil }
    guard let prunings = Prunings(bytes: bytes) else {
      throw Diagnostic(
        .io, "\(path) is not a valid pruned.json",
        hint: "to see what else is damaged: `yearbook verify`")
    }
    return prunings
  }
}

/// What to remove from one partition.
struct PrunePlan {
  var told: PrunedPartition
  /// Sequences of the heads to remove.
  var heads: [Int]
  var prunings: Prunings
}

extension ReleaseStore {
  /// Decides what to remove. The caller holds the partition's lock.
  func prunePlan(
    _ partition: ReleasePartition, by rule: PruneRule, now: Int
  ) throws(Diagnostic) -> PrunePlan {
    let prunings = try prunings(partition) ?? Prunings()
    let present = try releases(partition)
    let latest = try latest(partition)
    // What a dead pruner had announced no longer belongs to the partition.
    let all = try heads(partition)
    let heads = all.filter { head in
      head.release == latest?.release
        || !(prunings.containsHead(head.sequence) || prunings.releases.contains(head.release))
    }
    var changed: [Int: Int] = [:]
    for head in heads {
      changed[head.sequence] = FileReader.status(headPath(partition, head.sequence))?.changed
    }
    let isWithdrawn = latest?.isWithdrawn ?? false
    let doomed =
      isWithdrawn
      ? rule.doomedOfWithdrawn(heads, changed: changed, now: now)
      : rule.doomed(heads, changed: changed, now: now).filter { $0 != latest?.release }
    let named = Set(heads.map(\.release))
    var leftovers = present.filter { !named.contains($0) }
    if !leftovers.isEmpty {
      // A release gets its name before its head does; until then the head is in a staging folder.
      let coming = try releasesBeingPublished()
      leftovers = leftovers.filter { !coming.contains($0) && $0 != latest?.release }
    }
    let going = Set(doomed).union(leftovers)
    let goingHeads = all.filter { head in
      isWithdrawn
        ? going.contains(head.release) && head.sequence != latest?.sequence
        : going.contains(head.release) && head.release != latest?.release
    }
    let sequences =
      goingHeads.map(\.sequence) + all.filter { head in !heads.contains(head) }.map(\.sequence)
    return PrunePlan(
      told: PrunedPartition(
        partition: partition, releases: doomed.filter(present.contains), leftovers: leftovers,
        lost: doomed.filter { id in
          !present.contains(id) && goingHeads.contains { $0.release == id }
        },
        keptCount: present.count - going.intersection(present).count,
        freedBytes: try freedBytes(partition, going)),
      heads: Array(Set(sequences)).sorted(), prunings: prunings)
  }

  func headPath(_ partition: ReleasePartition, _ sequence: Int) -> String {
    path("\(partition.path)/heads/\(sequence).json")
  }

  /// The releases whose heads are in a staging folder.
  private func releasesBeingPublished() throws(Diagnostic) -> Set<String> {
    var releases: Set<String> = []
    let staging = path(Self.stagingName)
    for folder in try FileReader.names(in: staging) {
      for name in try FileReader.names(in: "\(staging)/\(folder)") where name.hasSuffix(".json") {
        // If the file goes meanwhile, it has become a head or was a leftover.
        guard let bytes = try FileReader.contents("\(staging)/\(folder)/\(name)") else { continue }
        if let head = Head(bytes: bytes) { releases.insert(head.release) }
      }
    }
    return releases
  }

  /// Bytes of the files that no other release shares with these.
  private func freedBytes(
    _ partition: ReleasePartition, _ releases: Set<String>
  ) throws(Diagnostic) -> Int {
    var files: [FileStatus.Identity: (status: FileStatus, names: Int)] = [:]
    func add(_ folder: String) throws(Diagnostic) {
      for name in try FileReader.names(in: folder) {
        guard let status = FileReader.status(folder + "/" + name) else { continue }
        if status.kind == .folder { try add(folder + "/" + name) }
        if status.kind == .file { files[status.identity, default: (status, 0)].names += 1 }
      }
    }
    for release in releases { try add(path("\(partition.path)/releases/\(release)")) }
    return files.values.reduce(0) { sum, file in
      file.names == file.status.linkCount ? sum.saturatingAdd(file.status.byteCount) : sum
    }
  }
}
