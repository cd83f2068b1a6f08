import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows the last run: its results, what failed and why, and how to retry it.",
    discussion: """
      Examples:
        yearbook status
        yearbook status 20261121T0315 --json
        yearbook status --partitions --state failed
        yearbook status --max-age 26h     for monitors: exit 1 if no recent good run
      """)

  @Argument(help: "The run's id or its first characters (default: the last run).")
  var id: String?
  @Flag(help: "Show every partition, even if there are many.")
  var partitions = false
  @Flag(help: "Show every warning.")
  var warnings = false
  @OptionGroup var picking: PartitionOptions
  @Option(
    help: ArgumentHelp(
      "Check that the last good run of the schedule began within this time; exit with 1 if not.",
      valueName: "time"))
  var maxAge: String?
  @Option(help: "The schedule that --max-age looks at.", completion: Completions.schedules)
  var schedule = "nightly"
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let maxAge, DurationText.seconds(maxAge) == nil {
      throw ValidationError("--max-age must be a time such as 90m, 26h or 2d")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      if let seconds = maxAge.flatMap(DurationText.seconds) {
        return try watch(record, seconds)
      }
      guard let found = try id.map({ try record.run($0) }) ?? record.runs(limit: 1).first else {
        throw Diagnostic(
          .usage,
          id.map { "there is no run '\($0)', or the prefix is ambiguous" }
            ?? "nothing has run yet",
          hint: id == nil
            ? "to start one: `\(CommandText.yearbook(["run", "nightly"], shared))`"
            : "to list the runs: `\(CommandText.yearbook(["runs"], shared))`")
      }
      let status = Status(
        run: found, failures: try failures(of: found, record), record: record,
        choice: picking.choice, shared: shared)
      if json {
        try status.printJSON()
      } else {
        try status.print(everyPartition: partitions, everyWarning: warnings)
      }
    }
  }

  /// A run's failures among the partitions that the flags pick, and whether each still stands.
  private func failures(
    of run: RunRecord.Run, _ record: RunRecord
  ) throws -> [(failure: RunRecord.Failure, stands: Bool)] {
    let standing = Set(
      try record.standingFailures(of: run.id).map(\.partition))
    return try record.failures(of: run.id).filter { failure in
      (picking.tenant.isEmpty || picking.tenant.contains(failure.slug))
        && (picking.pipeline.isEmpty || picking.pipeline.contains(failure.partition.pipeline))
        && (picking.period.isEmpty || picking.period.contains(failure.partition.period.description))
    }.map { ($0, standing.contains($0.partition)) }
  }

  /// Prints whether the last good run is recent enough; exits with 1 if it is not.
  private func watch(_ record: RunRecord, _ seconds: Int) throws {
    let good = try record.lastGoodRun(of: schedule)
    let ahead = try record.partitionsAhead()
    let isFresh = ahead == 0 && good.map { $0.age <= seconds } ?? false
    let last = try record.runs(limit: 1000).first { $0.name == schedule }
    if json {
      struct Output: Encodable {
        var schedule: String
        var is_fresh: Bool
        var max_age_seconds: Int
        var good_run: String?
        var age_seconds: Int?
        var last_run: String?
        var last_state: String?
        var partitions_ahead: Int
      }
      try Console.standardOutput.json(
        Output(
          schedule: schedule, is_fresh: isFresh, max_age_seconds: seconds,
          good_run: good?.run.id, age_seconds: good?.age, last_run: last?.id,
          last_state: last?.state, partitions_ahead: ahead))
    } else {
      var text =
        good.map {
          "the last good run of '\(schedule)' began \(Figures.duration(Double($0.age))) ago: \($0.run.id)"
        } ?? "no run of '\(schedule)' counts as a good run"
      if let last, last.id != good?.run.id {
        text +=
          last.state == "done"
          ? "; the last run, \(last.id), does not count: it had --tenant or --as-of"
          : "; the last run, \(last.id), is \(last.state): yearbook status \(last.id)"
      }
      if ahead > 0 {
        text =
          "the record says of \(Figures.count(ahead, "partition")) that the rows were read at a time"
          + " that has not come yet: correct the clocks, then run again; \(text)"
      }
      Console.standardOutput.line(
        "\(isFresh ? "ok" : ahead > 0 ? "wrong clock" : "too old"): \(text)")
    }
    if !isFresh { throw CommandFailure(exitCode: 1) }
  }
}
