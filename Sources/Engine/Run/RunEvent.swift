package import Diagnostics
package import Pipelines

/// What a run tells while it works.
package enum RunEvent: Sendable {
  /// How a partition ended.
  package enum Outcome: Sendable {
    /// A new release: its id and the bytes of its files.
    case published(release: String, bytes: Int)
    case unchanged
    case failed(Diagnostic)
    /// Not tried, because the named pipeline failed for the tenant.
    case skipped(because: String)
  }

  case began(run: String, partitions: Int, tenants: Int)
  /// A pipeline's SQL passed the isolation trial now; queries that gave no row there are named.
  case tried(pipeline: String, silent: [String])
  /// So many partitions are worked on with the rows that a run kept when they failed.
  case replayed(partitions: Int, of: String)
  case extracted(pipeline: String, period: Period, tenants: Int, rows: Int, seconds: Double)
  case stageBegan(stage: String, partition: String)
  /// A stage ended: made now, or found.
  case stageEnded(stage: String, partition: String, wasFound: Bool, seconds: Double)
  case progress(stage: String, partition: String, done: Int, total: Int, what: String)
  case warning(partition: String, Warning)
  case ended(partition: String, Outcome, done: Int, total: Int)
  /// A tenant that can't be served at all.
  case refused(Diagnostic)
  /// What was published lies in the bucket too, or why not.
  case mirrored(MirrorSummary)
  case finished(RunSummary)
}

/// How a run ended.
package struct RunSummary: Sendable {
  package var run: String
  package var name: String
  package var moment: RunMoment
  package var counts: RunCounts
  package var seconds: Double
  /// Seconds of all stages of a kind together; those that ran side by side count each.
  package var stageSeconds: [String: Double]
  package var failures: [Diagnostic]
  package var wasInterrupted: Bool
  /// What stopped the run as a whole; it is thrown as well.
  package var problem: Diagnostic?
  /// What mirroring came to; `nil` without a mirror, or where nothing had changed.
  package var mirroring: MirrorSummary?

  /// `done`, `failed` or `interrupted`, as it is recorded.
  package var state: String {
    if wasInterrupted { return "interrupted" }
    return problem != nil || counts.failed + counts.skipped > 0 ? "failed" : "done"
  }
}

/// Told of a run's events, from any of its threads, one at a time.
package protocol RunObserver: Sendable {
  func receive(_ event: RunEvent)
}
