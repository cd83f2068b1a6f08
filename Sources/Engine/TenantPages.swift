import Diagnostics
import Pipelines
import Stages
import Store

/// The pages of a tenant that lead to its releases: made from what the store holds, so that they can be
/// made again at any time.
struct TenantPages {
  let store: ReleaseStore
  let library: PipelineLibrary
  let templates: PageTemplates

  /// Writes the tenant's index and the stable address of each of its partitions, where they changed.
  ///
  /// - Returns: How many pages changed.
  func renew(_ tenant: Tenant) throws -> Int {
    var partitions: [StorePages.Partition] = []
    var pages: [(path: String, bytes: [UInt8])] = []
    for place in try store.partitions(tenant: tenant.slug) {
      guard let head = try store.latest(place), let period = Period(place.period),
        let published = CivilDate(head.created.prefix(10))
      else { continue }
      let details = try store.details(place, release: head.release)
      // A pipeline that is no longer declared keeps its releases, under the title they were made with.
      let title = library.pipeline(place.pipeline)?.title(for: tenant.locale) ?? details.title
      let partition = StorePages.Partition(
        pipeline: place.pipeline, title: title, period: period, release: head.release,
        status: StorePages.Partition.Status(rawValue: head.status.rawValue) ?? .provisional,
        published: published,
        files: details.files.map { .init(name: $0.name, bytes: $0.bytes) })
      partitions.append(partition)
      pages.append(
        (
          "\(place.path)/index.html",
          try StorePages.stableAddress(
            title: "\(title) \(period)", tenant: tenant,
            target: StorePages.target(
              release: head.release, files: details.files.map(\.name)), templates: templates)
        ))
    }
    pages.append(
      (
        "tenants/\(tenant.slug)/index.html",
        try StorePages.tenantIndex(tenant, partitions: partitions, templates: templates)
      ))
    return try store.putPages(pages)
  }
}
