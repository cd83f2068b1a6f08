import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Runs the failed partitions of a run again, as of the same moment.",
    discussion: """
      Examples:
        yearbook retry
        yearbook retry 20261121T0315 --tenant acme
        yearbook retry --stage render --keep-data
      """)

  @Argument(help: "The run's id or its first characters (default: the last run that failed).")
  var id: String?
  @Option(help: "Only this tenant; can be given several times.", completion: Completions.owners)
  var tenant: [String] = []
  @Option(help: "Only partitions that failed at this stage; can be given several times.")
  var stage: [String] = []
  @Flag(
    help:
      "Use the rows that the run read, not today's; partitions without rows are read again."
  )
  var keepData = false
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      let found = try chosen(record)
      let all = try record.standingFailures(of: found.id)
      let failures = all.filter {
        (tenant.isEmpty || tenant.contains($0.slug)) && (stage.isEmpty || stage.contains($0.stage))
      }
      guard !failures.isEmpty else {
        if !all.isEmpty {
          throw Diagnostic(
            .usage, "run \(found.id) has no failures for that tenant and stage",
            hint: "to see what failed: `\(CommandText.yearbook(["status", found.id], shared))`")
        }
        if found.state != "done", found.counts.failed + found.counts.skipped == 0 {
          throw Diagnostic(
            .usage, "run \(found.id) stopped before its end, but no partition failed",
            hint: "run it again (finished work is kept):"
              + " \(CommandText.again(found.arguments, shared))")
        }
        Console.standardOutput.line("run \(found.id) has nothing to retry")
        return
      }
      guard let moment = RunMoment(found.moment) else {
        throw Diagnostic(.bug, "the run's as_of in the record cannot be read")
      }
      var request = Planner.Request(name: found.name, moment: moment)
      request.tenants = Array(Set(failures.map(\.slug))).sorted()
      request.arguments = CommandText.recorded(CommandLine.arguments.dropFirst())
      request.periods = Set(failures.map(\.partition.period)).sorted().map(\.description)
      var policy = RunPolicy()
      if keepData { policy.keptFrom = found.id }
      try RunCommand.run(
        request, configuration, running, commandFlags: CommandText.flags(shared), policy: policy,
        only: Set(failures.map(\.partition)))
    }
  }

  private func chosen(_ record: RunRecord) throws -> RunRecord.Run {
    if let id {
      if let found = try record.run(id) { return found }
      throw Diagnostic(
        .usage, "there is no run '\(id)', or the prefix is ambiguous",
        hint: "to list the runs: `\(CommandText.yearbook(["runs"], shared))`")
    }
    if let failed = try record.runs(limit: 50).first(where: { $0.state == "failed" }) {
      return failed
    }
    throw Diagnostic(.usage, "no run has failed", hint: "there is nothing to retry")
  }
}
