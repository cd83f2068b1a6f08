import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

/// Lists messages. No address is among what it prints.
enum MessageList {
  static func line(of message: RunRecord.ListedMessage) -> String {
    let about = [message.slug, message.pipeline, message.period, message.message]
      .filter { !$0.isEmpty }.joined(separator: " ")
    let tries = message.attempts == 1 ? "1 try" : "\(message.attempts) tries"
    return "\(message.key.prefix(12))  \(message.state)  \(message.channel)  \(about)  \(tries)"
      + (message.answer.map { ": \($0)" } ?? "")
  }
}

extension DeliverCommand {
  struct Standing: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status",
      abstract: "Shows how many messages wait, were sent or are dead, and what is wrong.",
      discussion: """
        It exits with 1 while a destination takes no messages.

        Example:
          yearbook deliver status --json
        """)

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let (counts, incidents) = (try record.outboxCounts(), try record.openIncidents())
        if json { try printJSON(counts, incidents) } else { show(counts, incidents) }
        if !incidents.isEmpty { throw CommandFailure(exitCode: 1) }
      }
    }

    private func show(
      _ counts: [RunRecord.OutboxCount], _ incidents: [RunRecord.Incident]
    ) {
      let out = Console.standardOutput
      for count in counts {
        out.line(
          "\(count.channel): \(Figures.count(count.count)) \(count.state), the oldest of \(count.oldest)"
        )
      }
      if counts.isEmpty { out.line("no message was ever queued") }
      for incident in incidents { out.line(IncidentLine.text(of: incident, out)) }
      if counts.contains(where: { $0.state == "dead" }) {
        out.line(
          "to see the dead ones: \(CommandText.yearbook(["deliver", "dead"], shared));"
            + " to send them again: \(CommandText.yearbook(["deliver", "retry", "--all"], shared))")
      }
    }

    private func printJSON(
      _ counts: [RunRecord.OutboxCount], _ incidents: [RunRecord.Incident]
    ) throws {
      struct Output: Encodable {
        struct Messages: Encodable {
          var channel, state, oldest: String
          var count: Int
        }
        struct Incident: Encodable {
          var channel, destination, problem, opened: String
          var waiting: Int
        }
        var messages: [Messages]
        var incidents: [Incident]
      }
      try Console.standardOutput.json(
        Output(
          messages: counts.map {
            .init(channel: $0.channel, state: $0.state, oldest: $0.oldest, count: $0.count)
          },
          incidents: incidents.map {
            .init(
              channel: $0.channel, destination: $0.destination, problem: $0.problem,
              opened: $0.opened, waiting: $0.waiting)
          }))
    }
  }

  struct Dead: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dead", abstract: "Lists messages that will not be tried again, and why.")

    @Option(help: "Only of this channel.")
    var channel: String?
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let dead = try record.messages(in: ["dead"], channel: channel)
        for message in dead { Console.standardOutput.line(MessageList.line(of: message)) }
        if dead.isEmpty { Console.standardOutput.line("no message is dead") }
      }
    }
  }

  /// The messages that a command is for: one by its key, or all.
  struct Which: ParsableArguments {
    @Argument(help: "The message's key, or its first characters.")
    var key: String?
    @Flag(help: "All of them.")
    var all = false
    @Option(help: "With --all, only of this channel.")
    var channel: String?

    func validate() throws {
      if (key == nil) != all { throw ValidationError("name either a message's key or --all") }
    }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Queues dead messages again.",
      discussion: """
        Example:
          yearbook deliver retry --all
        """)

    @OptionGroup var which: Which
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let key = try which.key.map { try record.message($0, in: ["dead"]).key }
        let count = try record.retryMessages(key, channel: which.channel)
        Console.standardOutput.line("\(Figures.count(count, "message")) queued again")
      }
    }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drop",
      abstract: "Takes messages out of the queue that were not sent; they are never queued again.",
      discussion: """
        After the record was restored from a backup, the messages that waited at that time may have \
        been sent since. If so, drop them all before the next `yearbook deliver`.

        Example:
          yearbook deliver drop --all --channel crm
        """)

    @OptionGroup var which: Which
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let states = ["pending", "retryable", "uncertain", "dead"]
        let key = try which.key.map { try record.message($0, in: states).key }
        let count = try record.dropMessages(key, channel: which.channel)
        Console.standardOutput.line("\(Figures.count(count, "message")) dropped")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Prints a message as it would be sent now, without its address.",
      discussion: """
        Example:
          yearbook deliver show 3f2a91c04d11 --html > mail.html
        """)

    @Argument(help: "The message's key, or its first characters.")
    var key: String
    @Flag(help: "Print the HTML of a mail.")
    var html = false
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let message = try record.message(key)
        let preview = try MessagePreview(
          message.key, record, configuration,
          library: try PipelineLibrary(folder: configuration.pipelineFolder()),
          templates: try configuration.templateFolder())
        let out = Console.standardOutput
        if html {
          guard let html = preview.html else {
            throw Diagnostic(.usage, "the message is not a mail and has no HTML")
          }
          out.lines(html)
          return
        }
        if let subject = preview.subject {
          out.line("Subject: \(subject)")
          out.line()
        }
        out.lines(preview.text)
        for file in preview.attachments {
          out.line("attached: \(file.name), \(Counted.bytes(file.byteCount))")
        }
        if let remark = preview.remark { out.line("it goes \(remark)") }
      }
    }
  }

  struct Suppress: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "suppress",
      abstract: "Notes that an address gets no more messages. Only its digest is kept.",
      discussion: """
        Examples:
          yearbook deliver suppress maria@example.com --reason bounced
          yearbook deliver suppress maria@example.com --undo
        """)

    @Argument(help: "The address.")
    var address: String
    @Option(help: "Why, in a word.")
    var reason = "by command"
    @Flag(help: "Take the address off the list.")
    var undo = false
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        let record = try RunRecord(configuration.required(.record))
        let isChanged = try undo ? record.allow(address) : record.suppress(address, reason: reason)
        Console.standardOutput.line(
          isChanged
            ? (undo ? "the address gets messages again" : "the address gets no more messages")
            : (undo ? "the address was not on the list" : "the address was on the list already"))
      }
    }
  }
}

/// An incident, for `status` and `deliver status`.
enum IncidentLine {
  static func text(of incident: RunRecord.Incident, _ out: Console) -> String {
    "\(out.styled("incident", .red)): \(incident.channel), \(incident.destination), since \(incident.opened):"
      + " \(incident.problem); \(Figures.count(incident.waiting, "message")) of the channel"
      + " \(incident.waiting == 1 ? "waits" : "wait")"
  }
}
