import Basics
import Diagnostics
import Glibc

/// Lets only one publisher or pruner of a store change a partition's heads at a time. The record's
/// lock does the same for processes that share a record; this lock also works for those that do
/// not.
///
/// The locks are on files of the store: NFS refuses locks on folders. Partitions share 256 lock
/// files, so whoever holds one lock must not take a second.
enum PartitionLock {
  static let folderName = ".locks"

  /// Waits for a partition's lock and runs `body` while holding it.
  ///
  /// - Parameter writing: Whether `body` changes the store. A reader makes no lock file and does
  ///   not keep other readers out.
  static func hold<T>(
    _ partition: ReleasePartition, in store: ReleaseStore, writing: Bool = true,
    _ body: () throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    let folder = store.path(folderName)
    let path = folder + "/" + SHA256Digest(of: Array(partition.path.utf8)).hex.prefix(2)
    if !writing, access(path, F_OK) != 0 { return try body() }
    if writing { try store.disk.makeFolders(folder) }
    let lock = try FileLock(path, writing ? .creating : .reading, mode: 0o644, on: store.disk)
    try lock.lock(writing ? .exclusive : .shared)
    defer { lock.unlock() }
    return try body()
  }
}
