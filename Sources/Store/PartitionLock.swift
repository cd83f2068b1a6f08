import Diagnostics
import Glibc

/// Keeps two publishers of one store from swapping the same partition's head at once. The record's lock does
/// the same for publishers that share a record; this one also holds for those that do not.
enum PartitionLock {
  /// Runs `body` while holding the lock on a partition's folder, which is waited for.
  static func hold<T>(
    _ path: String, _ body: () throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    let folder = try FileDescriptor(path, O_RDONLY | O_DIRECTORY)
    // Some network file systems refuse locks on folders; there the record's lock stands alone.
    while flock(folder.number, LOCK_EX) != 0, errno == EINTR {}
    defer { flock(folder.number, LOCK_UN) }
    return try body()
  }
}
