import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

struct FinishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finish",
    abstract:
      "Ends a planned run, when its shards have been worked: shared pages, mirror, messages.",
    discussion: """
      It exits with the code of the whole run. After a failed shard was worked on again, it can \
      be called again.

      Examples:
        yearbook finish plan.json
        yearbook finish 20261121T031500-7f3a0c
      """)

  @Argument(
    help: "The file that `yearbook plan` wrote, or the run's id.",
    completion: .file(extensions: ["json"]))
  var plan: String
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let run = try ShardPlan.run(named: plan)
      let library = try PipelineLibrary(folder: configuration.pipelineFolder())
      let console = running.reporting.reporter(commandFlags: CommandText.flags(shared))
      let session = RunSession(
        configuration: configuration, library: library,
        templates: try configuration.templateFolder(), threads: running.threads,
        cancellation: Signals.cancellation, observer: console)
      Signals.watch()
      let summary = try session.finish(run)
      console.receive(.finished(summary))
      console.finish(summary)
      if let problem = summary.problem { Console.standardError.write(report: [problem]) }
      MetricsCommand.sendAfterRun(configuration, library, run: summary.run)
      if summary.wasInterrupted { throw CommandFailure(exitCode: Signals.exitCode) }
      if library.schedule(summary.name) != nil {
        DeliverCommand.sendAfterRun(configuration, library)
      }
      try summary.exit(strict: running.strict)
    }
  }
}
