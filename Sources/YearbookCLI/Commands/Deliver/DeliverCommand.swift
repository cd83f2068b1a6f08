import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

struct DeliverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver",
    abstract: "Sends what waits in the outbox to people and systems, each message once.",
    discussion: """
      Any number of workers can run, on any hosts. A run of a schedule also sends at its end.

      Examples:
        yearbook deliver                    runs until stopped; a new message wakes it
        yearbook deliver --once             sends what can leave now, then ends
        yearbook deliver status             what waits, and what is wrong
        yearbook deliver retry --all        sends dead messages again
      """,
    subcommands: [
      Send.self, Standing.self, Dead.self, Retry.self, Drop.self, Show.self, Suppress.self,
      Bounces.self,
    ],
    defaultSubcommand: Send.self)

  struct Send: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "send", abstract: "Sends; this is what `yearbook deliver` does.")

    @Flag(help: "End when no message can leave now.")
    var once = false
    @Option(help: "Send by this channel only.")
    var channel: String?
    @Flag(help: "List what would leave now; send nothing.")
    var dryRun = false
    @Option(help: "How many messages of a channel are sent side by side.")
    var jobs = 2
    @Flag(help: "Print only failures.")
    var quiet = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
      if !(1...64).contains(jobs) {
        throw ValidationError("--jobs must be a number from 1 to 64")
      }
    }

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        if dryRun { return try list(configuration) }
        Signals.watch()
        let worker = try DeliveryWorker(
          configuration, library: try PipelineLibrary(folder: configuration.pipelineFolder()),
          templates: try configuration.templateFolder(), channel: channel,
          cancellation: Signals.cancellation, tell: DeliveryReport(isQuiet: quiet).tell)
        let counts = try worker.work(once: once, threads: jobs)
        if !quiet { Console.standardError.line(DeliveryReport.text(of: counts)) }
        if Signals.cancellation.isRequested { throw CommandFailure(exitCode: Signals.exitCode) }
        if counts.incidents > 0 { throw CommandFailure(exitCode: 1) }
      }
    }

    private func list(_ configuration: Configuration) throws {
      let record = try RunRecord(configuration.required(.record))
      let waiting = try record.messages(
        in: ["pending", "retryable", "uncertain"], channel: channel)
      for message in waiting { Console.standardOutput.line(MessageList.line(of: message)) }
      Console.standardOutput.line(
        "\(Figures.count(waiting.count, "message")) \(waiting.count == 1 ? "waits" : "wait"); nothing was sent"
      )
    }
  }
}

extension DeliverCommand {
  /// Sends what can leave now, at the end of a schedule's run. What cannot be sent waits for the
  /// next one, and is no failure of the run: its releases are published.
  ///
  /// - Returns: What was sent; `nil` without a channel, or if nothing could be tried.
  @discardableResult
  static func sendAfterRun(
    _ configuration: Configuration, _ library: PipelineLibrary
  ) -> DeliveryWorker.Counts? {
    if configuration.channels.isEmpty { return nil }
    let console = Console.standardError
    do {
      let worker = try DeliveryWorker(
        configuration, library: library, templates: try configuration.templateFolder(),
        channel: nil, cancellation: Signals.cancellation, tell: DeliveryReport(isQuiet: true).tell)
      let counts = try worker.work(once: true, seconds: 600)
      if counts != DeliveryWorker.Counts() { console.line(DeliveryReport.text(of: counts)) }
      return counts
    } catch let error as Diagnostic {
      console.write(report: [error])
    } catch let errors as Diagnostics {
      console.write(report: errors.all)
    } catch {
      console.line("messages could not be sent: \(type(of: error))")
    }
    return nil
  }
}

/// Reports what a worker does, without addresses.
struct DeliveryReport: Sendable {
  var isQuiet: Bool

  @Sendable func tell(_ event: DeliveryWorker.Event) {
    let console = Console.standardError
    let text: String
    switch event {
    case .sent(let key, let channel, let note):
      if isQuiet { return }
      text = "sent \(key.prefix(12)) by \(channel): \(note)"
    case .failed(let key, let channel, let state, let note):
      text = "\(console.styled(state, .yellow)) \(key.prefix(12)) by \(channel): \(note)"
    case .incident(let channel, let destination, let problem):
      text =
        "\(console.styled("incident", .red)) \(channel), \(destination): \(problem); its messages wait"
    case .recovered(let channel, let destination):
      text = "\(console.styled("recovered", .green)) \(channel), \(destination)"
    case .lost(let error, let seconds):
      text = "\(error); next try in \(Figures.duration(seconds))"
    }
    console.line("\(Date().formatted(.iso8601)) \(text)")
  }

  static func text(of counts: DeliveryWorker.Counts) -> String {
    var parts = ["\(Figures.count(counts.sent, "message")) sent"]
    for (count, word) in [
      (counts.retryable, "to be tried again"), (counts.uncertain, "uncertain"),
      (counts.dead, "dead"), (counts.suppressed, "not wanted"),
    ] where count > 0 { parts.append("\(Figures.count(count)) \(word)") }
    return parts.joined(separator: ", ")
      + (counts.incidents > 0
        ? "; \(Figures.count(counts.incidents, "incident")) open: yearbook deliver status" : "")
  }
}
