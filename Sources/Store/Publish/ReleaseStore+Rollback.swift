import Basics
package import Diagnostics

extension ReleaseStore {
  /// Makes an earlier release the newest again: a new head with the next sequence names it.
  ///
  /// The release must be undamaged, and a head must have named it. The next publication of another
  /// payload replaces it like any other release.
  ///
  /// - Parameters:
  ///   - run: The run that the head names as its maker.
  ///   - now: Seconds since 1970.
  /// - Throws: `.usage` for a release that does not exist or is the newest already, `.io` for a
  ///   damaged one.
  package func rollBack(
    _ partition: ReleasePartition, to release: String, run: String, now: Int
  ) throws(Diagnostic) -> Head {
    let heads = try heads(partition)
    guard let named = heads.last(where: { $0.release == release && !$0.isWithdrawn }),
      try !(prunings(partition)?.releases.contains(release) ?? false)
    else {
      throw Diagnostic(
        .usage, "\(partition) has no published release \(release)",
        hint: "to list its releases: `yearbook releases \(partition)`")
    }
    try refuseLinks(in: partition)
    var verifier = Verifier(store: self, options: VerifyOptions(isDeep: true))
    let owner = try tenant(slug: partition.tenant)
    verifier.ownerID = owner?.id
    verifier.verify(release: release, of: partition, tagManifest: named.tagManifest)
    if let fault = verifier.found.faults.first {
      throw Diagnostic(
        .io, "the release is damaged (\(fault.kind)): \(fault.path)",
        hint: "choose another release, or restore this one from a backup")
    }
    var head = named
    head.created = Timestamp.rfc3339(now)
    head.run = run
    head.binding = owner.map { Binding(tenantID: $0.id, partition) }
    var releases = ReleaseBatch(store: self, batch: [])
    return try releases.rollBack(to: head, of: partition)
  }
}

extension ReleaseBatch {
  /// Publishes a head that names an existing release.
  mutating func rollBack(
    to head: Head, of partition: ReleasePartition
  ) throws(Diagnostic) -> Head {
    let before = try store.latest(partition)
    let (newest, sequence) = try current(partition, of: head.binding?.tenantID)
    if let newest, newest.release == head.release, !newest.isWithdrawn {
      // An interrupted rollback, which had not reached the pointer, is finished now.
      if before?.release != head.release { return newest }
      throw Diagnostic(.usage, "\(head.release) is the newest release of \(partition) already")
    }
    var staged = Staged(index: 0, partition: partition, head: head)
    staged.replacesWithdrawn = true
    return try add(&staged, after: sequence)
  }

  /// Makes a head without a release of its own the partition's newest.
  private mutating func add(
    _ staged: inout Staged, after sequence: Int
  ) throws(Diagnostic) -> Head {
    staged.head.sequence = sequence + 1
    try writeHead(&staged)
    try store.sync()
    let partition = staged.partition
    try PartitionLock.hold(partition, in: store) { () throws(Diagnostic) in
      try addHead(&staged)
      try store.sync()
      try point(to: staged)
    }
    try store.sync()
    return staged.head
  }

  /// Publishes a head that says that the partition is withdrawn, unless its newest says so.
  mutating func withdraw(
    _ partition: ReleasePartition, owner: ReleaseTenant?, reason: String?, run: String, now: Int
  ) throws(Diagnostic) -> (head: Head, isNew: Bool) {
    // Finishes what a dead publisher, or an interrupted withdrawal, had begun.
    let (newest, sequence) = try current(partition, of: owner?.id)
    let last = try store.heads(partition).last
    guard var head = newest ?? last else {
      throw Diagnostic(.usage, "\(partition) has no release to withdraw")
    }
    if head.isWithdrawn { return (head, false) }
    head.status = .withdrawn
    head.reason = reason
    head.created = Timestamp.rfc3339(now)
    head.run = run
    head.binding = owner.map { Binding(tenantID: $0.id, partition) }
    var staged = Staged(index: 0, partition: partition, head: head)
    staged.replacesWithdrawn = true
    return (try add(&staged, after: sequence), true)
  }
}
