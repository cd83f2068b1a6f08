import ArgumentParser
import Diagnostics
import Engine
import Foundation

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows the last run: what came of each partition, what failed and how to retry it.",
    discussion: """
      Examples:
        yearbook status
        yearbook status 20261121T0315 --json
      """)

  @Argument(help: "The run's id or the beginning of it (default: the last run).")
  var id: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(
        configuration.required(configuration.record, "record", "YEARBOOK_RECORD"))
      guard let found = try id.map({ try record.run($0) }) ?? record.runs(limit: 1).first else {
        throw Diagnostic(
          .usage,
          id.map { "there is no run '\($0)', or more than one begins so" }
            ?? "nothing has run yet",
          hint: "`yearbook run nightly` makes a run")
      }
      let status = Status(
        run: found, failures: try record.failures(of: found.id), partitions: try record.partitions()
      )
      json ? try status.printJSON() : status.print()
    }
  }
}

/// What `status` shows.
private struct Status {
  let run: RunRecord.Run
  let failures: [RunRecord.Failure]
  let partitions: [RunRecord.PartitionState]

  func print() {
    let out = Console.standardOutput
    let counts = run.counts
    out.line(
      "\(out.styled(run.state, run.state == "done" ? .green : .red)) run \(run.id) of \(run.name) as of"
        + " \(run.moment), began \(run.started), took \(Figures.duration(run.seconds))")
    out.line(
      "\(Figures.count(counts.planned, "partition")): \(counts.published) published,"
        + " \(counts.unchanged) unchanged, \(counts.failed) failed, \(counts.skipped) skipped;"
        + " stages: \(counts.stagesRun) run, \(counts.stagesFound) found done")
    if !partitions.isEmpty {
      out.line()
      let width = partitions.map { "\($0.pipeline) \($0.slug) \($0.period)".count }.max() ?? 0
      for partition in partitions {
        let label = "\(partition.pipeline) \(partition.slug) \(partition.period)"
        let padding = String(repeating: " ", count: width - label.count)
        let warnings =
          partition.warnings > 0 ? ", \(Figures.count(partition.warnings, "warning"))" : ""
        let word = partition.isPublished ? "done" : out.styled("failed", .red)
        out.line("  \(label)\(padding)  \(word)  \(partition.status ?? "")\(warnings)")
      }
    }
    guard !failures.isEmpty else { return }
    out.line()
    for (message, group) in grouped() {
      out.line(
        "\(out.styled("failed", .red)) \(Figures.count(group.count, "partition")): \(message)")
      for failure in group.prefix(20) {
        out.line("  \(failure.pipeline) \(failure.slug) \(failure.period), \(failure.stage)")
      }
      if group.count > 20 { out.line("  and \(group.count - 20) more") }
      if let hint = group.first?.hint { out.line("  what to do: \(hint)") }
    }
    out.line()
    out.line("to retry: yearbook retry \(run.id)")
  }

  /// Failures by cause, the most frequent first.
  private func grouped() -> [(String, [RunRecord.Failure])] {
    Dictionary(grouping: failures, by: \.message)
      .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
      .map { ($0.key, $0.value) }
  }

  func printJSON() throws {
    struct Output: Encodable {
      struct Failure: Encodable {
        var pipeline, tenant, period, stage, code, message: String
        var hint: String?
      }
      struct Partition: Encodable {
        var pipeline, tenant, period, state: String
        var status: String?
        var release: String?
        var warnings: Int
      }
      var run, name, as_of, state, started: String
      var seconds: Double
      var planned, published, unchanged, failed, skipped: Int
      var stages_run, stages_found, warnings: Int
      var failures: [Failure]
      var partitions: [Partition]
    }
    let output = Output(
      run: run.id, name: run.name, as_of: run.moment, state: run.state, started: run.started,
      seconds: run.seconds, planned: run.counts.planned, published: run.counts.published,
      unchanged: run.counts.unchanged, failed: run.counts.failed, skipped: run.counts.skipped,
      stages_run: run.counts.stagesRun, stages_found: run.counts.stagesFound,
      warnings: run.counts.warnings,
      failures: failures.map {
        .init(
          pipeline: $0.pipeline, tenant: $0.slug, period: $0.period, stage: $0.stage, code: $0.code,
          message: $0.message, hint: $0.hint)
      },
      partitions: partitions.map {
        .init(
          pipeline: $0.pipeline, tenant: $0.slug, period: $0.period,
          state: $0.isPublished ? "done" : "failed", status: $0.status, release: $0.release,
          warnings: $0.warnings)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    Console.standardOutput.line(String(decoding: try encoder.encode(output), as: UTF8.self))
  }
}
