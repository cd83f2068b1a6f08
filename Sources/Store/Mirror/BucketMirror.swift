import Basics
package import Diagnostics
import Glibc
package import ObjectStorage

/// Copies what a store publishes to a bucket, under the same paths. Use a value on one thread only.
///
/// A reader of the bucket sees each partition's old release or its new one. Releases are written
/// first, then heads, then `latest.json`, and last the pages that link to them. Objects that never
/// change are written only where nothing is; the pointer is replaced only if it is still the one
/// that was read. So a mirroring can be killed at any moment and repeated, and two at the same time
/// end in a valid state.
package final class BucketMirror {
  let store: ReleaseStore
  let client: ObjectClient

  /// A mirror of the store in the bucket. Throws if the bucket's client cannot be made.
  package init(_ store: ReleaseStore, _ bucket: Bucket) throws(Diagnostic) {
    self.store = store
    client = try ObjectClient(bucket)
  }

  /// How to mirror a tenant.
  package struct Options: Sendable {
    /// Seconds. Removes what was pruned in the store and was replaced in the bucket at least this
    /// long ago; `nil` removes nothing.
    package var grace: Int?
    /// Overwrites the bucket with the store, even where the bucket is ahead: for a store that was
    /// restored from an older backup.
    package var replaces: Bool

    /// Options with the given values; the defaults remove and overwrite nothing.
    package init(grace: Int? = nil, replaces: Bool = false) {
      self.grace = grace
      self.replaces = replaces
    }
  }

  /// The result of mirroring a tenant.
  package struct Outcome: Hashable, Sendable {
    /// The objects that were written, and their bytes.
    package var putCount = 0
    package var putBytes = 0
    package var removedCount = 0
    /// What could not be mirrored. Everything else was.
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

  /// Whether something of a tenant was published since this store last mirrored it.
  ///
  /// - Parameter slug: The tenant's slug, or `ReleaseTenant.operatorName`.
  package func isStale(tenant slug: String) throws(Diagnostic) -> Bool {
    guard let known = try FileReader.contents(statePath(slug)) else { return true }
    return try known != Array(state(slug).hex.utf8)
  }

  /// Copies what the bucket lacks of a tenant and what has changed. If nothing has changed, it only
  /// lists the bucket.
  ///
  /// - Returns: `nil` if the store has nothing of the tenant; the bucket then stays as it is.
  /// - Throws: Failures that concern more than one partition: `.unavailable`, `.configuration`,
  ///   `.interrupted`.
  package func mirror(
    tenant slug: String, _ options: Options = Options()
  ) throws(Diagnostic) -> Outcome? {
    let lock = try MirrorLock(slug, in: store)
    defer { withExtendedLifetime(lock) {} }
    let folder = ReleaseTenant.folder(slug)
    do throws(Diagnostic) {
      try store.refuseLinks(below: folder)
    } catch {
      throw error.filling(.init(tenant: slug))
    }
    guard FileReader.status(store.path(folder))?.kind == .folder else { return nil }
    let begun = begunUploads(slug)
    try begun.abort(client)
    // Taken before anything is read: later changes are mirrored the next time.
    let state = try state(slug)
    var mirroring = TenantMirroring(
      store: store, client: client, slug: slug, options: options, begun: begun,
      listed: try client.list(folder + "/"))
    try mirroring.run()
    try eraseVersions(of: mirroring.takenBack, tenant: slug)
    if mirroring.outcome.failures.isEmpty { try begun.forget() }
    if mirroring.outcome.failures.isEmpty { try keep(state, of: slug) }
    return mirroring.outcome
  }

  /// Aborts unfinished uploads of mirrorings that were killed.
  ///
  /// - Returns: The number of uploads.
  package func clearUploads() throws(Diagnostic) -> Int {
    var count = 0
    var places = try client.uploads("tenants/").map { upload in
      String(upload.path.split(separator: "/").dropFirst().first ?? "")
    }
    if try !client.uploads("operator/").isEmpty { places.append(ReleaseTenant.operatorName) }
    // Servers that list uploads only for exact keys have shown none of these.
    let suffix = Self.uploadsSuffix
    for name in try FileReader.names(in: place) where name.hasSuffix(suffix) {
      places.append(String(name.dropLast(suffix.count)))
    }
    for slug in Set(places).sorted() {
      // Nobody uploads while we hold the lock: an upload that is there now is dead.
      let lock = try MirrorLock(slug, in: store)
      defer { withExtendedLifetime(lock) {} }
      for upload in try client.uploads(ReleaseTenant.folder(slug) + "/") {
        try client.abort(upload)
        count += 1
      }
      count += try begunUploads(slug).abort(client)
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

  private static let uploadsSuffix = ".uploads"

  func begunUploads(_ slug: String) -> BegunUploads {
    BegunUploads(store: store, path: statePath(slug) + Self.uploadsSuffix)
  }

  private func statePath(_ slug: String) -> String { "\(place)/\(slug)" }

  /// A digest that changes with every publication of a tenant: its catalog has each partition's
  /// sequence.
  private func state(_ slug: String) throws(Diagnostic) -> SHA256Digest {
    let folder = store.path(ReleaseTenant.folder(slug))
    var hasher = SHA256Hasher()
    for name in ["tenant.json", "catalog.json", "index.html"] {
      let bytes = try FileReader.contents(folder + "/" + name) ?? []
      hasher.update(Array("\(name) \(bytes.count)\n".utf8) + bytes)
    }
    // It can be signed although the pages are the same as before.
    hasher.update(try FileReader.contents(folder + "/" + PageList.fileName) ?? [])
    // The catalog has no shares, so that nobody who can read it finds them.
    for share in try store.shares(tenant: slug) {
      for name in ["latest.json", "index.html", ReleaseStore.goneName] {
        let bytes = try FileReader.contents(store.path("\(share.path)/\(name)")) ?? []
        hasher.update(Array("\(share.period)/\(name) \(bytes.count)\n".utf8) + bytes)
      }
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
    // Nobody else writes it: the caller has the tenant's lock. An empty file after a crash counts
    // as none.
    try store.disk.remove(path + ".new")
    try store.disk.create(path + ".new", bytes)
    try store.disk.rename(path + ".new", to: path)
  }

  func forget(_ slug: String) throws(Diagnostic) { try store.disk.remove(statePath(slug)) }
}

/// Lets only one mirroring of a tenant of a store run at a time, on any host. Held while the value
/// lives.
final class MirrorLock {
  private let lock: FileLock?

  /// Waits for the lock.
  ///
  /// - Parameter writing: Whether the holder changes something. A reader makes no file in the store
  ///   and does not keep other readers out.
  init(_ slug: String, in store: ReleaseStore, writing: Bool = true) throws(Diagnostic) {
    let folder = store.path("\(BucketMirror.folderName)/locks")
    let path = folder + "/" + SHA256Digest(of: Array(slug.utf8)).hex.prefix(2)
    if writing {
      try store.disk.makeFolders(folder)
    } else if access(path, F_OK) != 0 {
      lock = nil
      return
    }
    let lock =
      writing
      ? try store.disk.lock(path, .creating, mode: 0o644) : try FileLock(path, .reading)
    try lock.lock(writing ? .exclusive : .shared)
    self.lock = lock
  }
}
