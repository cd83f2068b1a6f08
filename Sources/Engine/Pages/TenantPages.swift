import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// The pages of a tenant that lead to its releases, and its `catalog.json`. They are made from the
/// store alone, so they can be made again at any time.
///
/// The catalog holds what the pages were made from. So a nightly run in which nothing changed reads
/// one small file per tenant, however many releases there are. If one partition changed, it reads
/// only that partition.
struct TenantPages {
  let store: ReleaseStore
  let library: PipelineLibrary
  let templates: PageTemplates
  /// `Configuration.previewSite`: with it, stable addresses have previews.
  var site: String?

  /// Writes the tenant's index and the stable address of each of its partitions, if they changed.
  ///
  /// - Parameter heads: The newest heads of partitions that may have changed; `nil` checks all.
  /// - Returns: How many files changed, and the new catalog.
  func renew(
    _ tenant: Tenant, _ heads: [ReleasePartition: Head]?
  ) throws -> (changed: Int, catalog: TenantCatalog) {
    let known = heads == nil ? nil : try copy(tenant)?.catalog
    var catalog = known ?? TenantCatalog(tenant: tenant, design: design(tenant))
    var stale: [(place: ReleasePartition, head: Head)] = []
    if let heads, known != nil {
      stale = heads.sorted { $0.key < $1.key }.compactMap { place, head in
        catalog.holds(place, head) ? nil : (place, head)
      }
      if stale.isEmpty { return (0, catalog) }
    } else {
      for place in try store.partitions(tenant: tenant.slug) {
        if let head = try store.newest(place) { stale.append((place, head)) }
      }
    }
    var pages: [(path: String, bytes: [UInt8])] = []
    for (place, head) in stale {
      guard let entry = try entry(place, head, tenant) else { continue }
      catalog.put(entry)
      pages.append(("\(place.path)/index.html", try address(entry, tenant)))
    }
    pages.append(
      (
        "tenants/\(tenant.slug)/index.html",
        try StorePages.tenantIndex(
          tenant, partitions: catalog.partitions.compactMap(\.shown), templates: templates)
      ))
    pages.append((TenantCatalog.path(tenant.slug), try catalog.bytes))
    return (try store.putPages(pages, isComplete: known == nil), catalog)
  }

  /// The catalog of a tenant whose pages show these heads already; `nil` if pages must be renewed.
  func current(
    _ tenant: Tenant, _ heads: [ReleasePartition: Head]
  ) throws -> TenantCatalog.Copy? {
    guard let copy = try copy(tenant),
      heads.allSatisfy({ copy.catalog.holds($0.key, $0.value) })
    else { return nil }
    return copy
  }

  /// The tenant's catalog, if its pages were made as they would be now.
  private func copy(_ tenant: Tenant) throws -> TenantCatalog.Copy? {
    let signed = try store.signedPages(tenant.slug)
    // What was changed behind our back must not be signed again.
    guard !signed.isDue,
      let copy = TenantCatalog.Copy(store: store, slug: tenant.slug, signed),
      copy.catalog.design == design(tenant), copy.catalog.tenant == tenant.withoutRules
    else { return nil }
    return copy
  }

  /// Writes the stable addresses of the operator's reports. The overview lists them.
  func renewOperator(_ owner: Tenant, _ heads: [ReleasePartition: Head]) throws -> Int {
    let pages = try heads.sorted { $0.key < $1.key }.compactMap { place, head in
      try entry(place, head, owner).map { entry in
        (path: "\(place.path)/index.html", bytes: try address(entry, owner))
      }
    }
    return try store.putPages(pages)
  }

  /// What decides how the pages look, beside the catalog's own content.
  func design(_ tenant: Tenant) -> String {
    let titles = library.pipelines.map { "\($0.name)=\($0.title(for: tenant.locale))" }
    let text =
      ["1", templates.digest.hex, templates.catalog.digest.hex] + titles
      + (site.map { ["site=\($0)"] } ?? [])
    return String(SHA256Digest(of: text.joined(separator: "\n").utf8).hex.prefix(16))
  }

  func entry(
    _ place: ReleasePartition, _ head: Head, _ tenant: Tenant
  ) throws -> TenantCatalog.Entry? {
    guard Period(place.period) != nil else { return nil }
    if head.isWithdrawn {
      // Its release can be gone, and its files are nobody's business now.
      return TenantCatalog.Entry(
        pipeline: place.pipeline, period: place.period,
        title: library.pipeline(place.pipeline)?.title(for: tenant.locale) ?? place.pipeline,
        release: head.release, sequence: head.sequence, status: head.status.rawValue,
        asOf: head.asOf, published: head.created, files: [], reason: head.reason)
    }
    let details: ReleaseDetails
    do {
      details = try store.details(place, release: head.release)
    } catch {
      // No page links to a damaged release. `verify` names it, and the next publishing repairs it.
      return nil
    }
    // The releases of a pipeline that was removed stay, under the title they were made with.
    let title = library.pipeline(place.pipeline)?.title(for: tenant.locale) ?? details.title
    let listed = details.files.filter { !PersonalFiles.has($0.name) }
    return TenantCatalog.Entry(
      pipeline: place.pipeline, period: place.period, title: title, release: head.release,
      sequence: head.sequence, status: head.status.rawValue, asOf: head.asOf,
      published: head.created,
      files: listed.map { .init(name: $0.name, bytes: $0.bytes) },
      isPersonal: listed.count < details.files.count ? true : nil)
  }

  func address(_ entry: TenantCatalog.Entry, _ tenant: Tenant) throws -> [UInt8] {
    let title = "\(entry.title) \(entry.period)"
    if entry.isWithdrawn {
      return try StorePages.withdrawnAddress(
        title: title, tenant: tenant, day: CivilDate(entry.published.prefix(10)),
        reason: entry.reason, templates: templates)
    }
    if entry.isPersonal ?? false {
      return try StorePages.personalAddress(
        title: title, tenant: tenant, folder: StorePages.personalFolder(release: entry.release),
        templates: templates)
    }
    if entry.isEncrypted {
      return try StorePages.encryptedAddress(
        title: title, tenant: tenant, release: entry.release, files: entry.files.map(\.name),
        templates: templates)
    }
    return try StorePages.stableAddress(
      title: title, tenant: tenant,
      target: StorePages.target(release: entry.release, files: entry.files.map(\.name)),
      preview: preview(entry, tenant), templates: templates)
  }

  /// What other programs show for a link to a partition; `nil` without a picture to share, or if
  /// the store is not on the web.
  private func preview(
    _ entry: TenantCatalog.Entry, _ tenant: Tenant
  ) throws -> StorePages.Preview? {
    guard let site, entry.files.contains(where: { $0.name == StorePages.Preview.picture }),
      tenant.slug != ReleaseTenant.operatorName
    else { return nil }
    let place = "tenants/\(tenant.slug)/\(entry.pipeline)/\(entry.period)"
    let picture = "\(place)/releases/\(entry.release)/data/\(StorePages.Preview.picture)"
    return StorePages.Preview(
      page: "\(site)/\(place)/index.html", address: "\(site)/\(picture)",
      bytes: try FileReader.contents(store.path(picture)) ?? [])
  }
}
