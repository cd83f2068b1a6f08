import Basics
package import Diagnostics
import Foundation
import Pipelines
package import Store

/// Repairs what `verify` found to be damaged, as far as it can.
///
/// Files of releases get their bytes back from other releases or from the workspace. If a
/// partition's newest release is damaged all the same, the partition is published again, from its
/// results where they are still right. Then the pages are made again.
package struct StoreRepair {
  /// What came of it.
  package struct Outcome: Sendable {
    /// Paths of files that have their bytes again.
    package var restored: [String] = []
    package var published: [ReleasePartition] = []
    /// What could not be repaired, and why.
    package var failures: [Diagnostic] = []
  }

  private let session: RunSession
  private let store: ReleaseStore

  /// - Parameter session: Publishes partitions again.
  package init(_ session: RunSession, store: ReleaseStore) {
    self.session = session
    self.store = store
  }

  /// Repairs. Give it all faults that a verification found.
  package func run(_ faults: [Fault]) throws -> Outcome {
    let faults = faults.filter { !$0.isHarmless }
    var outcome = Outcome()
    let blobs = try session.configuration.workspace.flatMap { folder in
      FileReader.status(folder) == nil ? nil : try BlobStore(workspace: folder)
    }
    var byPartition: [ReleasePartition: [Fault]] = [:]
    for fault in faults {
      if let partition = ReleaseStore.partition(of: fault.path) {
        byPartition[partition, default: []].append(fault)
      }
    }
    for (partition, faults) in byPartition.sorted(by: { $0.key < $1.key }) {
      try session.cancellation.check()
      do {
        try repair(partition, faults, blobs, &outcome)
      } catch let error as Diagnostic where error.code != .interrupted {
        outcome.failures.append(
          error.filling(
            .init(
              pipeline: partition.pipeline, tenant: partition.tenant, period: partition.period)))
      }
    }
    try renewPages(faults, &outcome)
    return outcome
  }

  private func repair(
    _ partition: ReleasePartition, _ faults: [Fault], _ blobs: BlobStore?, _ outcome: inout Outcome
  ) throws {
    for fault in faults {
      let isRestored = try store.repair(fault.path, in: partition) { digest, tenant in
        blobs?.path(digest, tenant: tenant) ?? ""
      }
      if isRestored { outcome.restored.append(fault.path) }
    }
    try store.repairPointer(partition)
    if let newest = try store.newest(partition),
      try newest.isWithdrawn || isWhole(partition, newest)
    {
      return
    }
    try publishAgain(partition, &outcome)
  }

  private func isWhole(_ partition: ReleasePartition, _ head: Head) throws -> Bool {
    try store.isWhole(partition, head)
  }

  private func publishAgain(_ partition: ReleasePartition, _ outcome: inout Outcome) throws {
    guard !partition.isShare else {
      throw Diagnostic(
        .io, "a damaged share cannot be made again from itself",
        hint: "take it back: yearbook unshare \(partition.period)")
    }
    let command = CommandText.yearbook(
      ["run", partition.pipeline, "--tenant", partition.tenant, "--period", partition.period])
    guard session.library.pipeline(partition.pipeline) != nil else {
      throw Diagnostic(
        .configuration, "there is no pipeline '\(partition.pipeline)' to publish it again",
        hint: "restore the folder from a backup, or remove it")
    }
    guard session.configuration.source != nil, session.configuration.record != nil else {
      throw Diagnostic(
        .configuration, "it must be published again, and no source or record is configured here",
        hint: "remove the damaged release, then: \(command)")
    }
    var request = Planner.Request(
      name: partition.pipeline, moment: .instant(Int64(Date().timeIntervalSince1970)))
    request.tenants = [partition.tenant]
    request.periods = [partition.period]
    request.arguments = CommandText.line(["verify", "--repair"])
    request.isPicked = true
    var policy = RunPolicy()
    policy.readsPublished = true
    let summary = try session.run(request, policy: policy)
    if summary.wasInterrupted { try session.cancellation.check() }
    outcome.failures += summary.failures
    if summary.counts.published > 0 { outcome.published.append(partition) }
  }

  /// Makes the pages of folders with faults again. Their catalog says whose they are: if that is
  /// damaged, nobody knows.
  private func renewPages(_ faults: [Fault], _ outcome: inout Outcome) throws {
    var slugs: Set<String> = []
    for fault in faults {
      let parts = fault.path.split(separator: "/").map(String.init)
      if parts.first == "tenants", parts.count > 1 { slugs.insert(parts[1]) }
      if parts.first == "operator" { slugs.insert(ReleaseTenant.operatorName) }
    }
    for slug in slugs.sorted() where slug != ReleaseTenant.operatorName {
      let catalog = TenantCatalog.path(slug)
      guard let fault = faults.first(where: { $0.path == catalog }) else { continue }
      slugs.remove(slug)
      outcome.failures.append(
        Diagnostic(
          .io, "\(catalog) is damaged (\(fault.kind)), so the pages were not made again",
          at: .init(tenant: slug),
          hint:
            "find out who changed it, then remove it: the tenant's next run makes all pages again"))
    }
    if slugs.isEmpty { return }
    let front = try StoreFront(
      store: store, library: session.library, templates: session.templates,
      operator: session.configuration.operatorTenant, site: session.configuration.previewSite)
    try front.renew(tenants: slugs.sorted(), record: session.configuration.record)
    let shares = try Shares(
      session.configuration, store: store, library: session.library, templates: session.templates)
    outcome.failures +=
      shares.renew(
        tenants: slugs.sorted(), now: Int(Date().timeIntervalSince1970)
      ).failures
  }
}
