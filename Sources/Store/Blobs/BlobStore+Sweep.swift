package import Basics
package import Diagnostics
import Glibc

/// The result of a sweep of a tenant's blobs: numbers and bytes.
package struct BlobSweep: Sendable, Hashable {
  package var keptCount = 0
  package var keptBytes = 0
  package var freedCount = 0
  package var freedBytes = 0

  /// A sweep that has seen no blob.
  package init() {}

  /// Adds another sweep's numbers.
  package static func += (sum: inout BlobSweep, other: BlobSweep) {
    sum.keptCount += other.keptCount
    sum.keptBytes = sum.keptBytes.saturatingAdd(other.keptBytes)
    sum.freedCount += other.freedCount
    sum.freedBytes = sum.freedBytes.saturatingAdd(other.freedBytes)
  }
}

extension BlobStore {
  /// The ids of the tenants that have blobs here.
  package func tenants() throws(Diagnostic) -> [String] {
    try FileReader.names(in: workspace + "/tenants").filter(Name.isSlug)
  }

  /// Removes a tenant's blobs that nobody needs.
  ///
  /// A blob that is stored or asked for again looks new, see `size`. Before its removal, a blob is
  /// moved away and its time is checked again: if somebody asked for it meanwhile, it goes back to
  /// its place.
  ///
  /// - Parameters:
  ///   - age: Seconds, at least two hours. Younger blobs stay, needed or not.
  ///   - isDry: Counts what would be removed, and removes nothing.
  ///   - needed: Whether a digest is needed. Asked once per blob.
  package func sweep(
    tenant: String, olderThan age: Int, isDry: Bool, needed: (SHA256Digest) -> Bool
  ) throws(Diagnostic) -> BlobSweep {
    var sweep = BlobSweep()
    let oldest = time(nil) - max(7200, age)
    let root = "\(workspace)/tenants/\(tenant)/blobs"
    for name in try FileReader.names(in: root) {
      guard let digest = SHA256Digest(hex: name) else { continue }
      let path = "\(root)/\(name)"
      guard let (bytes, written) = Self.look(path) else { continue }
      if written > oldest || needed(digest) {
        sweep.keptCount += 1
        sweep.keptBytes = sweep.keptBytes.saturatingAdd(bytes)
      } else if isDry ? true : try take(path, oldest) {
        sweep.freedCount += 1
        sweep.freedBytes = sweep.freedBytes.saturatingAdd(bytes)
      } else {
        sweep.keptCount += 1
        sweep.keptBytes = sweep.keptBytes.saturatingAdd(bytes)
      }
    }
    return sweep
  }

  private func take(_ path: String, _ oldest: Int) throws(Diagnostic) -> Bool {
    let trash = scratchPath()
    try disk.rename(path, to: trash)
    if let (_, written) = Self.look(trash), written > oldest {
      try disk.rename(trash, to: path)
      return false
    }
    try disk.remove(trash)
    return true
  }

  private static func look(_ path: String) -> (bytes: Int, written: Int)? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (Int(status.st_size), status.st_mtim.tv_sec)
  }
}
