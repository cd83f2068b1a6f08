package import Basics
package import Diagnostics
import Glibc

/// A blob's address and size.
package struct Blob: Hashable, Sendable {
  package var digest: SHA256Digest
  package var byteCount: Int

  /// The blob with this digest and size in bytes.
  package init(digest: SHA256Digest, byteCount: Int) {
    self.digest = digest
    self.byteCount = byteCount
  }
}

/// The workspace's intermediate results, addressed by their content and kept apart by tenant.
///
/// A blob lies at `WORKSPACE/tenants/TENANT/blobs/HEX`. Only the user who runs the program can
/// read it: blobs hold tenants' rows in clear, also of those whose releases are encrypted. A tenant
/// has some thousands at most, so one folder is enough. A blob is written elsewhere and renamed:
/// nobody sees a half-written blob under its name. It survives a power cut only after `sync()` has
/// returned; nothing must name it durably before that.
package final class BlobStore: Sendable {
  /// The workspace's folder.
  package let workspace: String
  let disk: Disk
  private let scratch: ScratchFolder

  /// Opens a workspace, creates its folder, and removes what dead processes left half-written.
  package convenience init(workspace: String) throws(Diagnostic) {
    try self.init(workspace: workspace, disk: Disk(mask: 0o077))
  }

  init(workspace: String, disk: Disk) throws(Diagnostic) {
    self.workspace = workspace
    self.disk = disk
    try disk.makeFolders(workspace)
    try Self.tighten(workspace, disk)
    scratch = try ScratchFolder(in: workspace + "/scratch", disk: disk)
  }

  /// The path of a blob, whether or not it exists.
  ///
  /// - Parameter tenant: The tenant's id, or another name of `[a-z0-9-]` for results of many
  ///   tenants.
  package func path(_ digest: SHA256Digest, tenant: String) -> String {
    precondition(Name.isSlug(tenant), "a tenant's id is not a folder name")
    return "\(workspace)/tenants/\(tenant)/blobs/\(digest.hex)"
  }

  /// The size of a blob in bytes; `nil` if it is not there.
  ///
  /// The caller is about to use the blob. So a blob older than one hour gets the present time: a
  /// sweep removes only blobs older than two hours.
  package func size(_ digest: SHA256Digest, tenant: String) -> Int? {
    let path = path(digest, tenant: tenant)
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    if status.st_mtim.tv_sec < time(nil) - 3600,
      utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW) != 0, errno == ENOENT
    {
      return nil
    }
    return Int(status.st_size)
  }

  /// Whether a blob exists. Like `size`, this keeps the blob from a sweep.
  package func exists(_ digest: SHA256Digest, tenant: String) -> Bool {
    size(digest, tenant: tenant) != nil
  }

  /// A path in this process's scratch folder that no other caller gets, for a file to `adopt`.
  package func scratchPath(suffix: String = "") -> String { scratch.freshPath(suffix) }

  /// Stores bytes from memory.
  package func put(_ bytes: [UInt8], tenant: String) throws(Diagnostic) -> Blob {
    let blob = Blob(digest: SHA256Digest(of: bytes), byteCount: bytes.count)
    if isWhole(blob, tenant: tenant) { return blob }
    let path = scratch.freshPath()
    do throws(Diagnostic) {
      try disk.create(path, bytes)
      try place(path, as: blob, tenant: tenant)
    } catch {
      discard(path)
      throw error
    }
    return blob
  }

  /// Takes over a finished file on the workspace's file system, normally one of `scratchPath`.
  /// Afterwards the path is gone.
  package func adopt(_ path: String, tenant: String) throws(Diagnostic) -> Blob {
    let (digest, byteCount) = try SHA256Digest.ofFile(path)
    let blob = Blob(digest: digest, byteCount: byteCount)
    if isWhole(blob, tenant: tenant) {
      try disk.remove(path)
    } else {
      // Stages and libraries made it with permissions of their own.
      try disk.settle(path, 0o644)
      try place(path, as: blob, tenant: tenant)
    }
    return blob
  }

  /// A writer for content that comes piece by piece.
  package func writer(tenant: String) -> BlobWriter { BlobWriter(store: self, tenant: tenant) }

  /// A blob's bytes.
  ///
  /// - Parameter verifying: Whether to compare the bytes with the digest; a damaged blob throws
  ///   `.io`.
  package func read(
    _ digest: SHA256Digest, tenant: String, verifying: Bool = true
  ) throws(Diagnostic) -> [UInt8] {
    let path = path(digest, tenant: tenant)
    guard let bytes = try FileReader.contents(path) else {
      throw Diagnostic(
        .io, "the workspace has lost \(path)", hint: "to make it again, run with --refresh")
    }
    if verifying, SHA256Digest(of: bytes) != digest { throw Self.damaged(path) }
    return bytes
  }

  /// Removes a blob, if it exists.
  package func remove(_ digest: SHA256Digest, tenant: String) throws(Diagnostic) {
    try disk.remove(path(digest, tenant: tenant))
  }

  /// Removes all blobs of a tenant: moves them away together, then deletes them.
  package func removeAll(tenant: String) throws(Diagnostic) {
    precondition(Name.isSlug(tenant), "a tenant's id is not a folder name")
    let folder = "\(workspace)/tenants/\(tenant)"
    guard FileReader.status(folder) != nil else { return }
    let trash = scratch.freshPath()
    // If it cannot be moved, it goes piece by piece: a result counts only with all its blobs.
    try disk.remove(disk.move(folder, to: trash) ? trash : folder)
    try sync()
  }

  /// Makes every blob stored so far durable, all together.
  package func sync() throws(Diagnostic) { try disk.sync(workspace) }

  static func damaged(_ path: String) -> Diagnostic {
    Diagnostic(
      .io, "the content of \(path) does not match the digest in its name",
      hint: "check the disk, remove the file and run again")
  }

  /// Whether the blob exists in its full size. After a power cut, a blob that was never made
  /// durable can be there without its content.
  func isWhole(_ blob: Blob, tenant: String) -> Bool {
    size(blob.digest, tenant: tenant) == blob.byteCount
  }

  func place(_ scratch: String, as blob: Blob, tenant: String) throws(Diagnostic) {
    let target = path(blob.digest, tenant: tenant)
    try disk.makeFolders(String(target.dropLast(65)))
    try disk.rename(scratch, to: target)
  }

  /// Removes a scratch file. If that fails, it goes with the scratch folder.
  func discard(_ path: String) { unlink(path) }
}
