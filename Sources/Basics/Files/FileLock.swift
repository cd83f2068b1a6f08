package import Diagnostics
import Glibc

/// A lock on a file. The kernel frees it when its holder ends for any reason.
package final class FileLock {
  private let descriptor: Int32

  /// Opens or creates the lock file at `path`, without locking it.
  package init(_ path: String) throws(Diagnostic) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Diagnostic(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// Waits until nobody else holds the lock, then takes it.
  package func lockExclusively() { acquire(LOCK_EX) }

  /// Waits until nobody holds the lock exclusively, then takes a shared lock.
  package func lockShared() { acquire(LOCK_SH) }

  /// Takes the lock if nobody else holds it. Returns whether it is now held.
  package func tryExclusively() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Releases the lock.
  package func unlock() { flock(descriptor, LOCK_UN) }

  private func acquire(_ operation: Int32) {
    while flock(descriptor, operation) != 0, errno == EINTR {}
  }
}
