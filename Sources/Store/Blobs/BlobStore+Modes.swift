import Basics
import Diagnostics
import Glibc

extension BlobStore {
  /// Closes a workspace to all other users. Earlier programs left it open.
  ///
  /// The folder of all blobs is closed last: as long as it is open, everything in it is looked at
  /// again.
  static func tighten(_ workspace: String, _ disk: Disk) throws(Diagnostic) {
    // A volume can belong to another user, who lets us write in it. Then the folders below it,
    // which are ours, keep others out.
    _ = disk.narrow(workspace)
    for name in ["scratch", "tenants"] {
      let folder = workspace + "/" + name
      guard let mode = Disk.mode(folder), mode & 0o077 != 0 else { continue }
      try tighten(below: folder, disk)
      guard disk.narrow(folder) else { throw Disk.failure("protect", folder) }
    }
  }

  private static func tighten(below folder: String, _ disk: Disk) throws(Diagnostic) {
    for name in try FileReader.names(in: folder) {
      let path = folder + "/" + name
      switch FileReader.status(path)?.kind {
      case .folder:
        try tighten(below: path, disk)
        if !disk.narrow(path), errno != ENOENT { throw Disk.failure("protect", path) }
      case .file:
        // Another process can take a file away meanwhile.
        if !disk.narrow(path), errno != ENOENT { throw Disk.failure("protect", path) }
      default: continue
      }
    }
  }
}
