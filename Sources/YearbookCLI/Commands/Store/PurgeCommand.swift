import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct PurgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Erases a tenant, or one person, for good; without --yes it only says what would go.",
    discussion: """
      A tenant: all that is published for it, its intermediate results and its rows of the record.

      A person: everything of the tenant is read again without them and published first; then all older
      releases of the tenant, its intermediate results and its rows of the record go, since any of them may name
      the person. They are left out of all later runs too. The platform's own data is the platform's to erase.

      A tombstone without personal data stays in operator/tombstones. What this program can't reach is listed.

      Examples:
        yearbook purge --tenant acme
        yearbook purge --tenant acme --user 7f8a4c1e-0000-4000-8000-000000000001 --yes
      """)

  @Option(help: "The tenant's slug.")
  var tenant: String
  @Option(help: "The person's id on the platform.")
  var user: String?
  @Flag(help: "Erase.")
  var yes = false
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let user, UUID(uuidString: user) == nil {
      throw ValidationError("--user is a person's id: a UUID")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    try configuration.withServer {
      let record = try RunRecord(
        configuration.required(configuration.record, "record", "YEARBOOK_RECORD"))
      // Also one whose folder is gone, by what the record still knows.
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
        session, store: store, tenant: owner, user: user.map { $0.lowercased() })
      let out = Console.standardOutput
      for line in try purge.forecast() { out.line(line) }
      guard yes else { return out.line("to erase this: the same command with --yes") }
      Signals.watch()
      var (tombstone, unreached) = try purge.run()
      try configuration.renewPages(of: user == nil ? [] : [tenant], in: store)
      if let mirroring = try Mirroring(
        configuration, store: store, cancellation: Signals.cancellation)
      {
        unreached += try mirroring.finishErasure(of: user == nil ? nil : tenant)
      }
      out.line("erased; \(tombstone) says so")
      out.line("what this program can't reach:")
      for line in try purge.unreachable() + unreached { out.line("  \(line)") }
    }
  }
}
