import ArgumentParser
import Diagnostics
import Engine
import Extraction
import Foundation
import Store

struct TenantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Manages one tenant's folder in the store.",
    subcommands: [Rename.self])

  struct Rename: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rename",
      abstract: "Renames a tenant's folder after the platform has changed the tenant's slug.",
      discussion: """
        Releases keep the old slug in their metadata. Addresses with the old slug stop working. If \
        yearbook.yaml has a section `tenants: OLD:`, rename it by hand. If the command was \
        interrupted, give it again.

        Example:
          yearbook tenant rename acme acme-labs
        """)

    @Argument(help: "The old slug.", completion: Completions.tenants)
    var old: String
    @Argument(help: "The new slug.")
    var new: String
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      let store = try configuration.openStore()
      try configuration.withServer {
        let standstill = try configuration.record.map { try Standstill(record: $0) }
        defer { withExtendedLifetime(standstill) {} }
        try askPlatform(configuration, store)
        try store.holdShares { try store.renameTenant(from: old, to: new) }
        if let record = configuration.record {
          try RunRecord(record).renameTenant(from: old, to: new)
        }
        try configuration.renewPages(of: [new], in: store)
        try configuration.renewShares(of: [new], in: store)
      }
      if let mirroring = try Mirroring(
        configuration, store: store, cancellation: Signals.cancellation)
      {
        try mirroring.rename(from: old, to: new)
      }
      Console.standardOutput.line("tenants/\(old) is now tenants/\(new)")
    }

    /// Throws if the platform has another slug for the tenant: the next run would publish a second
    /// folder under that slug.
    private func askPlatform(_ configuration: Configuration, _ store: ReleaseStore) throws {
      guard let tenant = try store.tenant(slug: old) else { return }
      var known: String?
      for source in configuration.sourceNames where known == nil {
        known = try configuration.openSource(source, pipelines: configuration.pipelineFolder())
          .slug(of: tenant.id)
      }
      guard let slug = known, slug != new else { return }
      throw Diagnostic(
        .configuration, "the platform calls this tenant '\(slug)', not '\(new)'",
        hint: slug == old
          ? "change its slug in the platform first"
          : "use the platform's slug:"
            + " `\(CommandText.yearbook(["tenant", "rename", old, slug], shared))`"
      )
    }
  }
}
