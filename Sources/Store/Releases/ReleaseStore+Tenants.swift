import Basics
package import Diagnostics

extension ReleaseStore {
  /// Removes all that is published for a tenant: readers lose it in one move, then it is deleted.
  /// Where the folder cannot be moved, it is deleted in place, its pages first.
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
    if try disk.move(folder, to: trash) {
      try sync()
      try disk.remove(trash)
    } else {
      try removeInPlace(folder)
    }
    try sync()
    return true
  }

  /// Removes a tenant's folder where it is: first what leads readers, last whose it is. So an
  /// interrupted removal can be repeated.
  private func removeInPlace(_ folder: String) throws(Diagnostic) {
    let names = try FileReader.names(in: folder).filter { $0 != TenantClaim.fileName }
    let isFile = names.map { FileReader.status(folder + "/" + $0)?.kind != .folder }
    for (name, isFile) in zip(names, isFile) where isFile { try disk.remove(folder + "/" + name) }
    for (name, isFile) in zip(names, isFile) where !isFile { try disk.remove(folder + "/" + name) }
    try disk.remove(folder)
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
    let isEmpty = try FileReader.names(in: source).isEmpty
    if isEmpty, FileReader.status(source) != nil, try claim(slug: new)?.slug == new {
      // All that an interrupted rename did not remove.
      try disk.remove(source)
      return try sync()
    }
    guard let claim = try claim(slug: slug), claim.slug == slug else {
      throw Diagnostic(
        .usage, "the store has no tenant '\(slug)'",
        hint: NearestWords.hint(for: slug, in: try tenants()))
    }
    if FileReader.status(target) != nil {
      // A copy that was made because the folder cannot be moved has its name once it is complete.
      if let copy = try self.claim(slug: new), copy.id == claim.id, copy.slug == new,
        try hasAll(of: source, target)
      {
        try removeInPlace(source)
        return try sync()
      }
      throw Diagnostic(
        .configuration, "the store's folder tenants/\(new) exists already",
        hint: "two tenants cannot share a folder; to see what is there: `yearbook releases \(new)`")
    }
    if try disk.move(source, to: target) { return try rewriteClaim(claim, slug: new) }
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    let copy = staging.freshPath()
    try disk.copyFolder(source, to: copy)
    var renamed = claim
    renamed.slug = new
    try disk.remove("\(copy)/\(TenantClaim.fileName)")
    try disk.create("\(copy)/\(TenantClaim.fileName)", renamed.bytes)
    try sync()
    try disk.rename(copy, to: target)
    try sync()
    try removeInPlace(source)
    try sync()
  }

  /// Whether each file of a folder is in another one too, in the same size. `tenant.json` can
  /// differ.
  private func hasAll(of folder: String, _ other: String) throws(Diagnostic) -> Bool {
    for name in try FileReader.names(in: folder) {
      let (here, there) = (folder + "/" + name, other + "/" + name)
      guard let one = FileReader.status(here), let two = FileReader.status(there),
        one.kind == two.kind
      else { return false }
      if one.kind == .folder, try !hasAll(of: here, there) { return false }
      if one.kind == .file, one.byteCount != two.byteCount, name != TenantClaim.fileName {
        return false
      }
    }
    return true
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
