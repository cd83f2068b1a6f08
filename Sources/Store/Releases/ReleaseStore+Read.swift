package import Basics
package import Diagnostics
import FoundationEssentials

extension ReleaseStore {
  /// The newest release's head; `nil` if the partition has none.
  ///
  /// - Throws: `.io` if `latest.json` exists and cannot be read.
  package func latest(_ partition: ReleasePartition) throws(Diagnostic) -> Head? {
    let path = path(partition.path + "/latest.json")
    guard let bytes = try FileReader.contents(path) else { return nil }
    guard let head = Head(bytes: bytes) else {
      throw Diagnostic(
        .io, "\(path) is not a head of a release",
        hint: "to see what else is damaged: `yearbook verify`")
    }
    return head
  }

  /// Like `latest`; if `latest.json` is damaged, the newest head that can be read.
  package func newest(_ partition: ReleasePartition) throws(Diagnostic) -> Head? {
    let path = path(partition.path + "/latest.json")
    if let bytes = try FileReader.contents(path) {
      if let head = Head(bytes: bytes) { return head }
      return try heads(partition).last
    }
    return nil
  }

  /// The slugs of all tenants that have a folder, sorted.
  package func tenants() throws(Diagnostic) -> [String] {
    try folders(in: path("tenants")).filter { Name.isSlug($0) }
  }

  /// Like `tenants`, then the operator's name if there are reports of all tenants together.
  package func owners() throws(Diagnostic) -> [String] {
    let own = ReleaseTenant.operatorName
    return try tenants() + (partitions(tenant: own).isEmpty ? [] : [own])
  }

  /// The tenant that owns a slug's folder; `nil` if the slug is free.
  package func tenant(slug: String) throws(Diagnostic) -> ReleaseTenant? {
    guard let claim = try claim(slug: slug) else { return nil }
    guard claim.slug == slug else {
      throw Diagnostic(
        .io, "\(path(ReleaseTenant.folder(slug) + "/tenant.json")) names another slug",
        hint: "if a `yearbook tenant rename` was interrupted, repeat it")
    }
    return ReleaseTenant(id: claim.id, slug: claim.slug, name: claim.name)
  }

  /// A tenant's partitions, sorted by pipeline and period. Its shares are not among them.
  package func partitions(tenant slug: String) throws(Diagnostic) -> [ReleasePartition] {
    var partitions: [ReleasePartition] = []
    let folder = path(ReleaseTenant.folder(slug))
    for pipeline in try folders(in: folder)
    where Name.isSlug(pipeline) && pipeline != ReleasePartition.sharesName {
      for period in try folders(in: "\(folder)/\(pipeline)") where Name.isPeriod(period) {
        partitions.append(ReleasePartition(tenant: slug, pipeline: pipeline, period: period))
      }
    }
    return partitions
  }

  /// The ids of a partition's releases, the oldest first, including those that no head names.
  package func releases(_ partition: ReleasePartition) throws(Diagnostic) -> [String] {
    try folders(in: path(partition.path + "/releases"))
  }

  /// A partition's heads that can be read, by growing sequence.
  package func heads(_ partition: ReleasePartition) throws(Diagnostic) -> [Head] {
    let folder = path(partition.path + "/heads")
    var heads: [Head] = []
    for name in try FileReader.names(in: folder) where name.hasSuffix(".json") {
      guard let bytes = try FileReader.contents(folder + "/" + name), let head = Head(bytes: bytes),
        name == "\(head.sequence).json"
      else { continue }
      heads.append(head)
    }
    return heads.sorted { $0.sequence < $1.sequence }
  }

  /// What a release's data package says of it. Throws `.io` if it is missing or damaged.
  package func details(
    _ partition: ReleasePartition, release: String
  ) throws(Diagnostic) -> ReleaseDetails {
    let path = path("\(partition.path)/releases/\(release)/datapackage.json")
    guard let bytes = try FileReader.contents(path) else {
      throw Diagnostic(
        .io, "\(path) is missing", hint: "to see what else is damaged: `yearbook verify`")
    }
    do {
      return try JSONDecoder().decode(ReleaseDetails.self, from: Data(bytes))
    } catch {
      throw Diagnostic(
        .io, "\(path) is not a data package",
        hint: "to see what else is damaged: `yearbook verify`", underlying: error)
    }
  }

  /// Whether a file of this name belongs to a partition and is not a page.
  static func isOfPartition(_ name: String) -> Bool {
    ["latest.json", Prunings.fileName, Prunings.signatureName].contains(name)
  }

  func folders(in folder: String) throws(Diagnostic) -> [String] {
    try FileReader.names(in: folder).filter { name in
      FileReader.status(folder + "/" + name)?.kind == .folder
    }
  }
}

/// What a release's data package says of it.
package struct ReleaseDetails: Hashable, Sendable, Decodable {
  /// A file of the payload.
  package struct File: Hashable, Sendable, Decodable {
    /// The path below `data/`.
    package var name: String
    /// The path in the release.
    package var path: String
    package var mediatype: String
    package var bytes: Int
    /// `sha256:` and the digest.
    package var hash: String
    /// A table's rows without its header.
    package var rows: Int?

    /// The digest, where `hash` holds one.
    package var digest: SHA256Digest? {
      hash.hasPrefix("sha256:") ? SHA256Digest(hex: hash.dropFirst("sha256:".count)) : nil
    }
  }

  package var title: String
  /// When the release was made, `2026-11-21T03:15:00Z`.
  package var created: String
  package var files: [File]

  enum CodingKeys: String, CodingKey {
    case title, created
    case files = "resources"
  }
}

/// `tenant.json`: the tenant that owns the folder.
struct TenantClaim: Codable, Hashable {
  static let fileName = "tenant.json"

  var id: String
  var slug: String
  var name: String

  init(_ tenant: ReleaseTenant) {
    id = tenant.id
    slug = tenant.slug
    name = tenant.name
  }

  init?(bytes: [UInt8]) {
    do {
      self = try JSONDecoder().decode(TenantClaim.self, from: Data(bytes))
    } catch {
      return nil
    }
  }

  var bytes: [UInt8] {
    JSONText.object([("id", .string(id)), ("slug", .string(slug)), ("name", .string(name))]).bytes
  }
}
