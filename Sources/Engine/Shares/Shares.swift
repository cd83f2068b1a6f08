package import Basics
import Diagnostics
import Foundation
package import Pipelines
import Stages
package import Store

/// Pages that a tenant shares with everybody who gets their address, and takes back.
///
/// A share is a small release of its own, made from releases of the same tenant, in a place with a
/// name that nobody can guess. The store alone says what is shared. After an interruption, the same
/// command, or the next run, continues.
package struct Shares {
  /// One share, for people.
  package struct Line: Hashable, Sendable, Encodable {
    package var tenant, name: String
    /// `shown`, or `gone` if it was taken back. Then nothing is known of what it was.
    package var state: String
    /// The pipeline and the period.
    package var report, period: String?
    package var isPersonal: Bool?
    /// The last day on which it is shown, in UTC.
    package var until: String?
    /// Its address on the web.
    package var address: String?
    /// When that was published, or when it was taken back: `2026-11-21T03:15:00Z`.
    package var since: String

    private enum CodingKeys: String, CodingKey {
      case tenant, name, state, report, period, until, address, since
      case isPersonal = "personal"
    }
  }

  let configuration: Configuration
  let store: ReleaseStore
  let library: PipelineLibrary
  let pages: TenantPages
  /// What heads name as their maker.
  static let run = "share"
  /// Seconds for which a reader can still be at what a share showed before.
  static let grace = 86_400

  /// - Parameter templates: The folder of templates and messages.
  package init(
    _ configuration: Configuration, store: ReleaseStore, library: PipelineLibrary,
    templates: String
  ) throws {
    self.configuration = configuration
    self.store = store
    self.library = library
    pages = TenantPages(
      store: store, library: library, templates: try PageTemplates.ofStore(folder: templates),
      site: configuration.previewSite)
  }

  /// All shares of tenants, also those that were taken back, by tenant and name.
  package func lines(of slugs: [String]) throws -> [Line] {
    try slugs.flatMap { slug in
      try store.shares(tenant: slug).compactMap { place in
        try store.newest(place).map { try line(place, $0) }
      }
    }
  }

  private func line(_ place: ReleasePartition, _ head: Head) throws(Diagnostic) -> Line {
    var line = Line(
      tenant: place.tenant, name: place.period, state: head.isWithdrawn ? "gone" : "shown",
      since: head.created)
    if head.isWithdrawn { return line }
    let note = try ShareNote(of: place, head, in: store)
    (line.report, line.period) = (note.report, note.period)
    line.isPersonal = note.person != nil
    (line.until, line.address) = (note.until, note.address)
    return line
  }

  // MARK: - Sharing

  /// Shares a report. What is shared already keeps its address, with the new last day.
  ///
  /// - Parameters:
  ///   - folder: The name of a person's folder in a report of people; `nil` shares the report.
  ///   - until: The last day on which it is shown, in UTC.
  ///   - now: Seconds since 1970.
  /// - Throws: `.usage` for a report that cannot be shared, `.configuration` if the store is not on
  ///   the web.
  package func share(
    _ report: ReleasePartition, folder: String?, until: CivilDate?, now: Int
  ) throws -> Line {
    guard configuration.previewSite != nil else {
      throw Diagnostic(
        .configuration, "the store is not on the web for everybody, so nothing can be shared",
        at: .init(file: configuration.file),
        hint: "write the address of the store's root: site: https://reports.example.org")
    }
    return try store.holdShares {
      let tenant = try tenant(report.tenant)
      try StorePages.checkSharing(of: tenant, templates: pages.templates)
      let person = folder.map(ShareNote.mark(ofFolder:))
      var known: ReleasePartition?
      for place in try store.shares(tenant: tenant.slug) where known == nil {
        guard let head = try store.shown(place) else { continue }
        let note = try ShareNote(of: place, head, in: store)
        let isSame = (note.report, note.period) == (report.pipeline, report.period)
        if isSame, note.person == person { known = place }
      }
      let place = known ?? ReleasePartition.share(RunRecord.folderName(), of: tenant.slug)
      let note = ShareNote(
        report: report.pipeline, period: report.period, person: person,
        until: until?.description, address: address(of: place) ?? "")
      if let reason = try publish(note, at: place, tenant, now: now, grace: Self.grace).reason {
        throw reason
      }
      guard let head = try store.shown(place) else {
        throw Diagnostic(.io, "the share was published and is not there")
      }
      return try line(place, head)
    }
  }

  /// Takes shares back. Who has the address learns that it was, and nothing else.
  package func takeBack(_ places: [ReleasePartition], now: Int) throws {
    try store.holdShares {
      for place in places {
        let tenant = try tenant(place.tenant)
        if try store.heads(place).isEmpty {
          try store.discard(place)
        } else {
          try end(place, tenant, now: now)
        }
      }
    }
  }

  /// The share with a name, whoever's it is; `nil` if there is none.
  package func place(named name: String) throws -> ReleasePartition? {
    guard ReleasePartition.isShareName(name) else { return nil }
    return try store.tenants().lazy.map { ReleasePartition.share(name, of: $0) }
      .first { FileReader.status(store.path($0.path))?.kind == .folder }
  }

  // MARK: - Parts

  /// The tenant as its own pages show it.
  func tenant(_ slug: String) throws -> Tenant {
    let owner = try store.tenant(slug: slug)
    guard var tenant = try TenantCatalog(store: store, slug: slug, store.signedPages(slug))?.tenant,
      tenant.id == owner?.id
    else {
      throw Diagnostic(
        .io, "the tenant's catalog is missing, damaged, or not signed by this store's key",
        at: .init(tenant: slug),
        hint:
          "to see what is wrong: `yearbook verify --tenant \(slug)`; the tenant's next run makes"
          + " it again")
    }
    tenant.slug = slug
    // What somebody else put there must not be signed with the pages of shares.
    if try store.signedPages(slug).isDue { _ = try pages.renew(tenant, nil) }
    return tenant
  }

  /// Where a share is on the web; `nil` if the store is not there.
  func address(of place: ReleasePartition) -> String? {
    configuration.previewSite.map { "\($0)/\(place.path)/index.html" }
  }

  /// Publishes what a note says, and the page that shows it.
  ///
  /// - Returns: Whether anything changed; or why there is nothing to share.
  func publish(
    _ note: ShareNote, at place: ReleasePartition, _ tenant: Tenant, now: Int, grace: Int
  ) throws -> (isChanged: Bool, reason: Diagnostic?) {
    var note = note
    let content = ShareContent(
      store: store, library: library, tenant: tenant,
      settings: configuration.settings(for: tenant.slug))
    let today = CivilDate(daysSince1970: Timestamp.dayNumber(now))
    let files: [ReleaseFile]
    let asOf: String?
    switch try content.files(of: &note, today: today) {
    case .files(let found, let day):
      files = found
      asOf = day
    case .nothing(let reason): return (false, reason)
    }
    let title = library.pipeline(note.report)?.title(for: tenant.locale) ?? note.report
    let pending = PendingRelease(
      tenant: ReleaseTenant(id: tenant.id, slug: tenant.slug, name: tenant.name),
      pipeline: place.pipeline, period: place.period, title: "\(title) \(note.period)",
      files: files,
      metadata: ReleaseMetadata(status: .final, asOf: asOf, run: Self.run, created: now))
    var isChanged = false
    for outcome in store.publish([pending]) {
      if case .unchanged = try outcome.get() { continue }
      isChanged = true
    }
    guard let head = try store.shown(place) else {
      return (isChanged, Diagnostic(.busy, "it was taken back meanwhile"))
    }
    if try store.putPages(pages.pages(ofShare: place, head, tenant)) > 0 { isChanged = true }
    for outcome in store.prune([place], by: PruneRule(last: 1, grace: grace), now: now) {
      if try !outcome.get().isEmpty { isChanged = true }
    }
    if isChanged { try store.sync() }
    return (isChanged, nil)
  }

  /// Takes one share back.
  @discardableResult
  func end(_ place: ReleasePartition, _ tenant: Tenant, now: Int) throws -> Bool {
    try store.takeBack(
      place, page: StorePages.gone(tenant, templates: pages.templates), run: Self.run, now: now)
  }
}
