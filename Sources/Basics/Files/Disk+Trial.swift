import CFiles
package import Diagnostics
import Glibc

extension Disk {
  /// Throws if nothing can be written in an existing folder. Changes nothing in it.
  ///
  /// A file without a name is written and let go. Where the file system knows none, the system is
  /// only asked for the permission.
  package func tryWriting(in folder: String) throws(Diagnostic) {
    try gate?(.write, folder)
    let number = retryingInterrupts {
      open(folder, yb_unnamed_file_flag() | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o600)
    }
    if number >= 0 {
      let file = FileDescriptor(owning: number)
      return try withUnsafeBytes(of: UInt8(0)) { byte throws(Diagnostic) in
        guard file.write(byte) else { throw Self.failure("write in", folder) }
      }
    }
    guard Self.isUnsupported(errno) || errno == EISDIR,
      access(folder, W_OK | X_OK) == 0
    else { throw Self.failure("write in", folder) }
  }

  /// Throws if this user is not allowed to write in an existing folder.
  package func askForWriting(in folder: String) throws(Diagnostic) {
    guard access(folder, W_OK | X_OK) == 0 else { throw Self.failure("write in", folder) }
  }
}

/// What a file system can do, tried in a folder of it.
///
/// Publishing works without most of it, in ways that take more time or room.
package struct FileSystemTrial: Sendable {
  /// Whether a file can have two names: else equal files of releases are copied.
  package var hasLinks = false
  /// Whether a file can be moved to a name only if that is free, also without links.
  package var hasExclusiveNames = false
  /// Whether folders can be moved in one step.
  package var movesFolders = false
  /// Whether locks keep others away.
  package var hasLocks = false
  /// Whether what was written can be made durable.
  package var syncs = false
  /// Whether files keep the permissions that they are given.
  package var keepsModes = false
  /// Whether the kernel opens paths without links in one call (openat2).
  package var opensBeneath = false
  /// `nil` if the file system does not tell.
  package var freeBytes: Int?

  /// Tries all of it in a new folder below `parent`, which it removes.
  ///
  /// - Throws: `.io` if nothing can be written there.
  package init(in parent: String, disk: Disk = Disk()) throws(Diagnostic) {
    freeBytes = FreeSpace.bytes(at: parent)
    let folder =
      "\(parent)/.trial-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    try disk.makeFolders(folder)
    do throws(Diagnostic) {
      try run(folder, disk)
    } catch {
      let cause = error
      do throws(Diagnostic) { try disk.remove(folder) } catch { throw cause }
      throw cause
    }
    try disk.remove(folder)
  }

  private mutating func run(_ folder: String, _ disk: Disk) throws(Diagnostic) {
    let file = folder + "/file"
    try disk.create(file, [0x0A], mode: 0o600)
    keepsModes = Disk.mode(file) == 0o600
    hasLinks = try disk.link(file, to: folder + "/link") == .made
    try disk.create(folder + "/new", [0x0A])
    hasExclusiveNames =
      yb_rename_new(AT_FDCWD, folder + "/new", AT_FDCWD, folder + "/free") == 0
    try disk.makeFolders(folder + "/one/two")
    movesFolders = try disk.move(folder + "/one", to: folder + "/moved")
    hasLocks = Self.works { () throws(Diagnostic) in
      let (one, two) = (try FileLock(folder + "/lock"), try FileLock(folder + "/lock"))
      guard try one.tryLock(.exclusive) else { return false }
      return try !two.tryLock(.exclusive)
    }
    syncs = Self.works { () throws(Diagnostic) in
      try disk.sync(folder)
      return true
    }
    let beneath = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
    let number = yb_open_beneath(beneath.number, "moved", UInt64(O_RDONLY | O_CLOEXEC))
    opensBeneath = number >= 0
    if number >= 0 { close(number) }
  }

  private static func works(_ body: () throws(Diagnostic) -> Bool) -> Bool {
    do throws(Diagnostic) { return try body() } catch { return false }
  }

  /// What does not work at all without this: a store or workspace cannot be there. `nil` if nothing
  /// is missing.
  package var fault: String? {
    if !hasLocks { return "its file system has no working locks" }
    if !syncs { return "its file system cannot make files durable" }
    return nil
  }

  /// What works in another way, one line each.
  package var notes: [String] {
    var notes: [String] = []
    if !hasLinks { notes.append("no hard links: equal files of releases are copied") }
    if !movesFolders { notes.append("folders cannot be moved: they are removed in place") }
    if !keepsModes { notes.append("permissions cannot be set: the mount decides who can read") }
    if !opensBeneath { notes.append("openat2 is not allowed: paths are opened folder by folder") }
    if freeBytes == nil { notes.append("it does not tell how much is free") }
    return notes
  }
}
