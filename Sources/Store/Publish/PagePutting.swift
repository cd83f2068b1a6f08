import Basics
import Diagnostics

/// Writes pages of one tenant's or the operator's folder, with the signed list of them.
struct PagePutting {
  typealias Page = (path: String, bytes: [UInt8])

  let store: ReleaseStore
  let slug: String
  /// Whether no page beside those that are put belongs to the folder.
  let isComplete: Bool
  private var staging: ScratchFolder?
  private var count = 0

  private var folder: String { ReleaseTenant.folder(slug) }

  init(store: ReleaseStore, slug: String, isComplete: Bool) {
    self.store = store
    self.slug = slug
    self.isComplete = isComplete
  }

  /// Writes what differs.
  ///
  /// Pages come first, then their list, then the catalog. Whoever dies in between leaves a catalog
  /// that is older than the releases, and so the next run puts all of it again.
  ///
  /// - Returns: How many files were written.
  mutating func run(_ pages: [Page]) throws(Diagnostic) -> Int {
    if try isDone(pages) { return 0 }
    return try PartitionLock.hold(folder: folder, in: store) { () throws(Diagnostic) in
      let catalog = folder + "/" + ReleaseStore.catalogName
      for page in pages where page.path != catalog { try put(page.path, page.bytes) }
      try putList(pages)
      for page in pages where page.path == catalog { try put(page.path, page.bytes) }
      return count
    }
  }

  private func isDone(_ pages: [Page]) throws(Diagnostic) -> Bool {
    for page in pages where try FileReader.contents(store.path(page.path)) != page.bytes {
      return false
    }
    if try store.signedPages(slug).isDue { return false }
    if store.signer == nil { return true }
    return try list(of: pages).bytes == bytes(PageList.fileName)
  }

  private func bytes(_ name: String) throws(Diagnostic) -> [UInt8]? {
    try FileReader.contents(store.path("\(folder)/\(name)"))
  }

  /// The list as it must be after `pages` are put.
  private func list(of pages: [Page]) throws(Diagnostic) -> PageList {
    var list = PageList(slug: slug)
    let known = try store.pageList(slug)
    if isComplete {
      // Whoever puts all pages of reports knows nothing of shares.
      let shares = ReleasePartition.sharesName + "/"
      list.digests = known?.digests.filter { $0.key.hasPrefix(shares) } ?? [:]
    } else if let known {
      list.digests = known.digests
    } else {
      // Only here are pages signed that somebody else can have put there: the first time that a
      // store signs its pages.
      try adopt("", into: &list)
    }
    for page in pages {
      list.digests[String(page.path.dropFirst(folder.utf8.count + 1))] = SHA256Digest(
        of: page.bytes)
    }
    let claim = try bytes(TenantClaim.fileName)
    list.tenantID = claim.flatMap(TenantClaim.init(bytes:))?.id
    list.digests[TenantClaim.fileName] = claim.map { SHA256Digest(of: $0) }
    return list
  }

  private func adopt(_ inner: String, into list: inout PageList) throws(Diagnostic) {
    for name in try FileReader.names(in: store.path("\(folder)/\(inner)")) {
      let path = inner.isEmpty ? name : inner + "/" + name
      let whole = "\(folder)/\(path)"
      let kind = FileReader.status(store.path(whole))?.kind
      let isOfRelease = ["heads", "releases"].contains(name)
      if kind == .folder, !isOfRelease { try adopt(path, into: &list) }
      guard kind == .file, !ReleaseStore.isOfPartition(name),
        ReleaseStore.owner(ofPage: whole) != nil,
        let bytes = try FileReader.contents(store.path(whole))
      else { continue }
      list.digests[path] = SHA256Digest(of: bytes)
    }
  }

  private mutating func putList(_ pages: [Page]) throws(Diagnostic) {
    let path = "\(folder)/\(PageList.fileName)"
    guard let signer = store.signer else {
      for name in [PageList.signatureName, PageList.fileName] {
        try store.disk.remove(store.path("\(folder)/\(name)"))
      }
      return
    }
    let bytes = try list(of: pages).bytes
    if try store.pageList(slug)?.bytes == bytes { return }
    try put(path + ".sig", try signer.sign(bytes))
    try put(path, bytes)
  }

  /// Replaces a file in one step, unless it has these bytes already.
  private mutating func put(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) {
    let target = store.path(path)
    if try FileReader.contents(target) == bytes { return }
    let staging: ScratchFolder
    if let known = self.staging { staging = known } else { staging = try store.makeStaging() }
    self.staging = staging
    let file = staging.freshPath()
    try store.disk.create(file, bytes)
    try store.disk.makeFolders(
      target.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast().joined(separator: "/"))
    try store.disk.rename(file, to: target)
    count += 1
  }
}
