import Diagnostics
import Foundation
package import Pipelines
import Stages
package import Store

/// Renews the pages of a store after commands that change it outside of a run.
package struct StoreFront {
  private let store: ReleaseStore
  private let pages: TenantPages
  private let owner: Tenant

  /// - Parameters:
  ///   - templates: The folder of templates and messages.
  ///   - owner: The owner of the reports about all tenants.
  ///   - site: `Configuration.previewSite`
  package init(
    store: ReleaseStore, library: PipelineLibrary, templates: String, operator owner: Tenant,
    site: String?
  ) throws {
    self.store = store
    self.owner = owner
    pages = TenantPages(
      store: store, library: library, templates: try PageTemplates.ofStore(folder: templates),
      site: site)
  }

  /// Throws if the pages of these partitions could not say that they are withdrawn: before they
  /// are.
  package func checkWithdrawal(of partitions: [ReleasePartition]) throws {
    for slug in Set(partitions.map(\.tenant)) {
      let tenant = try TenantCatalog(store: store, slug: slug)?.tenant ?? owner
      _ = try StorePages.withdrawnAddress(
        title: slug, tenant: tenant, day: nil, reason: nil, templates: pages.templates)
    }
  }

  /// Makes the pages of tenants and of the operator again.
  ///
  /// - Parameters:
  ///   - slugs: Tenants whose releases changed. A tenant without any page yet gets its pages from
  ///     its next run.
  ///   - record: The record's connection string. The record knows what is failing; without it the
  ///     overview leaves that out.
  package func renew(tenants slugs: [String], record: String?) throws {
    var changed = 0
    for slug in slugs {
      if slug == ReleaseTenant.operatorName {
        var heads: [ReleasePartition: Head] = [:]
        for place in try store.partitions(tenant: slug) { heads[place] = try store.newest(place) }
        changed += try pages.renewOperator(owner, heads)
        continue
      }
      guard var tenant = try TenantCatalog(store: store, slug: slug)?.tenant else { continue }
      tenant.slug = slug
      changed += try pages.renew(tenant, nil).changed
    }
    if changed > 0 { try store.sync() }
    let operatorPages = OperatorPages(store: store, templates: pages.templates)
    try operatorPages.renew(nil, record.map { try RunRecord($0) })
  }
}
