import Basics
package import Diagnostics

/// What pruning takes, or took, from one partition.
package struct PrunedPartition: Hashable, Sendable {
  package var partition: ReleasePartition
  /// Ids of releases that the rule lets go, oldest first.
  package var releases: [String]
  /// Releases that no head names and nobody is publishing, and what a pruner that died left behind.
  package var leftovers: [String]
  /// How many releases stay.
  package var keptCount: Int
  /// Bytes that nothing else names, and that the disk gets back.
  package var freedBytes: Int

  package var isEmpty: Bool { releases.isEmpty && leftovers.isEmpty }
}

extension ReleaseStore {
  /// What `prune` would take now. Nothing is written.
  ///
  /// - Parameter now: Seconds since 1970.
  package func prunable(
    _ partition: ReleasePartition, by rule: PruneRule, now: Int
  ) throws(Diagnostic) -> PrunedPartition {
    try PartitionLock.hold(partition, in: self, writing: false) { () throws(Diagnostic) in
      try prunePlan(partition, by: rule, now: now).told
    }
  }

  /// Removes the releases that a rule lets go, with their heads.
  ///
  /// `pruned.json` says so first and becomes durable; then the heads go, then the releases, each in one move,
  /// so that nothing is ever named that is not there whole. The newest release stays, whatever the rule, and so
  /// does one that was replaced within the rule's grace. One partition's failure does not stop the others.
  ///
  /// - Parameter now: Seconds since 1970.
  /// - Returns: For each partition, in the given order, what was taken.
  package func prune(
    _ partitions: [ReleasePartition], by rule: PruneRule, now: Int
  ) -> [Result<PrunedPartition, Diagnostic>] {
    var pruning = Pruning(store: self, rule: rule, now: now)
    return pruning.run(partitions)
  }

  /// `pruned.json`; `nil` where nothing was pruned.
  func prunings(_ partition: ReleasePartition) throws(Diagnostic) -> Prunings? {
    let path = path("\(partition.path)/\(Prunings.fileName)")
    guard let bytes = try FileReader.contents(path) else { return nil }
    guard let prunings = Prunings(bytes: bytes) else {
      throw Diagnostic(
        .io, "\(path) does not say what was pruned",
        hint: "`yearbook verify` shows what else is damaged")
    }
    return prunings
  }
}

/// What is to go from one partition.
struct PrunePlan {
  var told: PrunedPartition
  /// Sequences of heads that go.
  var heads: [Int]
  var prunings: Prunings
}

extension ReleaseStore {
  /// Decides under the partition's lock.
  func prunePlan(
    _ partition: ReleasePartition, by rule: PruneRule, now: Int
  ) throws(Diagnostic) -> PrunePlan {
    let prunings = try prunings(partition) ?? Prunings()
    let present = try releases(partition)
    let latest = try latest(partition)
    // What a pruner that died was about to take is none of the partition's any more.
    let all = try heads(partition)
    let heads = all.filter { head in
      head.release == latest?.release
        || !(prunings.containsHead(head.sequence) || prunings.releases.contains(head.release))
    }
    var changed: [Int: Int] = [:]
    for head in heads {
      changed[head.sequence] = FileReader.status(headPath(partition, head.sequence))?.changed
    }
    let doomed = rule.doomed(heads, changed: changed, now: now).filter { $0 != latest?.release }
    let named = Set(heads.map(\.release))
    var leftovers = present.filter { !named.contains($0) }
    if !leftovers.isEmpty {
      // A publisher gives a release its name before its head; until then its head lies in its staging folder.
      let coming = try releasesBeingPublished()
      leftovers = leftovers.filter { !coming.contains($0) && $0 != latest?.release }
    }
    let going = Set(doomed).union(leftovers)
    let sequences =
      all.filter { going.contains($0.release) && $0.release != latest?.release }.map(\.sequence)
      + all.filter { head in !heads.contains(head) }.map(\.sequence)
    return PrunePlan(
      told: PrunedPartition(
        partition: partition, releases: doomed.filter(present.contains), leftovers: leftovers,
        keptCount: present.count - going.intersection(present).count,
        freedBytes: try freedBytes(partition, going)),
      heads: Array(Set(sequences)).sorted(), prunings: prunings)
  }

  func headPath(_ partition: ReleasePartition, _ sequence: Int) -> String {
    path("\(partition.path)/heads/\(sequence).json")
  }

  /// The releases whose heads lie in any staging folder.
  private func releasesBeingPublished() throws(Diagnostic) -> Set<String> {
    var releases: Set<String> = []
    let staging = path(Self.stagingName)
    for folder in try FileReader.names(in: staging) {
      for name in try FileReader.names(in: "\(staging)/\(folder)") where name.hasSuffix(".json") {
        // One that goes while we look has just become a head or a leftover's.
        guard let bytes = try FileReader.contents("\(staging)/\(folder)/\(name)") else { continue }
        if let head = Head(bytes: bytes) { releases.insert(head.release) }
      }
    }
    return releases
  }

  /// Bytes of files all of whose names lie in these releases.
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
      sum + (file.names == file.status.linkCount ? file.status.byteCount : 0)
    }
  }
}
