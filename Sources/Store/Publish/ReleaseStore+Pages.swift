import Basics
package import Diagnostics

extension ReleaseStore {
  /// Writes a page with a stable address: an `index.html` below `tenants/`, a tenant's
  /// `catalog.json`, or any file below `operator/`.
  ///
  /// The page is replaced in one step. A page that has these bytes already is not touched. It is
  /// durable after the next `sync()`.
  ///
  /// - Parameter path: Relative to the store's root, of `[a-z0-9._/-]`, with `Q` in a period.
  /// - Returns: Whether the page was written.
  @discardableResult
  package func putPage(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) -> Bool {
    let pages: [(path: String, bytes: [UInt8])] = [(path, bytes)]
    return try putPages(pages) > 0
  }

  /// Writes many pages as `putPage` does, and signs them where the store has a key.
  ///
  /// A tenant's catalog is written last: it must never name what the other pages do not show yet.
  ///
  /// - Parameter isComplete: Whether these are all pages that the folder must have.
  /// - Returns: The number of files written.
  @discardableResult
  package func putPages(
    _ pages: [(path: String, bytes: [UInt8])], isComplete: Bool = false
  ) throws(Diagnostic) -> Int {
    var owners: [(slug: String, pages: [PagePutting.Page])] = []
    for page in pages {
      guard let slug = Self.owner(ofPage: page.path) else {
        throw Diagnostic(.bug, "\(page.path) is not a valid path for a page of the store")
      }
      if owners.last?.slug != slug { owners.append((slug, [])) }
      owners[owners.count - 1].pages.append(page)
    }
    var count = 0
    for owner in owners {
      var putting = PagePutting(store: self, slug: owner.slug, isComplete: isComplete)
      count += try putting.run(owner.pages)
    }
    return count
  }

  /// What this store has signed of a folder's pages.
  package func signedPages(_ slug: String) throws(Diagnostic) -> SignedPages {
    let folder = ReleaseTenant.folder(slug)
    guard signer == nil else {
      let list = try pageList(slug)
      let pages = SignedPages(folder: folder, isSigning: true, digests: list?.digests)
      let claim = try FileReader.contents(path("\(folder)/\(TenantClaim.fileName)"))
      let isClaimListed = claim.map { SHA256Digest(of: $0) } == list?.digests[TenantClaim.fileName]
      return list == nil || isClaimListed
        ? pages : SignedPages(folder: folder, isSigning: true, digests: nil)
    }
    // A list from a time when the store had a key would name what the pages no longer are.
    let path = path("\(folder)/\(PageList.fileName)")
    let isLeft = FileReader.status(path) != nil || FileReader.status(path + ".sig") != nil
    return SignedPages(folder: folder, isSigning: false, digests: isLeft ? nil : [:])
  }

  /// The list of a folder's pages, if this store's key has signed it.
  func pageList(_ slug: String) throws(Diagnostic) -> PageList? {
    let path = path("\(ReleaseTenant.folder(slug))/\(PageList.fileName)")
    guard let signer, let bytes = try FileReader.contents(path),
      let signature = try FileReader.contents(path + ".sig"), signer.hasSigned(bytes, signature)
    else { return nil }
    return PageList(bytes: bytes)
  }

  /// Writes `operator/runs/RUN.json`: what a run published, left unchanged, and what failed.
  package func putRun(_ run: String, _ json: [UInt8]) throws(Diagnostic) {
    guard Name.isFileName(run) else { throw Diagnostic(.bug, "a run's id is not a file name") }
    try putPage("operator/runs/\(run).json", json)
  }

  /// The slug of the tenant, or the operator's name, whose page has a path; `nil` for a path that
  /// no page has.
  static func owner(ofPage path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2 else { return nil }
    if parts[0] == "operator" {
      let isRight = parts.enumerated().allSatisfy { place, part in
        Name.isFileName(part) || (place == 2 && Name.isPeriod(part))
      }
      return isRight && parts[1] != PageList.fileName ? ReleaseTenant.operatorName : nil
    }
    guard parts[0] == "tenants", Name.isSlug(parts[1]) else { return nil }
    if parts.count == 3, parts[2] == Self.catalogName { return parts[1] }
    let isGone =
      parts.count == 5 && parts[2] == ReleasePartition.sharesName && parts[4] == Self.goneName
    let isRight =
      (3...5).contains(parts.count) && (parts[parts.count - 1] == "index.html" || isGone)
      && (parts.count < 4 || Name.isSlug(parts[2]))
      && (parts.count < 5 || Name.isPeriod(parts[3]))
    return isRight ? parts[1] : nil
  }

  static let catalogName = "catalog.json"
}

/// What a store has signed of a folder's pages.
package struct SignedPages: Sendable {
  fileprivate var folder: String
  fileprivate var isSigning: Bool
  fileprivate var digests: [String: SHA256Digest]?

  /// Whether all pages of the folder must be put again: their list is missing or not signed by this
  /// store's key, or is left from a time when the store had one.
  package var isDue: Bool { digests == nil }

  /// Whether a page has the bytes that the store has signed. If the store does not sign, or has not
  /// signed this folder yet, every page counts.
  package func hold(_ path: String, _ bytes: some Sequence<UInt8>) -> Bool {
    guard isSigning, let digests else { return true }
    return digests[String(path.dropFirst(folder.utf8.count + 1))] == SHA256Digest(of: bytes)
  }
}
