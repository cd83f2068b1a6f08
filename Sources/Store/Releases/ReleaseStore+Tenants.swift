import Basics
package import Diagnostics

extension ReleaseStore {
  /// Removes all that is published for a tenant: in one move for readers, then for good.
  ///
  /// Its slug is free afterwards. The caller keeps publishers of the tenant away.
  ///
  /// - Parameter id: The tenant's, which must be the one that has the slug.
  /// - Returns: Whether there was anything.
  package func removeTenant(slug: String, id: String) throws(Diagnostic) -> Bool {
    let folder = path("tenants/\(slug)")
    try ScratchFolder.clearAbandoned(in: path(Self.stagingName), disk: disk)
    guard Name.isSlug(slug), FileReader.status(folder)?.kind == .folder else { return false }
    if let owner = try tenant(slug: slug), owner.id != id {
      throw Diagnostic(.configuration, "the store's folder tenants/\(slug) is another tenant's")
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

  /// Gives a tenant's folder another slug. Releases keep what they were made with.
  ///
  /// Asked again after it was interrupted, it finishes.
  package func renameTenant(from slug: String, to new: String) throws(Diagnostic) {
    let (source, target) = (path("tenants/\(slug)"), path("tenants/\(new)"))
    guard Name.isSlug(slug), Name.isSlug(new) else {
      throw Diagnostic(.usage, "a slug is 1 to 63 characters of [a-z0-9-]")
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
        .configuration, "the store's folder tenants/\(new) is there already",
        hint: "two tenants can't share one: `yearbook releases \(new)` shows what lies there")
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

  /// What a folder's `tenant.json` says, also where it still has the slug of before.
  func claim(slug: String) throws(Diagnostic) -> TenantClaim? {
    let path = path(ReleaseTenant.folder(slug) + "/tenant.json")
    guard let bytes = try FileReader.contents(path) else { return nil }
    guard let claim = TenantClaim(bytes: bytes) else {
      throw Diagnostic(
        .io, "\(path) does not say whose folder this is",
        hint: "`yearbook verify` shows what else is damaged")
    }
    return claim
  }
}
