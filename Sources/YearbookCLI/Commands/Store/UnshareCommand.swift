import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct UnshareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unshare",
    abstract: "Takes shared pages back, with all their files, at once.",
    discussion: """
      A small page is left that says that it was taken back. Everything else is removed from the \
      store and from the mirror, with all versions that the bucket keeps. If the command was \
      interrupted, give it again; the next run finishes it, too.

      What somebody has saved or sent on cannot be taken back.

      Examples:
        yearbook unshare https://reports.example.org/tenants/acme/shared/NAME/
        yearbook unshare --tenant acme
      """)

  @Argument(help: "The addresses of the pages, or the names in them.")
  var pages: [String] = []
  @Option(
    help: "All pages that a tenant shares; can be given several times.",
    completion: Completions.tenants)
  var tenant: [String] = []
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if pages.isEmpty == tenant.isEmpty {
      throw ValidationError("name pages by their addresses, or tenants with --tenant")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let shares = try configuration.shares(in: store)
    var places = try pages.map { try place($0, shares) }
    for slug in tenant {
      _ = try ReleaseAddress.partitions(tenant: slug, in: store)
      places += try store.shares(tenant: slug)
    }
    try store.tryWriting()
    try shares.takeBack(places, now: Int(Date().timeIntervalSince1970))
    let out = Console.standardOutput
    out.line("\(Figures.count(places.count, "page")) taken back")
    let slugs = Set(places.map(\.tenant)).sorted()
    if !slugs.isEmpty { try configuration.mirror(slugs, in: store) }
  }

  private func place(_ text: String, _ shares: Shares) throws -> ReleasePartition {
    let parts = text.split(separator: "/").map(String.init)
    let name = parts.last(where: ReleasePartition.isShareName) ?? text
    guard let place = try shares.place(named: name) else {
      throw Diagnostic(
        .usage, "the store has no shared page with this address or name",
        hint: "to list them: \(CommandText.yearbook(["share", "--list"], shared))")
    }
    return place
  }
}
