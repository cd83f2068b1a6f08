import Basics
import Diagnostics
import Foundation
package import Pipelines
import Stages
package import Store

/// Makes the pages of a store again, so that `verify` can compare them with those that are there.
package struct PageRemaking: Sendable {
  private let store: ReleaseStore
  private let pages: TenantPages
  private let operatorTenant: Tenant

  /// - Parameters:
  ///   - templates: The folder of templates and messages.
  ///   - owner: The owner of the reports about all tenants.
  ///   - site: `Configuration.previewSite`
  package init(
    store: ReleaseStore, library: PipelineLibrary, templates: String, operator owner: Tenant,
    site: String? = nil
  ) throws {
    self.store = store
    operatorTenant = owner
    pages = TenantPages(
      store: store, library: library, templates: try PageTemplates.ofStore(folder: templates),
      site: site)
  }

  /// What a tenant's pages, or the operator's, must be.
  package func pages(of slug: String) -> MadePages {
    do {
      return slug == ReleaseTenant.operatorName ? try operatorPages() : try tenantPages(slug)
    } catch {
      return unknown(slug, "\(error)")
    }
  }

  private func unknown(_ slug: String, _ reason: String) -> MadePages {
    var made = MadePages()
    made.isUnknown = true
    made.problem = "the pages of \(slug) could not be made again: \(reason)"
    return made
  }

  /// The newest head; `nil` if it is damaged, which `verify` notes.
  private func newest(_ place: ReleasePartition) -> Head? {
    do throws(Diagnostic) { return try store.newest(place) } catch { return nil }
  }

  // MARK: - Tenants

  private func tenantPages(_ slug: String) throws -> MadePages {
    let path = TenantCatalog.path(slug)
    let places = try store.partitions(tenant: slug)
    guard let known = try TenantCatalog(store: store, slug: slug) else {
      guard places.contains(where: { newest($0) != nil }) else { return MadePages() }
      var made = unknown(slug, "its catalog is missing or damaged")
      let isThere = FileManager.default.fileExists(atPath: store.path(path))
      made.faults = [Fault(isThere ? .altered : .missing, path)]
      if !isThere { made.behind.insert(path) }
      return made
    }
    var made = MadePages()
    let tenant = known.tenant
    if tenant.slug != slug || !isOwner(tenant) { made.faults.append(Fault(.wrongTenant, path)) }
    var catalog = TenantCatalog(tenant: tenant, design: pages.design(tenant))
    for place in places {
      let before = known.partitions.first {
        $0.pipeline == place.pipeline && $0.period == place.period
      }
      let address = "\(place.path)/index.html"
      guard let head = newest(place), let entry = try pages.entry(place, head, tenant) else {
        made.unknown.insert(address)
        if let before { catalog.put(before) }
        continue
      }
      catalog.put(entry)
      made.pages[address] = try pages.address(entry, tenant)
      if before?.sequence ?? 0 < head.sequence {
        made.behind.formUnion([path, "tenants/\(slug)/index.html", address])
      } else if let before, before.sequence > head.sequence {
        made.faults.append(Fault(.rolledBack, "\(place.path)/latest.json"))
      }
    }
    for entry in known.partitions
    where !places.contains(where: { $0.pipeline == entry.pipeline && $0.period == entry.period }) {
      made.faults.append(Fault(.missing, "tenants/\(slug)/\(entry.pipeline)/\(entry.period)"))
    }
    made.pages["tenants/\(slug)/index.html"] = try StorePages.tenantIndex(
      tenant, partitions: catalog.partitions.compactMap(\.shown), templates: pages.templates)
    made.pages[path] = try catalog.bytes
    try addShares(of: tenant, slug, to: &made)
    return made
  }

  private func addShares(of tenant: Tenant, _ slug: String, to made: inout MadePages) throws {
    for place in try store.shares(tenant: slug) {
      let names = ["index.html", ReleaseStore.goneName].map { "\(place.path)/\($0)" }
      guard let head = newest(place) else {
        made.unknown.formUnion(names)
        continue
      }
      do {
        for page in try pages.pages(ofShare: place, head, tenant) {
          made.pages[page.path] = page.bytes
        }
      } catch {
        // Its release is damaged, which `verify` notes.
        made.unknown.formUnion(names)
        continue
      }
      // Somebody died between the head and the page.
      let last = head.isWithdrawn ? names[1] : names[0]
      if FileReader.status(store.path(last)) == nil { made.behind.formUnion(names) }
    }
  }

  /// Whether the folder is the tenant's. A damaged `tenant.json` is noted by `verify`.
  private func isOwner(_ tenant: Tenant) -> Bool {
    do throws(Diagnostic) {
      return try store.tenant(slug: tenant.slug).map { $0.id == tenant.id } ?? true
    } catch {
      return true
    }
  }

  // MARK: - The operator

  private func operatorPages() throws -> MadePages {
    var made = MadePages()
    // It shows what is failing, which only the record knows.
    made.unknown.insert("operator/index.html")
    let front = OperatorPages(store: store, templates: pages.templates)
    let (known, present) = (try front.known(isTrusted: true), try front.present())
    made.pages[OperatorPages.catalogPath] = try OperatorPages.catalog(
      present.values.sorted { $0.slug < $1.slug })
    var isLate = !known.isEmpty
    for (slug, line) in known.sorted(by: { $0.key < $1.key }) {
      guard let now = present[slug] else {
        isLate = false
        if try !store.tenants().contains(slug) {
          made.faults.append(Fault(.missing, "tenants/\(slug)"))
        }
        continue
      }
      for partition in line.partitions where !isOlder(partition, than: now) {
        isLate = false
        made.faults.append(
          Fault(
            .rolledBack, "tenants/\(slug)/\(partition.pipeline)/\(partition.period)/latest.json"))
      }
    }
    // During a run the tenants' pages are newer.
    if isLate { made.isLate.insert(OperatorPages.catalogPath) }
    for place in try store.partitions(tenant: ReleaseTenant.operatorName) {
      try addAddress(of: place, to: &made)
    }
    return made
  }

  private func isOlder(
    _ partition: OperatorPages.Line.Release, than line: OperatorPages.Line
  ) -> Bool {
    line.partitions.contains {
      $0.pipeline == partition.pipeline && $0.period == partition.period
        && $0.sequence >= partition.sequence
    }
  }

  private func addAddress(of place: ReleasePartition, to made: inout MadePages) throws {
    let path = "\(place.path)/index.html"
    func page(_ head: Head) throws -> [UInt8]? {
      try pages.entry(place, head, operatorTenant).map { try pages.address($0, operatorTenant) }
    }
    guard let head = newest(place), let bytes = try page(head) else {
      made.unknown.insert(path)
      return
    }
    made.pages[path] = bytes
    let there = FileManager.default.contents(atPath: store.path(path)).map(Array.init)
    if there == bytes { return }
    for older in try store.heads(place) where older.sequence < head.sequence {
      if try page(older) == there { made.behind.insert(path) }
    }
  }
}
