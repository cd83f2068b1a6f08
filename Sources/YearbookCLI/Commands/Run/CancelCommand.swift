import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation

struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Tells a run to stop, on any host; its finished work is kept.",
    discussion: """
      Examples:
        yearbook cancel                  the run under way, if there is only one
        yearbook cancel 20261121T0315
      """)

  @Argument(help: "The run's id or its first characters (default: the only one under way).")
  var id: String?
  @Flag(help: "Do not wait until it has stopped.")
  var noWait = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      let run = try chosen(record)
      guard try record.cancel(run.id) else {
        throw Diagnostic(
          .usage, "run \(run.id) is not under way: it is \(run.state)",
          hint: "to list those that are:"
            + " `\(CommandText.yearbook(["runs", "--state", "running"], shared))`")
      }
      let out = Console.standardOutput
      if noWait { return out.line("run \(run.id) was told to stop") }
      // The run stops within ten seconds, or its process ends itself.
      let waited = Stopwatch()
      while waited.seconds < 15 {
        if let now = try record.run(run.id), now.state != "running" {
          return out.line("run \(run.id) has stopped: \(now.state)")
        }
        Thread.sleep(forTimeInterval: 0.1)
      }
      throw Diagnostic(
        .unavailable, "run \(run.id) was told to stop, but has not stopped within 15 s",
        hint: "end its process on its host, then run it again; finished work is kept")
    }
  }

  private func chosen(_ record: RunRecord) throws -> RunRecord.Run {
    if let id {
      if let run = try record.run(id) { return run }
      throw Diagnostic(
        .usage, "there is no run '\(id)', or the prefix is ambiguous",
        hint: "to list the runs: `\(CommandText.yearbook(["runs"], shared))`")
    }
    let running = try record.runs(limit: 1000).filter { $0.state == "running" }
    if running.count == 1 { return running[0] }
    throw Diagnostic(
      .usage, running.isEmpty ? "no run is under way" : "\(running.count) runs are under way",
      hint: running.isEmpty
        ? "there is nothing to cancel"
        : "name one of them: \(running.map(\.id).joined(separator: ", "))")
  }
}
