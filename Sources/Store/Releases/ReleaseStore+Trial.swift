package import Basics
package import Diagnostics

extension ReleaseStore {
  /// Throws if nothing can be written in the store's folders that exist. Changes nothing.
  package func tryWriting() throws(Diagnostic) {
    let names = [
      "", "/tenants", "/" + ReleaseTenant.folder(ReleaseTenant.operatorName),
      "/" + Self.stagingName, "/" + PartitionLock.folderName,
    ]
    for name in names where FileReader.status(root + name) != nil {
      do throws(Diagnostic) {
        try disk.tryWriting(in: root + name)
      } catch {
        var failure = error
        failure.message = "the store: \(error.message)"
        throw failure
      }
    }
  }

  /// Throws if this user is not allowed to write in a partition's folders that exist.
  package func tryWriting(_ partition: ReleasePartition) throws(Diagnostic) {
    var folder = root
    for part in partition.path.split(separator: "/") {
      folder += "/" + part
      guard FileReader.status(folder) != nil else { return }
      try disk.askForWriting(in: folder)
    }
    for name in ["heads", "releases"] where FileReader.status("\(folder)/\(name)") != nil {
      try disk.askForWriting(in: "\(folder)/\(name)")
    }
  }

  /// Tries what the store's file system can do, for `doctor`.
  package func tryFileSystem() throws(Diagnostic) -> FileSystemTrial {
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    return try FileSystemTrial(in: staging.path, disk: disk)
  }
}

extension BlobStore {
  /// Throws if nothing can be written in the workspace. Changes nothing.
  package func tryWriting() throws(Diagnostic) {
    for name in ["", "/scratch", "/tenants"] where FileReader.status(workspace + name) != nil {
      do throws(Diagnostic) {
        try disk.tryWriting(in: workspace + name)
      } catch {
        var failure = error
        failure.message = "the workspace: \(error.message)"
        throw failure
      }
    }
  }

  /// Tries what the workspace's file system can do, for `doctor`.
  package func tryFileSystem() throws(Diagnostic) -> FileSystemTrial {
    let folder = scratchPath()
    try disk.makeFolders(folder)
    let trial = try FileSystemTrial(in: folder, disk: disk)
    try disk.remove(folder)
    return trial
  }
}
