import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// The last step of every partition: files become releases, and the pages that lead to them are
/// renewed.
///
/// `publish` runs only on the committer's thread.
final class Publisher: Sendable {
  let store: ReleaseStore
  let record: Locked<RunRecord>
  let blobs: BlobStore
  /// The operator's recipients: every encrypted file is also encrypted to them.
  let recipients: [AgeRecipient]
  private let library: PipelineLibrary
  private let templates: PageTemplates
  /// `Configuration.previewSite`
  private let site: String?
  /// What messages are made with; `nil` if nobody is told.
  let messages: MessageTemplates?
  let run: String
  private let moment: RunMoment
  let state: RunState
  let claims: Claims
  private let versions: [String: String]
  private let policy: RunPolicy
  /// The partitions that this run published or made final.
  private let told = Locked<[(place: ReleasePartition, head: Head)]>([])
  /// The ids of tenants that ever had an encrypted file; `nil` until it is needed.
  let sealedTenants = Locked<Set<String>?>(nil)
  /// The catalogs that this run has read or made, by slug.
  private let catalogs = Locked<[String: TenantCatalog]>([:])
  /// The catalogs that this run has read.
  private let copies = Locked<[String: TenantCatalog.Copy]>([:])
  private let sideBySide: ReleaseStore.SideBySide

  init(
    store: ReleaseStore, record: Locked<RunRecord>, blobs: BlobStore, library: PipelineLibrary,
    templates: PageTemplates, recipients: [AgeRecipient], run: String, moment: RunMoment,
    state: RunState, claims: Claims, policy: RunPolicy, messages: MessageTemplates? = nil,
    site: String? = nil, sideBySide: @escaping ReleaseStore.SideBySide
  ) {
    self.sideBySide = sideBySide
    self.messages = messages
    self.site = site
    self.policy = policy
    self.claims = claims
    self.recipients = recipients
    self.store = store
    self.record = record
    self.blobs = blobs
    self.library = library
    self.templates = templates
    self.run = run
    self.moment = moment
    self.state = state
    versions = RecordWriter.versions
  }

  func linked(_ partition: RunPlan.Partition) throws -> [String: LinkedRelease] {
    try store.linked(partition)
  }

  /// The head that says that a partition is withdrawn; `nil` if it is not, or is published again
  /// all the same.
  func withdrawal(of partition: RunPlan.Partition) throws -> Head? {
    guard !policy.replacesWithdrawn, let head = try store.newest(partition.place),
      head.isWithdrawn
    else { return nil }
    return head
  }

  // MARK: - Failures

  func note(_ failure: Diagnostic, of partition: RunPlan.Partition) throws {
    try record.withLock { record in
      try record.connection.transaction {
        try record.add(
          RunRecord.Failure(
            partition: partition.key, slug: partition.tenant.slug,
            stage: failure.subject.stage ?? "", code: failure.code.description,
            message: [failure.subject.place, failure.message].filter { !$0.isEmpty }
              .joined(separator: ": "), hint: failure.hint),
          isTransient: failure.isTransient, to: run)
        try record.add([outcome(of: partition, isPublished: false)], run: run)
      }
    }
  }

  // MARK: - Releases

  func publish(_ publications: [Publication]) {
    for part in publications.parts(of: Self.atOnce) { publish(part: Array(part)) }
  }

  /// How many are claimed and published together: a server has room for a few thousand locks.
  private static let atOnce = 500

  private func publish(part publications: [Publication]) {
    let claimed = claimed(publications)
    let bare = claimed.filter(\.partition.pipeline.makesNoRelease)
    if !bare.isEmpty { tell(bare) }
    let publications = claimed.filter { !$0.partition.pipeline.makesNoRelease }
    if publications.isEmpty { return }
    let outcomes = publishedOrNot(publications)
    do { try claims.giveBack(publications.compactMap(\.claim)) } catch {
      // The claims are freed with the session, at the latest when the process ends.
    }
    for (publication, outcome) in zip(publications, outcomes) { finish(publication, outcome) }
  }

  /// The publications with their claims. Those that cannot be claimed now are taken up again later,
  /// those whose release is newer than this run's rows are as they must be, and end.
  private func claimed(_ publications: [Publication]) -> [Publication] {
    let unclaimed = publications.filter { $0.claim == nil }
    if unclaimed.isEmpty { return publications }
    var ready = publications.filter { $0.claim != nil }
    do {
      var taken = try claims.take(unclaimed.map(\.partition.key))
      do {
        let newer = try record.withLock { record throws(Diagnostic) in
          try record.newer(than: unclaimed.map { ($0.partition.key, $0.snapshot) })
        }
        try claims.giveBack(newer.compactMap { taken.removeValue(forKey: $0) })
        for var publication in unclaimed {
          let key = publication.partition.key
          if newer.contains(key) {
            state.ended(publication.partition, .unchanged, warnings: [])
          } else if let claim = taken[key] {
            publication.claim = claim
            ready.append(publication)
          } else {
            publication.takeUpAgain()
          }
        }
      } catch {
        try claims.giveBack(Array(taken.values))
        throw error
      }
    } catch {
      for publication in unclaimed { finish(publication, .failure(error)) }
    }
    return ready
  }

