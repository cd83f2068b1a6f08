import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

struct RequestsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requests",
    abstract: "Serves what the platform asks for in the record's table yearbook.reports.",
    subcommands: [Work.self])

  struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "work",
      abstract:
        "Takes requests, oldest first and fair between tenants, and publishes what they ask for.",
      discussion: """
        Any number of workers may run, on any hosts. One that is killed leaves nothing behind: its request is
        taken by the next.

        Examples:
          yearbook requests work           until it is stopped; woken when a request comes
          yearbook requests work --once    what is there now
        """)

    @Flag(help: "End when nothing is left to do.")
    var once = false
    @Option(help: "How many threads work (default: the machine's cores).")
    var jobs: Int?
    @Flag(help: "Print failures alone.")
    var quiet = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
      if let jobs, !(1...256).contains(jobs) {
        throw ValidationError("--jobs is a number from 1 to 256")
      }
    }

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let session = RunSession(
          configuration: configuration,
          library: try PipelineLibrary(folder: configuration.pipelineFolder()),
          templates: try configuration.templateFolder(),
          threads: jobs ?? ProcessInfo.processInfo.activeProcessorCount,
          cancellation: Signals.cancellation, observer: SilentObserver())
        Signals.watch()
        let worker = RequestWorker(session, tell: tell)
        let counts = try worker.work(once: once)
        if Signals.cancellation.isRequested { throw CommandFailure(exitCode: Signals.exitCode) }
        if counts.failed > 0 { throw CommandFailure(exitCode: 1) }
      }
    }

    private func tell(_ event: RequestWorker.Event) {
      let console = Console.standardError
      let text: String
      switch event {
      case .began(let tenant, let label, let rows):
        if quiet { return }
        text = "\(label) of \(tenant) begun" + (rows > 1 ? ", for \(rows) requests" : "")
      case .published(let tenant, let label, let location, let seconds):
        if quiet { return }
        text = "\(label) of \(tenant) published in \(Figures.duration(seconds)): \(location)"
      case .failed(let tenant, let label, let error):
        text = "\(console.styled("failed", .red)) \(label) of \(tenant): \(error)"
      case .postponed(let tenant, let label, let error, let seconds):
        text = "\(label) of \(tenant) met \(error); again in \(seconds) s"
      case .lost(let error, let seconds):
        text = "\(error); again in \(Figures.duration(seconds))"
      }
      console.line("\(Date().formatted(.iso8601)) \(text)")
    }
  }
}

/// For runs whose end alone is of interest.
private struct SilentObserver: RunObserver {
  func receive(_ event: RunEvent) {}
}
