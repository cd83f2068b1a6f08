package import Diagnostics
import Glibc

/// A lock on a file that the kernel frees when its holder ends, however it ends.
package final class FileLock {
  private let descriptor: Int32

  package init(_ path: String) throws(Diagnostic) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Diagnostic(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// Waits until no one else holds the lock.
  package func lockExclusively() { acquire(LOCK_EX) }

  /// Waits until no one holds the lock exclusively.
  package func lockShared() { acquire(LOCK_SH) }

  /// Whether no one else holds the lock in any way; then it is held.
  package func tryExclusively() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  package func unlock() { flock(descriptor, LOCK_UN) }

  private func acquire(_ operation: Int32) {
    while flock(descriptor, operation) != 0, errno == EINTR {}
  }
}
