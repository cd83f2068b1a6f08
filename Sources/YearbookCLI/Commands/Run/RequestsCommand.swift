import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

struct RequestsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requests",
    abstract: "Serves the platform's requests in the record's table yearbook.reports.",
    subcommands: [Work.self])

  struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "work",
      abstract:
        "Takes requests, the oldest first and fairly between tenants, and publishes the reports.",
      discussion: """
        Any number of workers can run, on any hosts. If a worker is killed, the next one takes its \
        request.

        Examples:
          yearbook requests work           runs until stopped; a new request wakes it
          yearbook requests work --once    serves the waiting requests, then ends
        """)

    @Flag(help: "End when no request is waiting.")
    var once = false
    @Option(help: "The number of threads (default: the machine's cores).")
    var jobs: Int?
    @Flag(help: "Print only failures.")
    var quiet = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
      if let jobs, !(1...256).contains(jobs) {
        throw ValidationError("--jobs must be a number from 1 to 256")
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
      // Whoever requests can write a period of any length. The reason must still be seen.
      func short(_ label: String) -> String { PlainText.line(label, limit: 100) }
      let text: String
      switch event {
      case .began(let tenant, let label, let rows):
        if quiet { return }
        text = "\(short(label)) of \(tenant) started" + (rows > 1 ? ", for \(rows) requests" : "")
      case .published(let tenant, let label, let location, let seconds):
        if quiet { return }
        text = "\(short(label)) of \(tenant) published in \(Figures.duration(seconds)): \(location)"
      case .failed(let tenant, let label, let error):
        text = "\(console.styled("failed", .red)) \(short(label)) of \(tenant): \(error)"
      case .refused(let rows, let tenants, let error):
        text =
          "\(console.styled("failed", .red)) \(Figures.count(rows, "request")) of"
          + " \(Figures.count(tenants, "unknown tenant")): \(error)"
      case .postponed(let tenant, let label, let error, let seconds):
        text = "\(short(label)) of \(tenant) postponed: \(error); next try in \(seconds) s"
      case .lost(let error, let seconds):
        text = "\(error); next try in \(Figures.duration(seconds))"
      }
      console.line("\(Date().formatted(.iso8601)) \(text)")
    }
  }
}
