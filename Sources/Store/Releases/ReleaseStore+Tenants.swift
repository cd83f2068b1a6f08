import Basics
package import Diagnostics

extension ReleaseStore {
  /// Removes all that is published for a tenant: readers lose it in one move, then it is deleted.
  ///
  /// Afterwards the slug is free. The caller must keep publishers of the tenant away.
  ///
  /// - Parameter id: The id of the tenant that must own the slug.
  /// - Returns: Whether there was anything to remove.
  package func removeTenant(slug: String, id: String) throws(Diagnostic) -> Bool {
    let folder = path("tenants/\(slug)")
    try ScratchFolder.clearAbandoned(in: path(Self.stagingName), disk: disk)
    guard Name.isSlug(slug), FileReader.status(folder)?.kind == .folder else { return false }
    if let owner = try tenant(slug: slug), owner.id != id {
      throw Diagnostic(
        .configuration, "the store's folder tenants/\(slug) belongs to another tenant")
    }
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    let trash = staging.freshPath()
    try disk.rename(folder, to: trash)
    try sync()
    try disk.remove(trash)
    try sync()
    return true
  }

  /// Gives a tenant's folder another slug. Releases keep the old slug in their metadata.
  ///
  /// If it was interrupted, call it again to finish.
  package func renameTenant(from slug: String, to new: String) throws(Diagnostic) {
    let (source, target) = (path("tenants/\(slug)"), path("tenants/\(new)"))
    guard Name.isSlug(slug), Name.isSlug(new) else {
      throw Diagnostic(.usage, "a slug must have 1 to 63 characters of [a-z0-9-]")
    }
    if FileReader.status(source) == nil, let claim = try claim(slug: new), claim.slug == slug {
      return try rewriteClaim(claim, slug: new)
    }
    guard let claim = try claim(slug: slug), claim.slug == slug else {
      throw Diagnostic(
        .usage, "the store has no tenant '\(slug)'",
        hint: NearestWords.hint(for: slug, in: try tenants()))
    }
    guard FileReader.status(target) == nil else {
      throw Diagnostic(
        .configuration, "the store's folder tenants/\(new) exists already",
        hint: "two tenants cannot share a folder; to see what is there: `yearbook releases \(new)`")
    }
    try disk.rename(source, to: target)
    try rewriteClaim(claim, slug: new)
  }

  private func rewriteClaim(_ claim: TenantClaim, slug: String) throws(Diagnostic) {
    var claim = claim
    claim.slug = slug
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    let file = staging.freshPath(".json")
    try disk.create(file, claim.bytes)
    try sync()
    try disk.rename(file, to: path("tenants/\(slug)/tenant.json"))
    try sync()
  }

  /// What a folder's `tenant.json` says, even if it still names the old slug.
  func claim(slug: String) throws(Diagnostic) -> TenantClaim? {
    let path = path(ReleaseTenant.folder(slug) + "/tenant.json")
    guard let bytes = try FileReader.contents(path) else { return nil }
    guard let claim = TenantClaim(bytes: bytes) else {
      throw Diagnostic(
        .io, "\(path) does not name the owner of the folder",
        hint: "to see what else is damaged: `yearbook verify`")
    }
    return claim
  }
}
