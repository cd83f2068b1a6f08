package import Diagnostics

/// What publishing one partition came to.
package enum PublishOutcome: Hashable, Sendable {
  /// A new release is the latest.
  case published(Head)
  /// The payload is that of the latest release; nothing was written.
  case unchanged(Head)
  /// The payload is that of the latest release, which a new head now calls final.
  case statusChanged(Head)

  /// The head that is now the latest.
  package var head: Head {
    switch self {
    case .published(let head), .unchanged(let head), .statusChanged(let head): head
    }
  }
}

extension ReleaseStore {
  /// Publishes a batch: a reader sees each partition's old release or its new one at any moment, whatever
  /// fails or is killed.
  ///
  /// All releases are written beside, made durable together, renamed, made durable again, and only then do
  /// the heads and `latest.json` change. One partition's failure (an unknown source file, another tenant's
  /// slug) does not stop the others; a full disk fails all that were not published yet. A partition may
  /// occur once in a batch. The caller holds the partitions' locks.
  ///
  /// - Returns: For each element of `batch`, in its order, what came of it.
  package func publish(_ batch: [PendingRelease]) -> [Result<PublishOutcome, Diagnostic>] {
    var publication = Publication(store: self, batch: batch)
    return publication.run()
  }
}
