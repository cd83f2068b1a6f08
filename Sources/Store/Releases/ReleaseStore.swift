import Basics
package import Diagnostics
import Glibc

/// The published releases, as readers see them.
///
/// ```
/// ROOT/tenants/SLUG/tenant.json, index.html, catalog.json, pages.json
/// ROOT/tenants/SLUG/PIPELINE/PERIOD/index.html, latest.json, heads/N.json, pruned.json,
///     releases/ID/…
/// ROOT/operator/…
/// ROOT/.staging/…      what is not published yet, or is being removed; never served
/// ROOT/.locks/…        see PartitionLock
/// ROOT/.mirror/…       what was copied to which bucket, see BucketMirror
/// ```
///
/// A release is a BagIt bag that never changes once it has its name. Its files have mode 444, or
/// less: see `StoreMode`. Folders keep 755, so that plain tools can remove a whole store. Threads
/// can share a value.
package final class ReleaseStore: Sendable {
  /// The store's folder.
  package let root: String
  let disk: Disk
  let signer: ReleaseSigner?

  /// Opens a store and creates its folder.
  ///
  /// - Parameter signer: Signs all that is published from now on. A release without a signature is
  ///   published again.
  /// - Parameter mode: Who can read what is published from now on.
  package convenience init(
    root: String, signer: ReleaseSigner? = nil, mode: StoreMode = .public
  ) throws(Diagnostic) {
    try self.init(root: root, disk: Disk(mask: mode.mask), signer: signer)
    // It closes what was published before, too. A root that is another user's can stay as it is, if
    // nobody reads through it who must not.
    let isNarrow = disk.narrow(root)
    let reason = errno
    guard isNarrow || mode == .public || Disk.mode(root).map({ $0 & mode.mask & 0o055 }) == 0 else {
      errno = reason
      throw Disk.failure("protect", root)
    }
  }

  init(root: String, disk: Disk, signer: ReleaseSigner? = nil) throws(Diagnostic) {
    self.root = root
    // Whoever can write to the store must not lead us out of it by a link.
    self.disk = disk.rooted(at: root)
    self.signer = signer
    try disk.makeFolders(root)
  }

  /// The absolute path for a path relative to the root.
  package func path(_ path: String) -> String { root + "/" + path }

  static let stagingName = ".staging"

  /// Makes a folder for what is not published yet. Removes leftovers of dead publishers.
  func makeStaging() throws(Diagnostic) -> ScratchFolder {
    try ScratchFolder(in: path(Self.stagingName), disk: disk)
  }

  /// Throws for a symbolic link in a partition's folder or above it. A store holds none.
  func refuseLinks(in partition: ReleasePartition) throws(Diagnostic) {
    try refuseLinks(below: partition.path)
  }

  /// Throws for a symbolic link at a path of the store, above it or below it.
  func refuseLinks(below folder: String) throws(Diagnostic) {
    try refuseLinks(above: folder)
    if let link = try FileReader.anyLink(path(folder)) { throw Disk.linked(link, "open") }
  }

  /// Throws for a symbolic link at a path of the store or above it.
  func refuseLinks(above path: String) throws(Diagnostic) {
    var above = root
    for part in path.split(separator: "/") {
      above += "/" + part
      if FileReader.status(above)?.kind == .link { throw Disk.linked(above, "open") }
    }
  }

  /// Makes all that was written to the store durable.
  package func sync() throws(Diagnostic) { try disk.sync(root) }
}
