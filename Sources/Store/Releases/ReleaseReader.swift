package import Basics
package import Diagnostics
import FoundationEssentials

/// Hands out files of releases to readers who are strangers to this machine. It only reads.
///
/// Each step is checked on its own: the place is a release's, the folder is the tenant's, the
/// partition is not withdrawn, the release says that it is the tenant's, its metadata are what its
/// tag manifest says, and a file is one that its manifest names. Threads can share a value.
package final class ReleaseReader: Sendable {
  /// A release that its tenant can read.
  package struct Shown: Sendable {
    /// The release's folder, relative to the store.
    package var location: String
    /// A title for people, in the tenant's language.
    package var title: String
    /// When it was made, `2026-11-21T03:15:00Z`.
    package var created: String
    /// The files of the payload, sorted by name, without those that are one person's: who reads
    /// for a tenant is any of its people.
    package var files: [ReleaseDetails.File]

    /// The file with this path below `data/`; `nil` if the manifest does not name it.
    package func file(_ name: String) -> ReleaseDetails.File? { files.first { $0.name == name } }
  }

  /// What is at a place.
  package enum Outcome: Sendable {
    case shown(Shown)
    /// It was taken back.
    case withdrawn
    /// It was pruned or erased, or it was never there, or it is not the tenant's.
    case gone
  }

  /// The store's folder.
  package let root: String
  private let known = Locked<[String: Shown]>([:])
  private static let mostKnown = 2000
  private static let mostMetadata = 16 << 20

  /// A reader of the store in a folder.
  package init(root: String) { self.root = root }

  /// Whether the store's folder is there.
  package var isReady: Bool { FileReader.status(root + "/tenants")?.kind == .folder }

  /// A release, if this tenant can read it.
  ///
  /// - Parameters:
  ///   - location: As the record has it: `tenants/SLUG/PIPELINE/PERIOD/releases/ID`.
  ///   - tenantID: The tenant's id, a UUID in lower case.
  /// - Throws: `.io` if files of the store cannot be read, or are damaged.
  package func release(
    at location: String, of tenantID: String
  ) throws(Diagnostic) -> Outcome {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[0] == "tenants", Name.isSlug(parts[1]), Name.isSlug(parts[2]),
      Name.isPeriod(parts[3]), parts[4] == "releases", Name.isFileName(parts[5])
    else { return .gone }
    let partition = ReleasePartition(tenant: parts[1], pipeline: parts[2], period: parts[3])
    guard let claim = try bytes("tenants/\(parts[1])/\(TenantClaim.fileName)") else { return .gone }
    guard let owner = TenantClaim(bytes: claim) else {
      throw damaged("tenants/\(parts[1])/\(TenantClaim.fileName)")
    }
    guard owner.id == tenantID, owner.slug == parts[1] else { return .gone }
    guard let newest = try bytes(partition.path + "/latest.json") else { return .gone }
    guard let head = Head(bytes: newest) else { throw damaged(partition.path + "/latest.json") }
    guard head.binding?.fits(partition, tenantID: tenantID) ?? true else { return .gone }
    if head.isWithdrawn { return .withdrawn }
    // A release never changes. Only whether it is still there can.
    if let shown = known.withLock({ $0[location] }) {
      return FileReader.status("\(root)/\(location)")?.kind == .folder ? .shown(shown) : .gone
    }
    guard let shown = try read(location, partition, tenantID) else { return .gone }
    known.withLock { known in
      if known.count >= Self.mostKnown { known = [:] }
      known[location] = shown
    }
    return .shown(shown)
  }

  /// Opens a file of a release that `release` has shown.
  ///
  /// - Returns: `nil` if it is no longer there.
  /// - Throws: `.io` if it does not have the size that the release says.
  package func open(
    _ file: ReleaseDetails.File, of release: Shown
  ) throws(Diagnostic) -> OpenFile? {
    let path = "\(release.location)/data/\(file.name)"
    guard Name.isPath(file.name), let opened = try FileReader.open(beneath: root, path) else {
      return nil
    }
    guard opened.byteCount == file.bytes else { throw damaged(path) }
    return opened
  }

  private func read(
    _ location: String, _ partition: ReleasePartition, _ tenantID: String
  ) throws(Diagnostic) -> Shown? {
    guard let tags = try bytes("\(location)/\(Bag.tagManifestName)") else { return nil }
    guard let digests = Manifest(bytes: tags)?.digests else {
      throw damaged("\(location)/\(Bag.tagManifestName)")
    }
    func tagged(_ name: String) throws(Diagnostic) -> [UInt8] {
      guard let bytes = try bytes("\(location)/\(name)"),
        digests[name] == SHA256Digest(of: bytes)
      else { throw damaged("\(location)/\(name)") }
      return bytes
    }
    guard let manifest = Manifest(bytes: try tagged(Bag.manifestName))?.digests else {
      throw damaged("\(location)/\(Bag.manifestName)")
    }
    let package = Data(try tagged("datapackage.json"))
    let details: ReleaseDetails
    let owner: Owner
    do {
      details = try JSONDecoder().decode(ReleaseDetails.self, from: package)
      owner = try JSONDecoder().decode(Owner.self, from: package)
    } catch {
      throw damaged("\(location)/datapackage.json")
    }
    guard owner.yearbook.tenant.id == tenantID, owner.yearbook.pipeline == partition.pipeline,
      owner.yearbook.period == partition.period
    else { return nil }
    return Shown(
      location: location, title: details.title, created: details.created,
      files: details.files.filter { file in
        file.path == "data/" + file.name && file.digest != nil && !PersonalFiles.has(file.name)
          && manifest[file.path] == file.digest
      })
  }

  /// What a release's data package says of whose it is.
  private struct Owner: Decodable {
    struct Yearbook: Decodable {
      struct Tenant: Decodable { var id: String }
      var tenant: Tenant
      var pipeline: String
      var period: String
    }
    var yearbook: Yearbook
  }

  private func bytes(_ path: String) throws(Diagnostic) -> [UInt8]? {
    try FileReader.contents(beneath: root, path, most: Self.mostMetadata)
  }

  private func damaged(_ path: String) -> Diagnostic {
    Diagnostic(
      .io, "\(root)/\(path) is damaged", hint: "to see what else is damaged: `yearbook verify`")
  }
}

extension ReleaseReader {
  /// The tenant whose folder this is; `nil` if there is no such folder.
  ///
  /// - Parameter slug: any text.
  /// - Throws: `.io` if what the folder says of its tenant cannot be read.
  package func owner(of slug: String) throws(Diagnostic) -> ReleaseTenant? {
    guard Name.isSlug(slug) else { return nil }
    let path = "tenants/\(slug)/\(TenantClaim.fileName)"
    guard let bytes = try bytes(path) else { return nil }
    guard let claim = TenantClaim(bytes: bytes) else { throw damaged(path) }
    return claim.slug == slug ? ReleaseTenant(id: claim.id, slug: slug, name: claim.name) : nil
  }
}
