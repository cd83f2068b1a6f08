import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

/// What the store's commands share: they open the store and find the release that somebody typed.
extension Configuration {
  /// The store. It must exist: commands that read must not make one.
  func openStore() throws -> ReleaseStore {
    let root = try required(.store)
    guard FileManager.default.fileExists(atPath: root) else {
      throw Diagnostic(
        .unavailable, "there is no store at \(root)",
        hint: "mount it, or name another folder with --store")
    }
    return try releaseStore(root)
  }

  /// Renews the pages of tenants whose releases changed. Without a record, the overview lists no
  /// failures.
  func renewPages(of tenants: [String], in store: ReleaseStore) throws {
    try storeFront(store).renew(tenants: tenants, record: record)
  }

  /// The shares of a store.
  func shares(in store: ReleaseStore) throws -> Shares {
    try Shares(
      self, store: store, library: try PipelineLibrary(folder: pipelineFolder()),
      templates: try templateFolder())
  }

  /// Makes shares follow what changed in the store. Tenants without any need no templates for it.
  func renewShares(of tenants: [String], in store: ReleaseStore) throws {
    let sharing = try tenants.filter { try !store.shares(tenant: $0).isEmpty }
    if sharing.isEmpty { return }
    let renewal = try shares(in: store).renew(
      tenants: sharing, now: Int(Date().timeIntervalSince1970))
    if renewal.takenBack > 0 {
      Console.standardError.line("\(Figures.count(renewal.takenBack, "share")) taken back")
    }
    try renewal.check()
  }

  /// The pages of a store, to be renewed.
  func storeFront(_ store: ReleaseStore) throws -> StoreFront {
    try StoreFront(
      store: store, library: try PipelineLibrary(folder: pipelineFolder()),
      templates: try templateFolder(), operator: operatorTenant, site: previewSite)
  }
}

/// `TENANT/PIPELINE/PERIOD`, or with `/ID`: a release's id or its first characters.
struct ReleaseAddress {
  static let help: ArgumentHelp =
    ArgumentHelp(
      "TENANT/PIPELINE/PERIOD for the newest release, or TENANT/PIPELINE/PERIOD/ID"
        + " (the first characters of the id are enough).")

  var partition: ReleasePartition
  var release: String
  var head: Head?

  init(_ text: String, in store: ReleaseStore) throws {
    let parts = text.split(separator: "/").map(String.init)
    guard (3...4).contains(parts.count) else {
      throw Diagnostic(
        .usage, "'\(text)' is not a release",
        hint: "write TENANT/PIPELINE/PERIOD or TENANT/PIPELINE/PERIOD/ID")
    }
    partition = try Self.partition(parts[..<3].joined(separator: "/"), in: store)
    let heads = try store.heads(partition)
    let release: String?
    if parts.count == 3 {
      release = try store.latest(partition)?.release
    } else {
      let ids = Set(heads.map(\.release)).filter { $0.hasPrefix(parts[3]) }
      release = ids.count == 1 ? ids.first : nil
    }
    guard let release else {
      throw Diagnostic(
        .usage, "there is no release '\(text)', or the prefix is ambiguous",
        hint: "to list the releases: `yearbook releases \(partition)`")
    }
    self.release = release
    head = heads.last { $0.release == release }
  }

  /// A partition that the store has.
  static func partition(_ text: String, in store: ReleaseStore) throws -> ReleasePartition {
    let parts = text.split(separator: "/").map(String.init)
    guard parts.count == 3 else {
      throw Diagnostic(
        .usage, "'\(text)' is not a partition", hint: "write TENANT/PIPELINE/PERIOD")
    }
    let found = try partitions(tenant: parts[0], in: store)
    guard let partition = found.first(where: { $0.pipeline == parts[1] && $0.period == parts[2] })
    else {
      throw Diagnostic(
        .usage, "the store has no partition '\(text)'",
        hint: NearestWords.hint(for: text, in: found.map(\.description)))
    }
    return partition
  }

  /// All partitions of a tenant that the store has.
  static func partitions(tenant: String, in store: ReleaseStore) throws -> [ReleasePartition] {
    let tenants = try store.owners()
    guard tenants.contains(tenant) else {
      throw Diagnostic(
        .usage, "the store has no tenant '\(tenant)'",
        hint: NearestWords.hint(for: tenant, in: tenants))
    }
    return try store.partitions(tenant: tenant)
  }
}

/// Prints a value as JSON on the standard output.
func printJSON(_ value: some Encodable) throws {
  try Console.standardOutput.json(value)
}