  /// The outcome of each publication.
  private func publishedOrNot(
    _ publications: [Publication]
  ) -> [Result<PublishOutcome, any Error>] {
    let publishing = Stopwatch()
    do {
      // A lost session holds no claims: another run may be working on these partitions now.
      try claims.check()
    } catch {
      return publications.map { _ in .failure(error) }
    }
    var outcomes: [Result<PublishOutcome, any Error>] = []
    var pending: [PendingRelease] = []
    var places: [Int] = []
    var sealed: [SealedFile] = []
    let created = Int(Date().timeIntervalSince1970)
    for (index, publication) in publications.enumerated() {
      if let head = publication.withdrawn {
        // Its pages and its row are renewed all the same: who withdrew it can have been
        // interrupted.
        outcomes.append(.success(.unchanged(head)))
        continue
      }
      do {
        var release = publication.pending(run: run, created: created, versions: versions)
        release.replacesWithdrawn = policy.replacesWithdrawn
        release.readsPublished = policy.readsPublished
        sealed += try seal(&release, for: publication.partition)
        pending.append(release)
        places.append(index)
        outcomes.append(.failure(Diagnostic(.bug, "the release was never published")))
      } catch {
        outcomes.append(.failure(error))
      }
    }
    do {
      try keep(sealed)
      for (place, outcome) in zip(places, store.publish(pending, sideBySide)) {
        outcomes[place] = outcome.mapError { $0 }
      }
    } catch {
      for place in places { outcomes[place] = .failure(error) }
    }
    do {
      // Of all releases, not only of new ones: a run that died after publishing left old pages.
      // Unchanged pages are not written. A page that fails is a failure of its tenant only.
      let faults = try renewPages(publications, outcomes)
      for (index, publication) in publications.enumerated() {
        guard let fault = faults[publication.partition.tenant.slug] else { continue }
        if case .success = outcomes[index] { outcomes[index] = .failure(fault) }
      }
      try note(publications, outcomes)
      removeTakenBack(publications, &outcomes)
    } catch {
      // The releases are published and stay. The next run finds them unchanged and renews the
      // pages.
      return outcomes.map { $0.flatMap { _ in .failure(error) } }
    }
    state.add(seconds: publishing.seconds, to: "publish")
    return outcomes
  }

  func finish(
    _ publication: Publication, _ outcome: Result<PublishOutcome, any Error>
  ) {
    let partition = publication.partition
    switch outcome {
    case .success(.published(let head)):
      let bytes = publication.files.reduce(0) { $0 + $1.byteCount }
      state.measures.add("published_bytes", [partition.pipeline.name], Double(bytes))
      state.ended(
        partition, .published(release: head.release, bytes: bytes), warnings: publication.warnings)
    case .success(let outcome) where outcome.head.isWithdrawn:
      state.ended(partition, .withdrawn, warnings: [])
    case .success:
      state.ended(partition, .unchanged, warnings: publication.warnings)
    case .failure(let error):
      let subject = Diagnostic.Subject(
        stage: "publish", pipeline: partition.pipeline.name, tenant: partition.tenant.slug,
        period: partition.period.description)
      let failure =
        (error as? Diagnostic)?.filling(subject)
        ?? Diagnostic(.bug, "publishing failed: \(type(of: error))", at: subject, underlying: error)
      do { try note(failure, of: partition) } catch {
        // The record does not answer either. The outcome below is still counted and reported.
      }
      state.ended(partition, .failed(failure), warnings: [])
    }
  }

  /// Records what was published, and what is to be told of it. This also ends earlier failures of
  /// these partitions.
  private func note(
    _ publications: [Publication], _ outcomes: [Result<PublishOutcome, any Error>]
  ) throws {
    try record.withLock { record in
      try record.connection.transaction {
        // Those whose recipients were not read are left as if their release were not known: the
        // next run reads them and tells.
        let untold = try queue(publications, outcomes, record)
        try record.add(
          zip(publications, outcomes).compactMap { publication, outcome in
            guard case .success(let published) = outcome,
              !untold.contains(publication.partition.key)
            else { return nil }
            var noted = self.outcome(of: publication.partition, isPublished: true)
            noted.status = published.head.status
            noted.releaseID = published.head.release
            noted.sequence = published.head.sequence
            if published.head.isWithdrawn { return noted }
            noted.warnings = publication.warnings
            noted.snapshot = publication.snapshot
            noted.content = publication.partition.content(of: publication.files)
            return noted
          }, run: run)
        try record.add(
          zip(publications, outcomes).compactMap { publication, outcome in
            guard case .success = outcome, !untold.contains(publication.partition.key) else {
              return nil
            }
            return publication.extraction
          })
        try record.letGo(
          zip(publications, outcomes).compactMap { publication, outcome in
            if case .success = outcome { publication.partition.key } else { nil }
          })
      }
    }
  }

