import Basics
import Diagnostics
import Glibc

/// Keeps two publishers, or a publisher and a pruner, of one store from changing the same partition's heads at
/// once. The record's lock does the same for those that share a record; this one also holds for those that do
/// not.
///
/// The locks lie on files of the store, not on folders: a lock of a folder is refused by NFS. Partitions share
/// 256 of them, so a holder of one must not take a second.
enum PartitionLock {
  static let folderName = ".locks"

  /// Runs `body` while holding a partition's lock, which is waited for.
  ///
  /// - Parameter writing: Whether the store is about to be changed; a reader neither makes a lock's file nor
  ///   keeps other readers out.
  static func hold<T>(
    _ partition: ReleasePartition, in store: ReleaseStore, writing: Bool = true,
    _ body: () throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    let folder = store.path(folderName)
    let path = folder + "/" + SHA256Digest(of: Array(partition.path.utf8)).hex.prefix(2)
    if !writing, access(path, F_OK) != 0 { return try body() }
    if writing { try store.disk.makeFolders(folder) }
    let file = try FileDescriptor(path, writing ? O_RDWR | O_CREAT : O_RDONLY)
    while flock(file.number, writing ? LOCK_EX : LOCK_SH) != 0 {
      guard errno == EINTR else { throw Disk.failure("lock", path) }
    }
    return try body()
  }
}
