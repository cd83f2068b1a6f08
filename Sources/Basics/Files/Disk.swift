import CFiles
package import Diagnostics
package import Glibc
import Synchronization

/// Makes all changes to the store and the workspace. Each change is one call, so that a test can
/// make the Nth change fail.
package final class Disk: Sendable {
  /// The kind of a change.
  package enum Operation: Sendable {
    case makeFolder, create, write, sync, rename, link, remove
  }

  /// Called before each change. If it throws, the change is not made.
  package typealias Gate = @Sendable (Operation, String) throws(Diagnostic) -> Void

  let gate: Gate?
  /// No change follows a link below this folder; `nil` leaves links to the system.
  let root: String?
  /// The permissions that nobody gets, whatever the process's umask; `nil` for the umask's.
  let mask: mode_t?

  /// A disk whose changes first pass `gate`.
  ///
  /// - Parameter mask: The permissions that no new file and folder has, such as `0o077`. All others
  ///   that are asked for are given. Without it, the process's umask decides.
  package convenience init(gate: Gate? = nil, mask: mode_t? = nil) {
    self.init(root: nil, gate: gate, mask: mask)
  }

  private init(root: String?, gate: Gate?, mask: mode_t?) {
    self.root = root
    self.gate = gate
    self.mask = mask
  }

  /// The same disk for files that belong to whoever runs the program: their umask decides.
  package var followingUmask: Disk { Disk(root: root, gate: gate, mask: nil) }

  /// The same disk, but no change below `root` follows a symbolic link: it throws instead.
  ///
  /// Each change walks from `root` to its place, one folder at a time. So it also holds if somebody
  /// puts a link there meanwhile. `root` itself can be a link, and other paths are as they were.
  package func rooted(at root: String) -> Disk { Disk(root: root, gate: gate, mask: mask) }

  /// Creates a folder and its missing parents.
  package func makeFolders(_ path: String) throws(Diagnostic) {
    // Also through a link: nothing is changed here, and whoever writes into the folder walks to it.
    if access(path, F_OK) == 0 { return }
    if let parts = parts(path) { return try makeFolders(parts, at: path) }
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    if !parent.isEmpty, parent != path { try makeFolders(parent) }
    try gate?(.makeFolder, path)
    if mkdir(path, 0o755) == 0 {
      try settle(path, 0o755)
    } else if errno != EEXIST {
      throw Self.failure("create", path)
    }
  }

  private func makeFolders(_ parts: [String], at path: String) throws(Diagnostic) {
    var walk = try FolderWalk(root ?? "")
    for part in parts {
      if try walk.enter(part) { continue }
      try gate?(.makeFolder, walk.path + "/" + part)
      let isNew = mkdirat(walk.folder.number, part, 0o755) == 0
      if !isNew, errno != EEXIST { throw Self.failure("create", path) }
      guard try walk.enter(part) else {
        errno = ENOENT
        throw Self.failure("create", path)
      }
      if isNew { try settle(walk.folder.number, walk.path, 0o755) }
    }
  }

  /// Creates a folder that must not exist yet, for this process alone. Its parent must exist.
  ///
  /// - Returns: `false` if the path exists.
  func makeOwnFolder(_ path: String) throws(Diagnostic) -> Bool {
    try at(path, "create") { folder, name throws(Diagnostic) in
      if mkdirat(folder, name, 0o700) == 0 { return true }
      if errno == EEXIST { return false }
      throw Self.failure("create", path)
    }
  }

  /// Removes a folder if it is empty. Returns whether it is gone.
  func removeEmpty(_ path: String) throws(Diagnostic) -> Bool {
    try at(path, "remove") { folder, name throws(Diagnostic) in
      unlinkat(folder, name, Int32(AT_REMOVEDIR)) == 0
    }
  }

  /// Opens a lock file without locking it, as `FileLock(_:_:mode:)` does.
  package func lock(
    _ path: String, _ opening: FileLock.Opening, mode: mode_t = 0o600
  ) throws(Diagnostic) -> FileLock {
    try at(path, "open") { folder, name throws(Diagnostic) in
      try FileLock(in: folder, name, path, opening, mode: mode, on: self)
    }
  }

  /// Creates a new file for writing. Throws `io` if it already exists.
  package func create(_ path: String, mode: mode_t = 0o644) throws(Diagnostic) -> FileDescriptor {
    try gate?(.create, path)
    let file = try at(path, "create") { folder, name throws(Diagnostic) in
      try FileDescriptor(
        in: folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode, path: path)
    }
    try settle(file.number, path, mode)
    return file
  }

  /// Writes all bytes to an open file. `path` is used in messages.
  package func write(
    _ bytes: UnsafeRawBufferPointer, to file: borrowing FileDescriptor, at path: String
  ) throws(Diagnostic) {
    try gate?(.write, path)
    guard file.write(bytes) else { throw Self.failure("write", path) }
  }

  /// Creates a new file with this content.
  package func create(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws(Diagnostic) {
    let file = try create(path, mode: mode)
    try write(bytes, to: file, at: path)
  }

  /// Writes all bytes to an open file. `path` is used in messages.
  package func write(
    _ bytes: [UInt8], to file: borrowing FileDescriptor, at path: String
  ) throws(Diagnostic) {
    var failure: Diagnostic?
    bytes.withUnsafeBytes { buffer in
      do throws(Diagnostic) {
        try write(buffer, to: file, at: path)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Moves a file or folder within one file system. Replaces an existing target.
  package func rename(_ source: String, to target: String) throws(Diagnostic) {
    guard try move(source, to: target) else {
      errno = EXDEV
      throw Self.failure("create", target)
    }
  }

  /// Makes everything written to the file system of `folder` durable.
  package func sync(_ folder: String) throws(Diagnostic) {
    try gate?(.sync, folder)
    let descriptor = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
    if yb_syncfs(descriptor.number) == 0 { return }
    guard Self.isUnsupported(errno) else { throw Self.failure("write", folder) }
    // The kernel, or a filter around this process, does not know the call. The older one waits for
    // all file systems.
    Glibc.sync()
  }

  /// Removes a file, or a folder with its content. A link is removed, not what it leads to. Does
  /// nothing if the path does not exist.
  package func remove(_ path: String) throws(Diagnostic) {
    guard FileReader.status(path) != nil else { return }
    try at(path, "remove") { folder, name throws(Diagnostic) in
      try remove(name, in: folder, path)
    }
  }

  private func remove(
    _ name: String, in folder: Int32, _ path: String
  ) throws(Diagnostic) {
    guard let kind = FileReader.kind(of: name, in: folder) else { return }
    if kind == .folder {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
      let inner = try FileDescriptor(in: folder, name, flags, path: path)
      for name in try FileReader.names(in: inner, path) {
        try remove(name, in: inner.number, path + "/" + name)
      }
    }
    try gate?(.remove, path)
    let outcome = unlinkat(folder, name, kind == .folder ? Int32(AT_REMOVEDIR) : 0)
    guard outcome == 0 || errno == ENOENT else { throw Self.failure("remove", path) }
  }

  /// The diagnostic for a system call that has just failed, from `errno`.
  package static func failure(_ verb: String, _ path: String) -> Diagnostic {
    let number = errno
    if number == ELOOP { return linked(path, verb) }
    let hint: String? =
      switch number {
      case ENOSPC, EDQUOT: "free some space there and run again: published releases are kept"
      case EACCES, EPERM: "check who can write there"
      case EFBIG: "raise the limit on the size of files (ulimit -f), or use another file system"
      case EROFS: "mount the file system for writing"
      case ENOTDIR: "give the path of a folder"
      case EXDEV:
        "it would have to be moved to another file system, or comes with a container's image; put"
          + " the whole folder on one volume"
      case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL:
        "this file system, or a filter around the program, does not support it: to see what works"
          + " there, run yearbook doctor"
      default: nil
      }
    return Diagnostic(
      .io, "cannot \(verb) \(path): \(String(cString: strerror(number)))", hint: hint)
  }

  /// The diagnostic for a symbolic link where none must be.
  package static func linked(_ link: String, _ verb: String = "write") -> Diagnostic {
    Diagnostic(
      .io, "cannot \(verb) \(link): it is a symbolic link, or leads through one",
      hint: "find out who made the link and remove it; nothing is read or written through it")
  }
}

extension Disk {
  /// The names below the root that lead to a path; `nil` for a path that is not below it.
  func parts(_ path: String) -> [String]? {
    guard let root, path.hasPrefix(root + "/") else { return nil }
    return path.dropFirst(root.utf8.count + 1).split(separator: "/").map(String.init)
  }

  /// Calls `body` with the open folder that holds a path, and with the name in that folder.
  func at<T: ~Copyable>(
    _ path: String, _ verb: String, _ body: (Int32, String) throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T {
    guard let parts = parts(path), let name = parts.last else { return try body(AT_FDCWD, path) }
    var walk = try FolderWalk(root ?? "")
    try walk.enter(all: parts.dropLast(), for: path, verb)
    return try body(walk.folder.number, name)
  }
}