  func outcome(of partition: RunPlan.Partition, isPublished: Bool) -> PartitionOutcome {
    PartitionOutcome(
      partition: partition.key, slug: partition.tenant.slug, isPublished: isPublished,
      status: nil, releaseID: nil, moment: moment.description, warnings: [])
  }

  /// Renews the stable address of each partition, and each tenant's index.
  ///
  /// - Returns: The failures, by the tenant's slug.
  private func renewPages(
    _ publications: [Publication], _ outcomes: [Result<PublishOutcome, any Error>]
  ) throws -> [String: any Error] {
    var faults: [String: any Error] = [:]
    var tenants: [String: (tenant: Tenant, heads: [ReleasePartition: Head])] = [:]
    for (publication, outcome) in zip(publications, outcomes) {
      guard case .success(let published) = outcome else { continue }
      let partition = publication.partition
      let place = partition.place
      tenants[place.tenant, default: (partition.tenant, [:])].heads[place] = published.head
      if case .unchanged = published { continue }
      told.withLock { $0.append((place, published.head)) }
    }
    let pages = TenantPages(store: store, library: library, templates: templates, site: site)
    readCatalogs(of: tenants.values.map { ($0.tenant, $0.heads) }, pages)
    var changed = 0
    for (slug, entry) in tenants.sorted(by: { $0.key < $1.key }) {
      // Partitions that the pages already show cost nothing, however often a batch touches the
      // tenant.
      let isKnown = catalogs.withLock { catalogs in
        entry.heads.allSatisfy { catalogs[slug]?.holds($0.key, $0.value) ?? false }
      }
      if isKnown { continue }
      do {
        if slug == ReleaseTenant.operatorName {
          changed += try pages.renewOperator(entry.tenant, entry.heads)
          continue
        }
        let renewed = try pages.renew(entry.tenant, entry.heads)
        changed += renewed.changed
        catalogs.withLock { $0[slug] = renewed.catalog }
      } catch {
        faults[slug] = error
      }
    }
    if changed > 0 { try store.sync() }
    return faults
  }

  /// Reads the catalogs of tenants whose pages are as they must be. In a night without changes,
  /// these are all.
  private func readCatalogs(
    of tenants: [(tenant: Tenant, heads: [ReleasePartition: Head])], _ pages: TenantPages
  ) {
    let unread = catalogs.withLock { catalogs in
      tenants.filter { one in
        one.tenant.slug != ReleaseTenant.operatorName && catalogs[one.tenant.slug] == nil
      }
    }
    sideBySide(unread.count) { [catalogs, copies] index in
      do {
        let one = unread[index]
        guard let copy = try pages.current(one.tenant, one.heads) else { return }
        catalogs.withLock { $0[one.tenant.slug] = copy.catalog }
        copies.withLock { $0[one.tenant.slug] = copy }
      } catch {
        // It is tried again, and then the failure counts.
      }
    }
  }

  // MARK: - The operator's pages

  /// Reports a run to the operator: `operator/runs/ID.json`, the catalog of all tenants, the
  /// overview.
  ///
  /// A run without changes and failures writes no file; the record has it.
  func finish(_ summary: RunSummary, isForAll: Bool) throws {
    let pages = OperatorPages(store: store, templates: templates)
    let published = told.withLock { $0 }
    let (catalogs, copies) = (catalogs.withLock { $0 }, copies.withLock { $0 })
    try record.withLock { record in
      if !published.isEmpty || summary.state != "done" {
        try pages.tell(
          summary,
          published: published.map {
            .init(place: $0.place, release: $0.head.release, status: $0.head.status)
          }, failures: record.failures(of: summary.run))
      }
      try pages.renew(isForAll ? nil : catalogs, copies: copies, record)
    }
  }
}

extension RunPlan.Partition {
  /// Its place in the store.
  var place: ReleasePartition {
    ReleasePartition(
      tenant: tenant.slug, pipeline: pipeline.name, period: period.description)
  }
}

extension ReleaseStore {
  /// The pipelines that the partition's pages link to and that have a release of its tenant and
  /// period.
  func linked(_ partition: RunPlan.Partition) throws -> [String: LinkedRelease] {
    var linked: [String: LinkedRelease] = [:]
    for pipeline in partition.pipeline.render?.links ?? [] {
      let place = ReleasePartition(
        tenant: partition.tenant.slug, pipeline: pipeline, period: partition.period.description)
      guard let head = try shown(place) else { continue }
      linked[pipeline] = LinkedRelease(
        digest: head.tagManifest, folder: path("\(place.path)/releases/\(head.release)/data"))
    }
    return linked
  }
}
