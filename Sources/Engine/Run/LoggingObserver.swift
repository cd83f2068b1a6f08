import Diagnostics
package import Logging

/// Writes a run's events to a logger of swift-log, for programs that use the engine as a library.
///
/// Levels: `error` for failures that somebody must fix, `warning` for warnings, `info` for finished
/// work, `debug` for single stages. Metadata: `run`, `pipeline`, `tenant`, `period`, `stage`,
/// `seconds` and similar; never a tenant's text. Messages and values have no control characters,
/// line breaks or bidi controls, whatever the logger's handler does with them.
package struct LoggingObserver: RunObserver {
  private let logger: Logger

  /// - Parameter logger: receives all events of the run.
  package init(_ logger: Logger) { self.logger = logger }

  /// Logs one event.
  package func receive(_ event: RunEvent) {
    switch event {
    case .began(let run, let partitions, let tenants):
      logger.info(
        "run began",
        metadata: ["run": "\(run)", "partitions": "\(partitions)", "tenants": "\(tenants)"])
    case .tried(let pipeline, let silent):
      logger.info(
        "isolation trial passed",
        metadata: ["pipeline": "\(pipeline)", "silent": "\(silent.joined(separator: " "))"])
    case .replayed(let partitions, let run):
      logger.info("rows replayed", metadata: ["partitions": "\(partitions)", "of": "\(run)"])
    case .fingerprinted(let tables, let unchanged, let partitions, let seconds, let fault):
      logger.info(
        "fingerprinted",
        metadata: [
          "tables": "\(tables)", "unchanged": "\(unchanged)", "partitions": "\(partitions)",
          "seconds": "\(seconds)",
        ])
      if let fault {
        logger.warning(
          "a table has no fingerprint", metadata: ["message": "\(PlainText.line(fault.message))"])
      }
    case .extracted(let pipeline, let period, let tenants, let rows, let seconds):
      logger.info(
        "extracted",
        metadata: [
          "pipeline": "\(pipeline)", "period": "\(period)", "tenants": "\(tenants)",
          "rows": "\(rows)", "seconds": "\(seconds)",
        ])
    case .stageBegan(let stage, let partition):
      logger.debug("stage began", metadata: place(partition, ["stage": "\(stage)"]))
    case .stageEnded(let stage, let partition, let wasFound, let seconds):
      logger.debug(
        "stage ended",
        metadata: place(
          partition, ["stage": "\(stage)", "found": "\(wasFound)", "seconds": "\(seconds)"]))
    case .progress(let stage, let partition, let done, let total, let what):
      logger.debug(
        "progress",
        metadata: place(
          partition,
          [
            "stage": "\(stage)", "done": "\(done)", "total": "\(total)",
            "what": "\(PlainText.line(what))",
          ]))
    case .warning(let partition, let warning):
      logger.warning(
        "\(PlainText.line(warning.message))",
        metadata: place(
          partition,
          ["code": "\(warning.code)", "subject": "\(PlainText.line(warning.subject))"]))
    case .ended(let partition, let outcome, let done, let total):
      ended(partition, outcome, ["done": "\(done)", "total": "\(total)"])
    case .refused(let fault): fail(fault, [:])
    case .mirrored(let summary):
      for failure in summary.failures { fail(failure, ["stage": "mirror"]) }
      logger.info(
        "mirrored",
        metadata: [
          "tenants": "\(summary.tenants)", "objects": "\(summary.objects)",
          "bytes": "\(summary.bytes)", "seconds": "\(summary.seconds)",
        ])
    case .finished(let summary):
      let counts = summary.counts
      logger.info(
        "run ended",
        metadata: [
          "run": "\(summary.run)", "state": "\(summary.state)", "seconds": "\(summary.seconds)",
          "published": "\(counts.published)", "unchanged": "\(counts.unchanged)",
          "failed": "\(counts.failed)", "skipped": "\(counts.skipped)",
          "stages_run": "\(counts.stagesRun)", "stages_found": "\(counts.stagesFound)",
          "warnings": "\(counts.warnings)",
        ])
    }
  }

  private func ended(
    _ partition: String, _ outcome: RunEvent.Outcome, _ more: Logger.Metadata
  ) {
    let metadata = place(partition, more)
    switch outcome {
    case .published(let release, let bytes):
      logger.info(
        "published",
        metadata: metadata.merging(["release": "\(release)", "bytes": "\(bytes)"]) { $1 })
    case .unchanged: logger.debug("unchanged", metadata: metadata)
    case .withdrawn: logger.info("withdrawn", metadata: metadata)
    case .failed(let failure): fail(failure, metadata)
    case .skipped(let pipeline):
      logger.error("skipped", metadata: metadata.merging(["because": "\(pipeline)"]) { $1 })
    }
  }

  private func fail(_ failure: Diagnostic, _ metadata: Logger.Metadata) {
    var all = metadata
    all["code"] = "\(failure.code)"
    all["stage"] = failure.subject.stage.map { "\($0)" }
    all["hint"] = failure.hint.map { "\(PlainText.line($0))" }
    logger.error("\(PlainText.line(failure.description))", metadata: all)
  }

  /// The metadata of a partition's label, `pipeline tenant period`.
  private func place(_ label: String, _ more: Logger.Metadata) -> Logger.Metadata {
    let words = label.split(separator: " ")
    guard words.count == 3 else { return more }
    return more.merging(
      ["pipeline": "\(words[0])", "tenant": "\(words[1])", "period": "\(words[2])"]
    ) { $1 }
  }
}
