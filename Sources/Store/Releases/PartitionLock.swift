import Basics
import Diagnostics
import Glibc

/// Lets only one publisher or pruner of a store change a partition's heads at a time. The record's
/// lock does the same for processes that share a record; this lock also works for those that do
/// not.
///
/// The locks are on files of the store: NFS refuses locks on folders. Partitions share 256 lock
/// files. So whoever holds a lock must not take a second one; `Several` takes many in an order that
/// all share.
enum PartitionLock {
  static let folderName = ".locks"
  /// The lock of all shares of a store. It is taken before the others here.
  static let sharesName = "shares"

  /// Waits for a partition's lock and runs `body` while holding it.
  ///
  /// - Parameter writing: Whether `body` changes the store. A reader makes no lock file and does
  ///   not keep other readers out.
  static func hold<T>(
    _ partition: ReleasePartition, in store: ReleaseStore, writing: Bool = true,
    _ body: () throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    try hold(folder: partition.path, in: store, writing: writing, body)
  }

  /// The same for the pages of a tenant's or the operator's folder.
  static func hold<T>(
    folder: String, in store: ReleaseStore, writing: Bool = true,
    _ body: () throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    let path = path(of: folder, in: store)
    if !writing, access(path, F_OK) != 0 { return try body() }
    let lock = try open(path, in: store, writing: writing)
    try lock.lock(writing ? .exclusive : .shared)
    defer { lock.unlock() }
    return try body()
  }

  private static func path(of folder: String, in store: ReleaseStore) -> String {
    store.path(folderName) + "/" + SHA256Digest(of: Array(folder.utf8)).hex.prefix(2)
  }

  private static func open(
    _ path: String, in store: ReleaseStore, writing: Bool
  ) throws(Diagnostic) -> FileLock {
    guard writing else { return try FileLock(path, .reading) }
    try store.disk.makeFolders(store.path(folderName))
    return try store.disk.lock(path, .creating, mode: 0o644)
  }

  /// The locks of many partitions, held while the value lives.
  final class Several {
    private var locks: [FileLock] = []
    /// Why partitions could not be locked.
    private(set) var failures: [ReleasePartition: Diagnostic] = [:]

    /// Waits for the locks. Everybody takes the files in the order of their names, so nobody waits
    /// for somebody who waits.
    init(_ partitions: [ReleasePartition], in store: ReleaseStore) {
      let files = Dictionary(grouping: partitions) { path(of: $0.path, in: store) }
      for (path, partitions) in files.sorted(by: { $0.key < $1.key }) {
        do throws(Diagnostic) {
          let lock = try open(path, in: store, writing: true)
          try lock.lock(.exclusive)
          locks.append(lock)
        } catch {
          for partition in partitions { failures[partition] = error }
        }
      }
    }

    deinit {
      for lock in locks { lock.unlock() }
    }
  }
}
