import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct PurgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Erases a tenant or a person for good; without --yes it only says what would go.",
    discussion: """
      For a tenant, it erases everything that is published for it, its intermediate results and \
      its rows in the record.

      For a person, it first reads the tenant's data again without the person and publishes it. \
      Then it erases all older releases of the tenant, its intermediate results and its rows in \
      the record, because any of them can name the person. Later runs leave the person out too. \
      Erase the platform's own data on the platform.

      A tombstone without personal data stays in operator/tombstones. The command lists what it \
      cannot reach.

      Examples:
        yearbook purge --tenant acme
        yearbook purge --tenant acme --user 7f8a4c1e-0000-4000-8000-000000000001
      """)

  @Option(help: "The tenant's slug.", completion: Completions.tenants)
  var tenant: String
  @Option(help: "The person's id on the platform.")
  var user: String?
  @Flag(help: "Erase.")
  var yes = false
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard let user else { return }
    let isID =
      !user.isEmpty && user.utf8.count <= 200
      && user.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      && user.contains { !$0.isWhitespace }
    if !isID { throw ValidationError("--user must be a person's id, as the platform has it") }
  }

  /// The id as PostgreSQL prints it: a UUID in lower case.
  private static func id(_ text: String) -> String {
    UUID(uuidString: text) == nil ? text : text.lowercased()
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      // A tenant without a folder can still be in the record.
      guard let owner = try store.tenant(slug: tenant) ?? record.tenant(slug: tenant) else {
        throw Diagnostic(
          .usage, "neither the store nor the record has a tenant '\(tenant)'",
          hint: NearestWords.hint(for: tenant, in: try store.tenants()))
      }
      let session = RunSession(
        configuration: configuration,
        library: try PipelineLibrary(folder: configuration.pipelineFolder()),
        templates: try configuration.templateFolder(), threads: running.threads,
        cancellation: Signals.cancellation, observer: ConsoleObserver(isQuiet: running.quiet))
      let purge = try Purge(
        session, store: store, tenant: owner, user: user.map(Self.id))
      let out = Console.standardOutput
      for line in try purge.forecast() { out.line(line) }
      guard yes else { return out.line("to erase this, give the same command with --yes") }
      Signals.watch()
      var (tombstone, unreached) = try purge.run()
      try configuration.renewPages(of: user == nil ? [] : [tenant], in: store)
      if let mirroring = try Mirroring(
        configuration, store: store, cancellation: Signals.cancellation)
      {
        unreached += try mirroring.finishErasure(of: user == nil ? nil : tenant)
      }
      out.line("erased; the tombstone is \(tombstone)")
      out.line("what this program cannot reach:")
      for line in try purge.unreachable() + unreached { out.line("  \(line)") }
    }
  }
}
