import Diagnostics
import Engine
import Foundation

/// Reports a run to programs: one JSON object per line on the standard output (docs/events.md).
final class EventObserver: RunReporter {
  private let console = Console.standardOutput

  func receive(_ event: RunEvent) {
    do {
      try console.jsonLine(EventLine(event))
    } catch {
      // JSON has no form for numbers such as infinity. No event contains one.
      Console.standardError.line("an event has no JSON form: \(error)")
    }
  }

  /// Does nothing: the last event has said everything.
  func finish(_ summary: RunSummary) {}
}

/// One event.
private struct EventLine: Encodable {
  var at = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  var event: String
  var run, name, as_of, state: String?
  var pipeline, tenant, period, stage: String?
  var partitions, tenants, tables, rows, done, total, objects, bytes: Int?
  var seconds: Double?
  var found: Bool?
  var silent: [String]?
  var of: String?
  var release, because, what, subject, code, message, hint: String?
  var published, unchanged, failed, skipped, stages_run, stages_found, warnings: Int?
  var stage_seconds: [String: Double]?

  init(_ event: RunEvent) {
    switch event {
    case .began(let run, let partitions, let tenants):
      self.event = "began"
      self.run = run
      (self.partitions, self.tenants) = (partitions, tenants)
    case .tried(let pipeline, let silent):
      self.event = "tried"
      (self.pipeline, self.silent) = (pipeline, silent)
    case .replayed(let partitions, let run):
      self.event = "replayed"
      (self.partitions, self.of) = (partitions, run)
    case .fingerprinted(let tables, let unchanged, let partitions, let seconds, let fault):
      self.event = "fingerprinted"
      (self.tables, self.unchanged, self.partitions) = (tables, unchanged, partitions)
      self.seconds = seconds
      (self.code, self.message, self.hint) = (fault?.code.description, fault?.message, fault?.hint)
    case .extracted(let pipeline, let period, let tenants, let rows, let seconds):
      self.event = "extracted"
      (self.pipeline, self.period) = (pipeline, "\(period)")
      (self.tenants, self.rows, self.seconds) = (tenants, rows, seconds)
    case .stageBegan(let stage, let partition):
      self.event = "stage_began"
      self.stage = stage
      place(partition)
    case .stageEnded(let stage, let partition, let wasFound, let seconds):
      self.event = "stage_ended"
      (self.stage, self.found, self.seconds) = (stage, wasFound, seconds)
      place(partition)
    case .progress(let stage, let partition, let done, let total, let what):
      self.event = "progress"
      (self.stage, self.done, self.total, self.what) = (stage, done, total, what)
      place(partition)
    case .warning(let partition, let warning):
      self.event = "warning"
      (code, subject, message) = (warning.code, warning.subject, warning.message)
      place(partition)
    case .ended(let partition, let outcome, let done, let total):
      self.event = ""
      place(partition)
      (self.done, self.total) = (done, total)
      ended(outcome)
    case .refused(let fault):
      self.event = "refused"
      tell(fault)
    case .mirrored(let summary):
      self.event = "mirrored"
      (tenants, objects, bytes) = (summary.tenants, summary.objects, summary.bytes)
      (seconds, failed) = (summary.seconds, summary.failures.count)
      if let failure = summary.failures.first { tell(failure) }
    case .finished(let summary):
      self.event = "finished"
      finished(summary)
    }
  }

  private mutating func ended(_ outcome: RunEvent.Outcome) {
    switch outcome {
    case .published(let release, let bytes):
      event = "published"
      (self.release, self.bytes) = (release, bytes)
    case .unchanged: event = "unchanged"
    case .withdrawn: event = "withdrawn"
    case .failed(let failure):
      event = "failed"
      tell(failure)
    case .skipped(let pipeline):
      event = "skipped"
      because = pipeline
    }
  }

  private mutating func finished(_ summary: RunSummary) {
    let counts = summary.counts
    (run, name, as_of, state) = (
      summary.run, summary.name, "\(summary.moment)", summary.state
    )
    (partitions, published, unchanged) = (counts.planned, counts.published, counts.unchanged)
    (failed, skipped, warnings) = (counts.failed, counts.skipped, counts.warnings)
    (stages_run, stages_found) = (counts.stagesRun, counts.stagesFound)
    (seconds, stage_seconds) = (summary.seconds, summary.stageSeconds)
  }

  private mutating func tell(_ failure: Diagnostic) {
    (code, message, hint) = (failure.code.description, failure.message, failure.hint)
    stage = failure.subject.stage
    tenant = tenant ?? failure.subject.tenant
    pipeline = pipeline ?? failure.subject.pipeline
  }

  /// A partition's label: `pipeline tenant period`.
  private mutating func place(_ label: String) {
    let words = label.split(separator: " ").map(String.init)
    guard words.count == 3 else { return }
    (pipeline, tenant, period) = (words[0], words[1], words[2])
  }
}
