package import Diagnostics

extension ReleaseStore {
  /// Takes a partition back: a new head with the next sequence says that it is withdrawn. Pages
  /// that lead to it must be renewed afterwards.
  ///
  /// Its releases stay until they are pruned. It stays withdrawn until a release is rolled back to,
  /// or published with `replacesWithdrawn`. If it was interrupted, call it again to finish.
  ///
  /// - Parameters:
  ///   - reason: One line for readers, in the operator's words.
  ///   - run: The run that the head names as its maker.
  ///   - now: Seconds since 1970.
  /// - Returns: The newest head, and whether it was not withdrawn before.
  /// - Throws: `.usage` for a partition without releases.
  package func withdraw(
    _ partition: ReleasePartition, reason: String?, run: String, now: Int
  ) throws(Diagnostic) -> (head: Head, isNew: Bool) {
    try refuseLinks(in: partition)
    var releases = ReleaseBatch(store: self, batch: [])
    return try releases.withdraw(
      partition, owner: try tenant(slug: partition.tenant), reason: reason, run: run, now: now)
  }

  /// The head of the release that readers are led to; `nil` if there is none, or if it was
  /// withdrawn.
  package func shown(_ partition: ReleasePartition) throws(Diagnostic) -> Head? {
    try newest(partition).flatMap { $0.isWithdrawn ? nil : $0 }
  }
}
