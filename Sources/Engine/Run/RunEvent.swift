package import Diagnostics
package import Pipelines

/// What a run reports while it works.
package enum RunEvent: Sendable {
  /// How a partition ended.
  package enum Outcome: Sendable {
    /// A new release: its id and the total bytes of its files.
    case published(release: String, bytes: Int)
    case unchanged
    /// It was withdrawn and stays so.
    case withdrawn
    case failed(Diagnostic)
    /// Not tried, because this pipeline failed for the tenant.
    case skipped(because: String)
  }

  case began(run: String, partitions: Int, tenants: Int)
  /// A pipeline's SQL passed the isolation trial now. `silent` names queries that returned no rows
  /// in it.
  case tried(pipeline: String, silent: [String])
  /// This many partitions use the rows that the run `of` kept when they failed.
  case replayed(partitions: Int, of: String)
  /// So many tables were fingerprinted; the rows of `unchanged` of `partitions` partitions need not
  /// be read.
  /// `fault` says why a table could not be fingerprinted, so that its rows are read in any case.
  case fingerprinted(
    tables: Int, unchanged: Int, partitions: Int, seconds: Double, fault: Diagnostic?)
  case extracted(pipeline: String, period: Period, tenants: Int, rows: Int, seconds: Double)
  case stageBegan(stage: String, partition: String)
  /// A stage ended: it ran, or its result was found.
  case stageEnded(stage: String, partition: String, wasFound: Bool, seconds: Double)
  case progress(stage: String, partition: String, done: Int, total: Int, what: String)
  /// A warning about a partition, or about the run as a whole: then `partition` is `run`.
  case warning(partition: String, Warning)
  case ended(partition: String, Outcome, done: Int, total: Int)
  /// A tenant that cannot be served at all.
  case refused(Diagnostic)
  /// The mirroring after the run, with its failures.
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
  /// Total seconds by stage. Stages that ran side by side all count.
  package var stageSeconds: [String: Double]
  package var failures: [Diagnostic]
  package var wasInterrupted: Bool
  /// What stopped the whole run; it is also thrown.
  package var problem: Diagnostic?
  /// The outcome of mirroring; `nil` without a mirror, or if nothing had changed.
  package var mirroring: MirrorSummary?

  /// `done`, `failed` or `interrupted`, as it is recorded.
  package var state: String {
    if wasInterrupted { return "interrupted" }
    return problem != nil || counts.failed + counts.skipped > 0 ? "failed" : "done"
  }
}

/// Receives a run's events, from any of its threads, one at a time.
package protocol RunObserver: Sendable {
  /// Called for each event; must not block for long.
  func receive(_ event: RunEvent)
}

/// Ignores all events, where only the end of the work matters.
package struct SilentObserver: RunObserver {
  package init() {}

  /// Ignores the event.
  package func receive(_ event: RunEvent) {}
}
