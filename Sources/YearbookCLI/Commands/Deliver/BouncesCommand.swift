import ArgumentParser
import Diagnostics
import Engine
import Foundation

extension DeliverCommand {
  struct Bounces: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bounces",
      abstract: "Reads what mail servers report, and suppresses addresses that do not exist.",
      discussion: """
        A report counts if it names a message of this installation and its address. A mailbox that \
        is full, a mail that is too large and a rule against the sender suppress nothing. New mails \
        of a maildir are moved to its `cur`.

        Examples:
          yearbook deliver bounces /var/mail/bounces/Maildir
          yearbook deliver bounces report.eml --dry-run
          yearbook deliver bounces - < mailbox
        """)

    @Argument(
      help: "A maildir, a file with one mail or a mailbox, or `-` for the standard input.",
      completion: .file())
    var inbox: String
    @Flag(help: "Only say what would be suppressed; move nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      try configuration.withServer {
        Signals.watch()
        let reader = BounceInbox(
          try RunRecord(configuration.required(.record)), isTrial: dryRun,
          cancellation: Signals.cancellation, tell: { Console.standardError.line($0) })
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: inbox, isDirectory: &isFolder)
        let counts =
          try inbox != "-" && isThere && isFolder.boolValue
          ? reader.read(maildir: inbox) : reader.read(file: inbox)
        Console.standardOutput.line(Self.text(of: counts, dryRun))
      }
    }

    private static func text(of counts: BounceInbox.Counts, _ isTrial: Bool) -> String {
      let word = isTrial ? "would be suppressed" : "suppressed"
      let addresses =
        counts.suppressed == 1 ? "1 address" : "\(Figures.count(counts.suppressed)) addresses"
      var parts = ["\(addresses) \(word)"]
      for (count, what) in [
        (counts.known, "of addresses that were on the list"),
        (counts.passing, "of a delay, a full mailbox or a rule: nothing suppressed"),
        (counts.foreign, "of no message of this record: ignored"),
      ] where count > 0 { parts.append("\(Figures.count(count)) \(what)") }
      var text = "\(Figures.count(counts.reports, "report")): \(parts.joined(separator: "; "))"
      if counts.others > 0 { text += "; \(Figures.count(counts.others, "other mail"))" }
      if counts.unread > 0 { text += "; \(Figures.count(counts.unread, "file")) could not be read" }
      return text
    }
  }
}
