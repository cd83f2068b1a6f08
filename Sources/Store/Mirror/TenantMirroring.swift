import Basics
import Diagnostics
import ObjectStorage

/// One mirroring of one tenant, or of the operator's folder.
struct TenantMirroring {
  let store: ReleaseStore
  let client: ObjectClient
  let slug: String
  let options: BucketMirror.Options
  let begun: BegunUploads
  /// The bucket's objects by path: as listed, plus what was written since.
  var listed: [String: ListedObject]
  var outcome = BucketMirror.Outcome()
  /// Shares that were taken back.
  var takenBack: Set<ReleasePartition> = []

  static let mostRounds = 5

  init(
    store: ReleaseStore, client: ObjectClient, slug: String, options: BucketMirror.Options,
    begun: BegunUploads, listed: [ListedObject]
  ) {
    self.store = store
    self.client = client
    self.slug = slug
    self.options = options
    self.begun = begun
    self.listed = Dictionary(listed.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
  }

  mutating func run() throws(Diagnostic) {
    try claim()
    for _ in 0..<Self.mostRounds {
      // Pages are read first and written last: the releases that they link to are written in
      // between.
      let pages = try pages()
      var failed: [String] = []
      for partition in try store.everything(tenant: slug) {
        do throws(Diagnostic) {
          try mirror(partition)
        } catch {
          if [.unavailable, .interrupted, .configuration].contains(error.code) { throw error }
          failed.append(partition.path)
          outcome.failures.append(
            error.filling(
              .init(
                pipeline: partition.pipeline, tenant: partition.tenant, period: partition.period)))
        }
      }
      // Somebody can have published, and pruned what an older page links to.
      guard try self.pages() == pages else { continue }
      return try put(pages, without: failed)
    }
    throw Diagnostic(
      .busy, "the tenant's pages changed during each try to mirror them",
      at: .init(tenant: slug), hint: "run `yearbook mirror`", isTransient: true)
  }

  // MARK: - Writing

  /// Writes an object that never changes, unless it is there.
  mutating func putOnce(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) {
    let known = listed[path]
    if let known, known.byteCount == bytes.count { return }
    if try client.put(path, bytes, when: known.map { .over(tag: $0.tag) } ?? .absent) {
      return noteAsPut(path, bytes)
    }
    // Another mirroring was faster, or the reply to our write was lost.
    guard try client.get(path)?.bytes == bytes else { throw conflict(path) }
  }

  /// Writes an object that can change, if it has changed.
  mutating func putAnew(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) {
    if try isThere(path, bytes) { return }
    _ = try client.put(path, bytes, when: .always)
    noteAsPut(path, bytes)
  }

  /// Whether the bucket has this content. Reads the object if its tag is not an MD5 sum.
  func isThere(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) -> Bool {
    guard let known = listed[path], known.byteCount == bytes.count else { return false }
    if known.tag == ObjectClient.tag(of: bytes) { return true }
    return try client.get(path)?.bytes == bytes
  }

  mutating func noteAsPut(_ path: String, _ bytes: [UInt8]) {
    outcome.putCount += 1
    outcome.putBytes += bytes.count
    listed[path] = ListedObject(
      path: path, byteCount: bytes.count, tag: ObjectClient.tag(of: bytes), modified: .max)
  }

  func conflict(_ path: String) -> Diagnostic {
    Diagnostic(
      .configuration, "\(client.bucket)/\(path) is not what this store published",
      at: .init(tenant: slug),
      hint:
        "either another store publishes to this bucket, or this store was restored from an older"
        + " backup; in the second case: `yearbook mirror --replace`")
  }

  // MARK: - The folder's owner, and its pages

  /// Claims the folder in the bucket for this tenant, unless that is done.
  private mutating func claim() throws(Diagnostic) {
    let path = ReleaseTenant.folder(slug) + "/tenant.json"
    guard let bytes = try FileReader.contents(store.path(path)) else { return }
    if try isThere(path, bytes) { return }
    if listed[path] == nil, try client.put(path, bytes, when: .absent) {
      return noteAsPut(path, bytes)
    }
    let there = try client.get(path)
    let owner = there.flatMap { TenantClaim(bytes: $0.bytes) }
    guard owner == nil || owner?.id == TenantClaim(bytes: bytes)?.id else {
      throw Diagnostic(
        .configuration, "\(client.bucket)/\(ReleaseTenant.folder(slug)) belongs to another tenant",
        at: .init(tenant: slug),
        hint: "remove it with a tool of the bucket, or mirror to another prefix")
    }
    if there?.bytes == bytes { return }
    _ = try client.put(path, bytes, when: there.map { .over(tag: $0.tag) } ?? .absent)
    noteAsPut(path, bytes)
  }

  /// The pages that lead readers to releases.
  private func pages() throws(Diagnostic) -> [String: [UInt8]] {
    var pages: [String: [UInt8]] = [:]
    func add(_ folder: String, depth: Int) throws(Diagnostic) {
      for name in try FileReader.names(in: store.path(folder)) {
        let path = folder + "/" + name
        guard let kind = FileReader.status(store.path(path))?.kind else { continue }
        if kind == .folder, depth < 2 { try add(path, depth: depth + 1) }
        guard kind == .file, !ReleaseStore.isOfPartition(name), name != "tenant.json",
          let bytes = try FileReader.contents(store.path(path))
        else { continue }
        pages[path] = bytes
      }
    }
    try add(ReleaseTenant.folder(slug), depth: 0)
    return pages
  }

  /// - Parameter failed: Folders of partitions that no page must link to yet.
  private mutating func put(
    _ pages: [String: [UInt8]], without failed: [String]
  ) throws(Diagnostic) {
    func depth(_ path: String) -> Int { path.utf8.count { $0 == UInt8(ascii: "/") } }
    // Deeper pages first: the tenant's index links to them.
    let sorted = pages.sorted { (depth($1.key), $0.key) < (depth($0.key), $1.key) }
    for (path, bytes) in sorted {
      let isLeading = path.hasPrefix(ReleaseTenant.folder(slug) + "/") && depth(path) <= 2
      if isLeading && !failed.isEmpty || failed.contains(where: { path.hasPrefix($0 + "/") }) {
        continue
      }
      try putAnew(path, bytes)
    }
  }
}
