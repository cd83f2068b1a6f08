import Basics
package import Diagnostics

/// The published releases, as readers see them.
///
/// ```
/// ROOT/tenants/SLUG/tenant.json, index.html
/// ROOT/tenants/SLUG/PIPELINE/PERIOD/index.html, latest.json, heads/N.json, pruned.json, releases/ID/…
/// ROOT/operator/…
/// ROOT/.staging/…      what is not published yet, or on its way out; never served
/// ROOT/.locks/…        see PartitionLock
/// ROOT/.mirror/…       what was copied to which bucket, see BucketMirror
/// ```
///
/// A release is a BagIt bag that is never changed once it has its name. Its files have mode 444; folders
/// keep 755, so that a whole store can be removed with plain tools. Values may be shared between threads.
package final class ReleaseStore: Sendable {
  /// The store's folder.
  package let root: String
  let disk: Disk
  let signer: ReleaseSigner?

  /// Opens a store, creating its folder.
  ///
  /// - Parameter signer: Signs all that is published from now on; a release that is not signed yet is published
  ///   anew.
  package convenience init(root: String, signer: ReleaseSigner? = nil) throws(Diagnostic) {
    try self.init(root: root, disk: Disk(), signer: signer)
  }

  init(root: String, disk: Disk, signer: ReleaseSigner? = nil) throws(Diagnostic) {
    self.root = root
    self.disk = disk
    self.signer = signer
    try disk.makeFolders(root)
  }

  /// The absolute path of something whose path relative to the root is `path`.
  package func path(_ path: String) -> String { root + "/" + path }

  static let stagingName = ".staging"

  /// A folder for what is not published yet. Leftovers of dead publishers are removed.
  func makeStaging() throws(Diagnostic) -> ScratchFolder {
    try ScratchFolder(in: path(Self.stagingName), disk: disk)
  }

  /// Makes all that was written to the store durable.
  package func sync() throws(Diagnostic) { try disk.sync(root) }
}
