package import Diagnostics
import Glibc
import Synchronization

/// A folder of this process's own for what is not finished, on the file system where it will go.
///
/// A lock on the folder's file `lock` lives as long as the process, so that others can tell a dead
/// process's folder, which they remove, from a living one's, on every host that shares the file system.
package final class ScratchFolder: Sendable {
  package let path: String
  private let disk: Disk
  private let lock: Int32
  private let counter = Atomic<Int>(0)

  /// Makes a folder below `parent` and removes those of dead processes.
  package init(in parent: String, disk: Disk) throws(Diagnostic) {
    self.disk = disk
    try disk.makeFolders(parent)
    try Self.clearAbandoned(in: parent, disk: disk)
    while true {
      let name = "\(parent)/\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
      guard mkdir(name, 0o700) == 0 else {
        if errno == EEXIST { continue }
        throw Disk.failure("create", name)
      }
      let lock = open(name + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      if lock < 0 {
        // Another process took the folder, not locked yet, for a dead one's.
        if errno == ENOENT { continue }
        throw Disk.failure("create", name + "/lock")
      }
      if flock(lock, LOCK_EX | LOCK_NB) == 0, access(name + "/lock", F_OK) == 0 {
        self.lock = lock
        path = name
        return
      }
      close(lock)
    }
  }

  deinit {
    // What cannot be removed now is removed by the next process.
    do throws(Diagnostic) { try disk.remove(path) } catch {}
    // Closing alone would leave it with a child that is just being spawned and has not let go of it yet.
    flock(lock, LOCK_UN)
    close(lock)
  }

  /// A path in the folder that no other caller gets.
  package func freshPath(_ suffix: String = "") -> String {
    "\(path)/\(counter.add(1, ordering: .relaxed).newValue)\(suffix)"
  }

  /// Removes the folders of dead processes; what cannot be removed yet stays.
  package static func clearAbandoned(in parent: String, disk: Disk) throws(Diagnostic) {
    for name in try FileReader.names(in: parent) {
      let folder = parent + "/" + name
      let lock = open(folder + "/lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
      guard lock >= 0 else {
        // A folder without a lock is being made, whose maker then takes another name, or half removed.
        if errno == ENOENT, rmdir(folder) != 0, isOld(folder) { try disk.remove(folder) }
        continue
      }
      defer { close(lock) }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { try disk.remove(folder) }
    }
  }

  private static func isOld(_ folder: String) -> Bool {
    var status = stat()
    guard stat(folder, &status) == 0 else { return false }
    return time(nil) - status.st_mtim.tv_sec > 3600
  }
}
