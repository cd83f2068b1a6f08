import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct TenantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Does things to one tenant's folder in the store.",
    subcommands: [Rename.self])

  struct Rename: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rename",
      abstract: "Gives a tenant's folder the slug that the platform gave the tenant.",
      discussion: """
        Releases keep the slug they were made with in their metadata, and addresses with the old slug end. A
        section `tenants: OLD:` of yearbook.yaml is to be renamed by hand. Give the command again where it was
        interrupted.

        Example:
          yearbook tenant rename acme acme-labs
        """)

    @Argument(help: "The slug as it was.")
    var old: String
    @Argument(help: "The slug as it is now.")
    var new: String
    @OptionGroup var shared: SharedOptions

    func run() throws {
      let configuration = try shared.configuration()
      let store = try configuration.openStore()
      try configuration.withServer {
        let standstill = try configuration.record.map { try Standstill(record: $0) }
        defer { withExtendedLifetime(standstill) {} }
        try askPlatform(configuration, store)
        try store.renameTenant(from: old, to: new)
        if let record = configuration.record {
          try RunRecord(record).renameTenant(from: old, to: new)
        }
        try configuration.renewPages(of: [new], in: store)
      }
      if let mirroring = try Mirroring(
        configuration, store: store, cancellation: Signals.cancellation)
      {
        try mirroring.rename(from: old, to: new)
      }
      Console.standardOutput.line("tenants/\(old) is tenants/\(new) now")
    }

    /// The platform gives slugs: a folder that it knows by another would be published beside this one.
    private func askPlatform(_ configuration: Configuration, _ store: ReleaseStore) throws {
      guard let source = configuration.source, let tenant = try store.tenant(slug: old) else {
        return
      }
      let slug = try Source(source, schema: configuration.schema).slug(of: tenant.id)
      guard let slug, slug != new else { return }
      throw Diagnostic(
        .configuration, "the platform calls this tenant '\(slug)', not '\(new)'",
        hint: slug == old
          ? "change its slug in the platform first" : "`yearbook tenant rename \(old) \(slug)`")
    }
  }
}
