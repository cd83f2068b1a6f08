import Diagnostics
import Foundation
import Pipelines
import Postgres
package import Store

/// Erases a tenant or a person (LGPD, article 18, VI) from the store, the workspace and the record.
///
/// After an interruption, the same command continues. For a person, all partitions of the tenant
/// are published without them before anything is removed. For a tenant, the store comes last,
/// because it names the tenant.
package struct Purge {
  private var session: RunSession
  private let store: ReleaseStore
  private let tenant: ReleaseTenant
  private let user: String?
  private let record: RunRecord
  private let blobs: BlobStore
  private let partitions: [ReleasePartition]
  private let mirroring: Mirroring?

  /// - Parameter user: A person's id, as PostgreSQL prints it; `nil` erases the tenant.
  package init(
    _ session: RunSession, store: ReleaseStore, tenant: ReleaseTenant, user: String?
  ) throws {
    self.session = session
    self.session.isErasing = true
    self.store = store
    self.tenant = tenant
    self.user = user
    let configuration = session.configuration
    record = try RunRecord(configuration.required(.record))
    blobs = try BlobStore(workspace: configuration.required(.workspace))
    partitions = try store.partitions(tenant: tenant.slug)
    mirroring = try Mirroring(
      configuration, store: store, cancellation: session.cancellation)
  }

  /// What would be removed, one line each.
  package func forecast() throws -> [String] {
    let releases = try partitions.reduce(0) { try $0 + store.releases($1).count }
    let workspace = "the workspace's tenants/\(tenant.id)"
    let mirrored = mirroring.map { mirroring in
      [
        "the same in the mirror \(mirroring.address), with all object versions that the bucket keeps"
      ]
    }
    if user == nil {
      return [
        "tenants/\(tenant.slug) with \(Counted.text(partitions.count, "partition")) and \(Counted.text(releases, "release"))",
        workspace, "all rows of the tenant in the record, and its lines on the operator's pages",
      ] + (mirrored ?? [])
    }
    return [
      "messages to the person, and their address in those that were sent",
      "\(Counted.text(partitions.count, "partition")) of \(tenant.slug) will be read and published again without the person",
      "then all older releases of the tenant (\(releases) now), and what its shares showed before",
      workspace, "the tenant's results, media digests, failures and attempts in the record",
      "all later runs leave the person out",
    ] + (mirrored ?? [])
  }

  /// What this program cannot remove, one line each.
  package func unreachable() throws -> [String] {
    let together = try store.partitions(tenant: ReleaseTenant.operatorName)
    var lines = [String]()
    if !together.isEmpty {
      let names = Set(together.map(\.pipeline)).sorted().joined(separator: ", ")
      let versions = mirroring.map {
        ", and remove the older versions below \($0.address)/operator/, if the bucket keeps any"
      }
      lines.append(
        "the operator's reports about all tenants (\(names)): erase in the platform first, then run their"
          + " periods again, then `yearbook prune --tenant @operator --grace 0s --yes`\(versions ?? "")"
      )
    }
    lines += [
      "the platform's own database and media: erase there too\(user == nil ? ", or the next run publishes the tenant again" : "")",
      "backups and snapshots of the store, the workspace and the databases, and standby servers",
      "copies that readers saved, and caches of web servers in front of the store",
      "space that PostgreSQL frees with its next VACUUM, and its archived WAL",
      "logs of cron or of the service manager, which contain slugs of tenants",
    ]
    if user != nil {
      lines += [
        "what others wrote about the person in titles, descriptions and tags",
        "the person's id in the record's table yearbook.erasure: later runs need it to leave them out",
      ]
    }
    return lines
  }

  /// Erases.
  ///
  /// Afterwards the caller must renew the pages, then finish the erasure in the mirror.
  ///
  /// - Returns: The tombstone's path in the store, and what could not be reached in the mirror.
  package func run() throws -> (tombstone: String, unreached: [String]) {
    // First: runs that begin from now on leave the person out. The standstill waits for earlier
    // runs.
    if let user { try record.addErasure(tenant: tenant.id, user: user) }
    let standstill = try Standstill(record: session.configuration.required(.record))
    defer { withExtendedLifetime(standstill) {} }
    if let user { return (try erase(user), []) }
    return try eraseTenant()
  }

  /// Writes the tombstone. It names only the tenant's id.
  private func putTombstone(releases: Int, rows: Int) throws -> String {
    let id = RunID.make(at: Date())
    let tombstone = Tombstone(
      kind: user == nil ? "tenant" : "person", tenant: tenant.id,
      erased: Date().formatted(.iso8601), releases: releases, rows: rows)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let path = "operator/tombstones/\(id.lowercased()).json"
    try store.putPage(path, Array(try encoder.encode(tombstone)) + [0x0A])
    try store.sync()
    return path
  }

  private struct Tombstone: Encodable {
    var kind, tenant, erased: String
    /// How many releases, and rows of the record, were removed.
    var releases, rows: Int
  }

  private func eraseTenant() throws -> (tombstone: String, unreached: [String]) {
    let releases = try partitions.reduce(0) { try $0 + store.releases($1).count }
    let rows =
      try record.forgetTenant(id: tenant.id, slug: tenant.slug) + forgetResultsTogether()
    try blobs.removeAll(tenant: tenant.id)
    try OperatorPages.forget(tenant.slug, in: store)
    // Before the last step: once the folder is gone, nothing shows that the erasure is unfinished.
    let tombstone = try putTombstone(releases: releases, rows: rows)
    if let mirroring { return (tombstone, try mirroring.erase(tenant)) }
    _ = try store.holdShares { try store.removeTenant(slug: tenant.slug, id: tenant.id) }
    return (tombstone, [])
  }

  /// Removes the intermediate results of the operator's reports: they hold rows of all tenants.
  ///
  /// - Returns: How many rows of the record were removed.
  private func forgetResultsTogether() throws -> Int {
    let own = session.configuration.operatorTenant.id
    let rows = try record.forgetResults(tenant: own)
    try blobs.removeAll(tenant: own)
    return rows
  }

  private func erase(_ user: String) throws -> String {
    for (pipeline, places) in Dictionary(grouping: partitions, by: \.pipeline)
      .sorted(by: { $0.key < $1.key })
    {
      guard session.library.pipeline(pipeline) != nil else {
        throw Diagnostic(
          .configuration,
          "the pipeline '\(pipeline)' no longer exists, so its releases cannot be made again without the person",
          hint: "restore the pipeline, or remove tenants/\(tenant.slug)/\(pipeline) from the store")
      }
      var request = Planner.Request(
        name: pipeline, moment: .instant(Int64(Date().timeIntervalSince1970)))
      request.tenants = [tenant.slug]
      request.periods = places.map(\.period)
      request.arguments = "purge"
      // What is published is made again, whenever the tenant began to exist.
      request.isPicked = true
      let summary = try session.run(request)
      guard summary.state == "done" else {
        throw Diagnostic(
          summary.wasInterrupted ? .interrupted : .data,
          "some reports could not be published without the person, so nothing was removed",
          at: .init(pipeline: pipeline, tenant: tenant.slug),
          hint: "fix what failed, then run the same command again")
      }
    }
    var releases = 0
    let now = Int(Date().timeIntervalSince1970)
    // Each is made again without the person, or ends with their own report.
    try Shares(
      session.configuration, store: store, library: session.library, templates: session.templates
    ).renew(tenants: [tenant.slug], isErasing: true, now: now).check()
    for outcome in store.prune(partitions, by: PruneRule(last: 1, grace: 0), now: now + 1) {
      let pruned = try outcome.get()
      releases += pruned.count
    }
    try blobs.removeAll(tenant: tenant.id)
    let rows = try record.forgetPerson(tenant: tenant.id, user: user) + forgetResultsTogether()
    return try putTombstone(releases: releases, rows: rows)
  }
}

extension OperatorPages {
  /// Removes a tenant from the reports of runs, `operator/runs/ID.json`.
  static func forget(_ slug: String, in store: ReleaseStore) throws {
    let folder = store.path("operator/runs")
    guard FileManager.default.fileExists(atPath: folder) else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
        name.hasSuffix(".json")
      else { continue }
      var file = try JSONDecoder().decode(RunFile.self, from: data)
      file.published.removeAll { $0.tenant == slug }
      file.failed.removeAll { $0.tenant == slug }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try store.putRun(String(name.dropLast(5)), Array(try encoder.encode(file)) + [0x0A])
    }
  }
}
