import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// `tenants/SLUG/catalog.json`: the newest release of each of a tenant's partitions.
struct TenantCatalog: Codable, Hashable {
  struct Entry: Codable, Hashable {
    struct File: Codable, Hashable {
      var name: String
      var bytes: Int
    }

    var pipeline: String
    var period: String
    var title: String
    var release: String
    var sequence: Int
    var status: String
    var asOf: String?
    var published: String
    var files: [File]
    /// Whether it holds reports of single people. Their files are not listed.
    var isPersonal: Bool?
    /// Why it was withdrawn.
    var reason: String?

    var bytes: Int { files.reduce(0) { $0.saturatingAdd($1.bytes) } }
    var isEncrypted: Bool { files.contains { $0.name.hasSuffix(".age") } }

    var isWithdrawn: Bool { status == ReleaseStatus.withdrawn.rawValue }

    /// The entry as the tenant's index shows it; `nil` for one that is not shown.
    var shown: StorePages.Partition? {
      guard !isWithdrawn, let period = Period(period), let day = CivilDate(published.prefix(10))
      else {
        return nil
      }
      return StorePages.Partition(
        pipeline: pipeline, title: title, period: period, release: release,
        status: StorePages.Partition.Status(rawValue: status) ?? .provisional, published: day,
        files: files.map { .init(name: $0.name, bytes: $0.bytes) })
    }
  }

  var tenant: Tenant
  /// What the pages were made with. If it differs, they are made again.
  var design: String
  private(set) var partitions: [Entry] = []

  init(tenant: Tenant, design: String) {
    self.tenant = tenant.withoutRules
    self.design = design
  }

  static func path(_ slug: String) -> String { "tenants/\(slug)/catalog.json" }

  /// The catalog in a tenant's folder; `nil` if it is missing or damaged.
  ///
  /// - Parameter signed: If it is given, a catalog that is not the one that was signed is damaged.
  init?(store: ReleaseStore, slug: String, _ signed: SignedPages? = nil) throws {
    guard let data = Self.data(store, slug, signed) else { return nil }
    self.init(data: data)
  }

  private init?(data: Data) {
    do {
      self = try JSONDecoder().decode(TenantCatalog.self, from: data)
    } catch {
      // A damaged catalog is made again from the releases.
      return nil
    }
  }

  private static func data(
    _ store: ReleaseStore, _ slug: String, _ signed: SignedPages?
  ) -> Data? {
    let path = path(slug)
    guard let data = FileManager.default.contents(atPath: store.path(path)),
      signed?.hold(path, data) ?? true
    else { return nil }
    return data
  }

  /// A catalog that was read, and the digest of its file.
  struct Copy {
    let catalog: TenantCatalog
    private let digest: SHA256Digest

    /// Like `TenantCatalog.init(store:slug:_:)`.
    ///
    /// - Parameter copy: An earlier copy, which saves the reading if the file is as it was. Others
    ///   can have published for the tenant since.
    init?(
      store: ReleaseStore, slug: String, _ signed: SignedPages? = nil, copy: Copy? = nil
    ) {
      guard let data = TenantCatalog.data(store, slug, signed) else { return nil }
      digest = SHA256Digest(of: data)
      if let copy, copy.digest == digest {
        catalog = copy.catalog
        return
      }
      guard let catalog = TenantCatalog(data: data) else { return nil }
      self.catalog = catalog
    }
  }

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [0x0A]
    }
  }

  func holds(_ place: ReleasePartition, _ head: Head) -> Bool {
    partitions.contains {
      $0.pipeline == place.pipeline && $0.period == place.period && $0.sequence == head.sequence
        && $0.release == head.release
    }
  }

  mutating func put(_ entry: Entry) {
    partitions.removeAll { $0.pipeline == entry.pipeline && $0.period == entry.period }
    partitions.append(entry)
    partitions.sort { ($0.pipeline, $0.period) < ($1.pipeline, $1.period) }
  }
}
