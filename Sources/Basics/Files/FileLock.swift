package import Diagnostics
package import Glibc

/// A lock on a file, between processes and hosts. The kernel frees it when its holder ends for any
/// reason.
package final class FileLock: Sendable {
  /// Who else can hold the lock at the same time.
  package enum Mode: Sendable {
    /// Only one holder at a time.
    case exclusive
    /// Many holders, but no exclusive one.
    case shared

    fileprivate var operation: Int32 { self == .exclusive ? LOCK_EX : LOCK_SH }
  }

  /// How the lock file is opened.
  package enum Opening: Sendable {
    /// The file is created if it is missing.
    case creating
    /// The file must exist.
    case existing
    /// The file must exist, and this process need not be able to write to it. For shared locks:
    /// over NFS an exclusive one needs a writable file.
    case reading

    fileprivate var flags: Int32 {
      switch self {
      case .creating: O_RDWR | O_CREAT
      case .existing: O_RDWR
      case .reading: O_RDONLY
      }
    }
  }

  private let path: String
  private let descriptor: Int32

  /// Opens the lock file without locking it.
  ///
  /// - Parameters:
  ///   - opening: Whether the file is created if it is missing.
  ///   - mode: The permissions of a new file.
  package convenience init(
    _ path: String, _ opening: Opening = .creating, mode: mode_t = 0o600
  ) throws(Diagnostic) {
    try self.init(in: AT_FDCWD, path, path, opening, mode: mode)
  }

  /// Opens a lock file by its name in an open folder. `path` is used in messages. If `disk` is
  /// given, its mask decides about the permissions, and not the umask.
  init(
    in folder: Int32, _ name: String, _ path: String, _ opening: Opening, mode: mode_t,
    on disk: Disk? = nil
  ) throws(Diagnostic) {
    self.path = path
    descriptor = retryingInterrupts {
      openat(folder, name, opening.flags | O_CLOEXEC | O_NOFOLLOW, mode)
    }
    guard descriptor >= 0 else { throw Disk.failure("open", path) }
    var status = stat()
    guard let disk, opening == .creating, fstat(descriptor, &status) == 0,
      status.st_uid == geteuid()
    else { return }
    try disk.settle(descriptor, path, mode)
  }

  deinit { close(descriptor) }

  /// Waits until the lock is free, then takes it.
  package func lock(_ mode: Mode) throws(Diagnostic) {
    guard retryingInterrupts({ flock(descriptor, mode.operation) }) == 0 else { throw failure }
  }

  /// Takes the lock if it is free. Returns whether it is now held.
  ///
  /// - Throws: `.io` if the file system has no locks: then nobody holds it, and nobody ever will.
  package func tryLock(_ mode: Mode) throws(Diagnostic) -> Bool {
    if retryingInterrupts({ flock(descriptor, mode.operation | LOCK_NB) }) == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw failure
  }

  private var failure: Diagnostic {
    let isUnsupported = errno == ENOLCK || Disk.isUnsupported(errno)
    var failure = Disk.failure("lock", path)
    if isUnsupported {
      failure.hint =
        "the file system has no working locks, which keep two programs apart: mount it with locks"
        + " (NFS: a lock service on both ends), or use another one"
    }
    return failure
  }

  /// Releases the lock.
  package func unlock() { flock(descriptor, LOCK_UN) }
}
