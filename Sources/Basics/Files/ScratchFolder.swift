package import Diagnostics
import Glibc
import Synchronization

/// This process's own folder for unfinished files, on the file system of their final place.
///
/// The process holds a lock on the file `lock` in the folder as long as it lives. So other
/// processes can recognise and remove the folder of a dead process, on every host that shares the
/// file system.
package final class ScratchFolder: Sendable {
  package let path: String
  private let disk: Disk
  private let lock: FileLock
  private let counter = Atomic<Int>(0)

  /// Creates a folder below `parent` and removes the folders of dead processes.
  package init(in parent: String, disk: Disk) throws(Diagnostic) {
    self.disk = disk
    try disk.makeFolders(parent)
    try Self.clearAbandoned(in: parent, disk: disk)
    // Another process can take a folder that is not locked yet for a dead one's; but not for ever.
    for _ in 0..<Self.mostTries {
      let name = "\(parent)/\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
      guard try disk.makeOwnFolder(name) else { continue }
      let lock: FileLock
      do throws(Diagnostic) {
        lock = try disk.lock(name + "/lock", .creating)
      } catch {
        // The folder was not locked yet, and another process removed it as a dead process's folder.
        if access(name, F_OK) != 0 { continue }
        throw error
      }
      if try Self.isTaken(lock, name, disk), access(name + "/lock", F_OK) == 0 {
        self.lock = lock
        path = name
        return
      }
    }
    throw Diagnostic(
      .io, "cannot keep a folder in \(parent): each that was made was removed at once",
      hint: "find out what removes it: nothing else must clean up there")
  }

  private static let mostTries = 100

  /// Takes the lock of a new folder. If the file system has no locks, the folder goes again.
  private static func isTaken(
    _ lock: FileLock, _ folder: String, _ disk: Disk
  ) throws(Diagnostic) -> Bool {
    do throws(Diagnostic) {
      return try lock.tryLock(.exclusive)
    } catch {
      let cause = error
      do throws(Diagnostic) { try disk.remove(folder) } catch { throw cause }
      throw cause
    }
  }

  deinit {
    // If something cannot be removed now, the next process removes it.
    do throws(Diagnostic) { try disk.remove(path) } catch {}
    // Closing alone is not enough: a child that is just being started can still have the lock.
    lock.unlock()
  }

  /// A new path in the folder. No other caller gets the same one.
  package func freshPath(_ suffix: String = "") -> String {
    "\(path)/\(counter.add(1, ordering: .relaxed).newValue)\(suffix)"
  }

  /// Removes the folders of dead processes. A folder that cannot be removed yet stays.
  package static func clearAbandoned(in parent: String, disk: Disk) throws(Diagnostic) {
    if disk.root != nil, FileReader.status(parent)?.kind == .link {
      throw Disk.linked(parent, "open")
    }
    for name in try FileReader.names(in: parent) {
      let folder = parent + "/" + name
      let path = folder + "/lock"
      guard access(path, F_OK) == 0 else {
        // A folder without a lock file is partly removed, or is being created. In that case its
        // creator takes another name.
        if errno == ENOENT, try !disk.removeEmpty(folder), isOld(folder) {
          try disk.remove(folder)
        }
        continue
      }
      // A lock that cannot be opened is another user's, or went away this moment: the folder stays.
      guard let lock = openLock(path, disk) else { continue }
      if try lock.tryLock(.exclusive) { try disk.remove(folder) }
    }
  }

  private static func openLock(_ path: String, _ disk: Disk) -> FileLock? {
    do throws(Diagnostic) { return try disk.lock(path, .existing) } catch { return nil }
  }

  private static func isOld(_ folder: String) -> Bool {
    var status = stat()
    guard stat(folder, &status) == 0 else { return false }
    return time(nil) - status.st_mtim.tv_sec > 3600
  }
}
