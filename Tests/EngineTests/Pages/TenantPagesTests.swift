import Basics
import Foundation
import Pipelines
import Stages
import Store
import TestSupport
import Testing

@testable import Engine

@Suite struct TenantPagesTests {
  /// Ten thousand tenants with `make soak`.
  private static let count =
    ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] == nil ? 50 : 10_000

  private static func tenant(_ number: Int) -> Tenant {
    let digits = String(number)
    let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return Tenant(
      id: id, slug: "tenant-\(number)", name: "Tenant \(number)", zone: .utc, locale: "en",
      currency: "EUR")
  }

  private static func release(_ tenant: Tenant, _ period: String, _ text: String) -> PendingRelease
  {
    PendingRelease(
      tenant: ReleaseTenant(id: tenant.id, slug: tenant.slug, name: tenant.name),
      pipeline: "report", period: period, title: "Report",
      files: [
        ReleaseFile(name: "index.html", bytes: Array(text.utf8), mediaType: "text/html")
      ], metadata: ReleaseMetadata(status: .provisional, run: "r", created: 1_795_230_900))
  }

  private static func state(_ folder: String) throws -> [String: Date] {
    var files: [String: Date] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let values = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
      files[path] = values[.modificationDate] as? Date
    }
    return files
  }

  @Test func `Pages of many tenants cost almost nothing while nothing changes`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      try FileManager.default.createDirectory(
        atPath: folder + "/pipelines/report", withIntermediateDirectories: true)
      try Data(
        ("name: report\nperiod: [year, month]\ntitle: Report\nextract: {queries: {a: {order: [a]}}}\n"
          + "aggregate: {figures: {a: {from: a, count: rows}}}\n")
          .utf8
      ).write(to: URL(filePath: folder + "/pipelines/report/pipeline.yaml"))
      try Data("SELECT p.tenant_id, 1 AS a FROM partition p\n".utf8)
        .write(to: URL(filePath: folder + "/pipelines/report/a.sql"))
      let templates = try PageTemplates(folder: Places.project + "/templates")
      let pages = TenantPages(
        store: store, library: try PipelineLibrary(folder: folder + "/pipelines"),
        templates: templates)
      let tenants = (0..<Self.count).map(Self.tenant)
      let periods = ["2025", "2026", "2026-10", "2026-11"]
      func publish(
        _ text: String, _ tenants: some Collection<Tenant>
      ) throws -> [[ReleasePartition: Head]] {
        let batch = tenants.flatMap { tenant in periods.map { Self.release(tenant, $0, text) } }
        let heads = try store.publish(batch).map { try $0.get().head }
        return (0..<tenants.count).map { index in
          Dictionary(
            uniqueKeysWithValues: periods.indices.map { period in
              let place = index * periods.count + period
              return (batch[place].partition, heads[place])
            })
        }
      }
      func measure(_ name: String, _ body: () throws -> Void) rethrows {
        let time = try ContinuousClock().measure(body)
        print("\(name): \(time) for \(Self.count) tenants, \(time / Self.count) each")
      }
      var heads: [[ReleasePartition: Head]] = []
      for start in stride(from: 0, to: tenants.count, by: 250) {
        heads += try publish("one", tenants[start..<min(start + 250, tenants.count)])
      }
      try measure("first pages") {
        var count = 0
        for (tenant, heads) in zip(tenants, heads) {
          count += try pages.renew(tenant, heads).changed
        }
        #expect(count == 6 * Self.count)
      }
      try measure("the operator's pages") {
        try OperatorPages(store: store, templates: templates).renew(nil, nil)
      }
      let before = try Self.state(store.root)
      try measure("the same again") {
        for (tenant, heads) in zip(tenants, heads) {
          #expect(try pages.renew(tenant, heads).changed == 0)
        }
        try OperatorPages(store: store, templates: templates).renew(nil, nil)
      }
      #expect(try Self.state(store.root) == before)
      // One changed tenant: its four addresses and its catalog. The index names no release, and
      // stays.
      let changed = try publish("two", [tenants[7]])
      try measure("one changed tenant's pages, and the operator's") {
        let renewed = try pages.renew(tenants[7], changed[0])
        #expect(renewed.changed == 5)
        try OperatorPages(store: store, templates: templates)
          .renew([tenants[7].slug: renewed.catalog], nil)
      }
      // Damaged pages are made again from the releases.
      let catalog = store.path("tenants/tenant-7/catalog.json")
      try Data("{".utf8).write(to: URL(filePath: catalog))
      #expect(try pages.renew(tenants[7], changed[0]).changed == 1)
      #expect(try TenantCatalog(store: store, slug: "tenant-7")?.partitions.count == 4)
      #expect(try store.verify().isSound)
    }
  }
}
