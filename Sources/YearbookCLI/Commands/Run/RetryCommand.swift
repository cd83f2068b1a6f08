import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Runs again what a run could not do, as of that run's now.",
    discussion: """
      Examples:
        yearbook retry
        yearbook retry 20261121T0315 --tenant acme
        yearbook retry --stage render --keep-data
      """)

  @Argument(help: "The run's id or the beginning of it (default: the last run that failed).")
  var id: String?
  @Option(help: "Only this tenant; may be given several times.")
  var tenant: [String] = []
  @Option(help: "Only what failed at this stage; may be given several times.")
  var stage: [String] = []
  @Flag(
    help:
      "With the rows that the run had read, not with today's; what failed before it had any is read anew."
  )
  var keepData = false
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(
        configuration.required(configuration.record, "record", "YEARBOOK_RECORD"))
      let found = try chosen(record)
      let all = try record.standingFailures(of: found.id)
      let failures = all.filter {
        (tenant.isEmpty || tenant.contains($0.slug)) && (stage.isEmpty || stage.contains($0.stage))
      }
      guard !failures.isEmpty else {
        if !all.isEmpty {
          throw Diagnostic(
            .usage, "nothing of run \(found.id) that failed is of that tenant and stage",
            hint: "`yearbook status \(found.id)` names what failed")
        }
        if found.state != "done", found.counts.failed + found.counts.skipped == 0 {
          throw Diagnostic(
            .usage, "run \(found.id) stopped before its end: no single partition failed",
            hint: "run it again, what was done is kept: yearbook \(found.arguments)")
        }
        Console.standardOutput.line("run \(found.id) left nothing to retry")
        return
      }
      guard let moment = RunMoment(found.moment) else {
        throw Diagnostic(.bug, "the record's run has no readable as_of")
      }
      var request = Planner.Request(name: found.name, moment: moment)
      request.tenants = Array(Set(failures.map(\.slug))).sorted()
      request.arguments = CommandLine.arguments.dropFirst().joined(separator: " ")
      request.periods = Array(Set(failures.map(\.period))).sorted().filter { Period($0) != nil }
      var policy = RunPolicy()
      if keepData { policy.keptFrom = found.id }
      try RunCommand.run(
        request, configuration, running, policy: policy,
        only: Set(failures.map { [$0.slug, $0.pipeline, $0.period] }))
    }
  }

  private func chosen(_ record: RunRecord) throws -> RunRecord.Run {
    if let id {
      if let found = try record.run(id) { return found }
      throw Diagnostic(
        .usage, "there is no run '\(id)', or more than one begins so",
        hint: "`yearbook status` shows the last run's id")
    }
    if let failed = try record.runs(limit: 50).first(where: { $0.state == "failed" }) {
      return failed
    }
    throw Diagnostic(.usage, "no run has failed", hint: "nothing is to be retried")
  }
}
