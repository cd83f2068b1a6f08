package import Diagnostics

/// The result of publishing one partition.
package enum PublishOutcome: Hashable, Sendable {
  /// A new release is the latest.
  case published(Head)
  /// The payload equals that of the latest release; nothing was written.
  case unchanged(Head)
  /// The payload equals that of the latest release, which a new head now calls final.
  case statusChanged(Head)

  /// The head that is now the latest.
  package var head: Head {
    switch self {
    case .published(let head), .unchanged(let head), .statusChanged(let head): head
    }
  }
}

extension ReleaseStore {
  /// Publishes a batch. At any moment, whatever fails or is killed, a reader sees each partition's
  /// old release or its new one.
  ///
  /// All releases are written to the staging folder, made durable together, renamed, and made
  /// durable again. Only then do the heads and `latest.json` change. One partition's failure (an
  /// unknown source file, another tenant's slug) does not stop the others. A full disk fails all
  /// that were not published yet. A batch must not contain a partition twice. The caller holds the
  /// partitions' locks.
  ///
  /// - Parameter sideBySide: The releases of a large batch are compared and written with it, on
  ///   several threads; without it, on the calling one.
  /// - Returns: The result for each element of `batch`, in its order.
  package func publish(
    _ batch: [PendingRelease], _ sideBySide: SideBySide? = nil
  ) -> [Result<PublishOutcome, Diagnostic>] {
    var releases = ReleaseBatch(store: self, batch: batch)
    return releases.run(sideBySide)
  }

  /// Calls a function for each of 0 ..< count, on several threads, and returns when all have
  /// returned.
  package typealias SideBySide = @Sendable (_ count: Int, @escaping @Sendable (Int) -> Void) -> Void
}
