import Basics
package import Diagnostics
import Glibc
package import ObjectStorage

/// Copies what a store publishes to a bucket, under the same paths, for readers of the bucket. Confined to one
/// thread.
///
/// A reader of the bucket sees each partition's old release or its new one: releases are put first, then heads,
/// then `latest.json`, at last the pages that lead to them. What is put once is put only where nothing is; the
/// pointer is swapped only over the one that was read. So a mirroring may be killed at any moment and be done
/// again, and two at once end in a valid state.
package final class BucketMirror {
  let store: ReleaseStore
  let client: ObjectClient

  package init(_ store: ReleaseStore, _ bucket: Bucket) throws(Diagnostic) {
    self.store = store
    client = try ObjectClient(bucket)
  }

  /// How a tenant is to be mirrored.
  package struct Options: Sendable {
    /// Removes what was pruned in the store and was replaced in the bucket so many seconds ago; `nil` removes
    /// nothing.
    package var grace: Int?
    /// Puts what the store has over what the bucket has, also where the bucket is ahead: after the store was
    /// restored from an older backup.
    package var replaces: Bool

    package init(grace: Int? = nil, replaces: Bool = false) {
      self.grace = grace
      self.replaces = replaces
    }
  }

  /// What mirroring a tenant came to.
  package struct Outcome: Hashable, Sendable {
    /// Objects that were put, and their bytes.
    package var putCount = 0
    package var putBytes = 0
    package var removedCount = 0
    /// What could not be mirrored of it; the rest is.
    package var failures: [Diagnostic] = []

    package static func == (left: Self, right: Self) -> Bool {
      left.putCount == right.putCount && left.putBytes == right.putBytes
        && left.removedCount == right.removedCount && left.failures == right.failures
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(putCount)
      hasher.combine(putBytes)
      hasher.combine(removedCount)
    }
  }

  /// Whether something of a tenant was published since it was last mirrored from here.
  ///
  /// - Parameter slug: Or `ReleaseTenant.operatorName`.
  package func isStale(tenant slug: String) throws(Diagnostic) -> Bool {
    guard let known = try FileReader.contents(statePath(slug)) else { return true }
    return try known != Array(state(slug).hex.utf8)
  }

  /// Copies what the bucket has not got of a tenant, and what has changed. What is the same costs a listing.
  ///
  /// - Returns: `nil` where the store has nothing of the tenant: the bucket's is left as it is.
  /// - Throws: What stops more than one partition: `.unavailable`, `.configuration`, `.interrupted`.
  package func mirror(
    tenant slug: String, _ options: Options = Options()
  ) throws(Diagnostic) -> Outcome? {
    let lock = try MirrorLock(slug, in: store)
    defer { withExtendedLifetime(lock) {} }
    let folder = ReleaseTenant.folder(slug)
    guard FileReader.status(store.path(folder))?.kind == .folder else { return nil }
    // Before anything is read: what changes meanwhile is mirrored the next time.
    let state = try state(slug)
    var mirroring = TenantMirroring(
      store: store, client: client, slug: slug, options: options,
      listed: try client.list(folder + "/"))
    try mirroring.run()
    if mirroring.outcome.failures.isEmpty { try keep(state, of: slug) }
    return mirroring.outcome
  }

  /// Gives up uploads that mirrorings began which were killed.
  ///
  /// - Returns: How many there were.
  package func clearUploads() throws(Diagnostic) -> Int {
    var count = 0
    var places = try client.uploads("tenants/").map { upload in
      String(upload.path.split(separator: "/").dropFirst().first ?? "")
    }
    if try !client.uploads("operator/").isEmpty { places.append(ReleaseTenant.operatorName) }
    for slug in Set(places).sorted() {
      // Under the lock nobody is uploading: what is there still is dead.
      let lock = try MirrorLock(slug, in: store)
      defer { withExtendedLifetime(lock) {} }
      for upload in try client.uploads(ReleaseTenant.folder(slug) + "/") {
        try client.abort(upload)
        count += 1
      }
    }
    return count
  }

  // MARK: - What was mirrored

  static let folderName = ".mirror"

  private var place: String {
    let location = client.bucket.location
    let target = "\(location.endpoint ?? "")|\(location)"
    return store.path(
      "\(Self.folderName)/\(SHA256Digest(of: Array(target.utf8)).hex.prefix(16))")
  }

  private func statePath(_ slug: String) -> String { "\(place)/\(slug)" }

  /// What changes whenever something of a tenant is published: its catalog has the sequence of each partition.
  private func state(_ slug: String) throws(Diagnostic) -> SHA256Digest {
    let folder = store.path(ReleaseTenant.folder(slug))
    var hasher = SHA256Hasher()
    for name in ["tenant.json", "catalog.json", "index.html"] {
      let bytes = try FileReader.contents(folder + "/" + name) ?? []
      hasher.update(Array("\(name) \(bytes.count)\n".utf8) + bytes)
    }
    if slug == ReleaseTenant.operatorName {
      for name in ["runs", "tombstones"] {
        hasher.update(Array(try FileReader.names(in: "\(folder)/\(name)").joined().utf8))
      }
    }
    return hasher.digest()
  }

  private func keep(_ state: SHA256Digest, of slug: String) throws(Diagnostic) {
    let path = statePath(slug)
    let bytes = Array(state.hex.utf8)
    if try FileReader.contents(path) == bytes { return }
    try store.disk.makeFolders(place)
    // Nobody else writes it: the caller has the tenant's lock. A file that a crash emptied counts as none.
    try store.disk.remove(path + ".new")
    try store.disk.create(path + ".new", bytes)
    try store.disk.rename(path + ".new", to: path)
  }

  func forget(_ slug: String) throws(Diagnostic) { try store.disk.remove(statePath(slug)) }
}

/// Keeps two mirrorings of one tenant of one store from each other, on whichever hosts. Held while the value lives.
final class MirrorLock {
  private var file: Int32 = -1

  /// Waits for the lock.
  ///
  /// - Parameter writing: Whether something is about to be changed; who only looks makes no file in the store
  ///   and keeps no others out who do.
  init(_ slug: String, in store: ReleaseStore, writing: Bool = true) throws(Diagnostic) {
    let folder = store.path("\(BucketMirror.folderName)/locks")
    let path = folder + "/" + SHA256Digest(of: Array(slug.utf8)).hex.prefix(2)
    if writing {
      try store.disk.makeFolders(folder)
    } else if access(path, F_OK) != 0 {
      return
    }
    file = open(path, (writing ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Disk.failure("open", path) }
    while flock(file, writing ? LOCK_EX : LOCK_SH) != 0 {
      guard errno == EINTR else { throw Disk.failure("lock", path) }
    }
  }

  deinit {
    if file >= 0 { close(file) }
  }
}
