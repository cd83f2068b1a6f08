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

  private let gate: Gate?
  /// The permissions that nobody gets, whatever the process's umask; `nil` for the umask's.
  let mask: mode_t?

  /// A disk whose changes first pass `gate`.
  ///
  /// - Parameter mask: The permissions that no new file and folder has, such as `0o077`. All others
  ///   that are asked for are given. Without it, the process's umask decides.
  package init(gate: Gate? = nil, mask: mode_t? = nil) {
    self.gate = gate
    self.mask = mask
  }

  /// The same disk for files that belong to whoever runs the program: their umask decides.
  package var followingUmask: Disk { Disk(gate: gate) }

  /// Creates a folder and its missing parents.
  package func makeFolders(_ path: String) throws(Diagnostic) {
    if access(path, F_OK) == 0 { return }
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

  /// Creates a new file for writing. Throws `io` if it already exists.
  package func create(_ path: String, mode: mode_t = 0o644) throws(Diagnostic) -> FileDescriptor {
    try gate?(.create, path)
    let file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
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
    try gate?(.rename, target)
    guard Glibc.rename(source, target) == 0 else { throw Self.failure("create", target) }
  }

  /// Creates a hard link to a file.
  ///
  /// - Returns: `false` if the target exists, if the file cannot have more links, or if it no
  ///   longer exists.
  package func link(_ source: String, to target: String) throws(Diagnostic) -> Bool {
    try gate?(.link, target)
    if Glibc.link(source, target) == 0 { return true }
    if [EEXIST, EMLINK, EXDEV, EPERM, ENOENT].contains(errno) { return false }
    throw Self.failure("create", target)
  }

  /// Makes everything written to the file system of `folder` durable.
  package func sync(_ folder: String) throws(Diagnostic) {
    try gate?(.sync, folder)
    let descriptor = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
    guard yb_syncfs(descriptor.number) == 0 else { throw Self.failure("write", folder) }
  }

  /// Removes a file, or a folder with its content. Does nothing if the path does not exist.
  package func remove(_ path: String) throws(Diagnostic) {
    guard let status = FileReader.status(path) else { return }
    if status.kind == .folder {
      for name in try FileReader.names(in: path) { try remove(path + "/" + name) }
    }
    try gate?(.remove, path)
    let outcome = status.kind == .folder ? rmdir(path) : unlink(path)
    guard outcome == 0 || errno == ENOENT else { throw Self.failure("remove", path) }
  }

  /// The diagnostic for a system call that has just failed, from `errno`.
  package static func failure(_ verb: String, _ path: String) -> Diagnostic {
    let number = errno
    let hint: String? =
      switch number {
      case ENOSPC, EDQUOT: "free some space there and run again: published releases are kept"
      case EACCES, EPERM: "check who can write there"
      case EROFS: "mount the file system for writing"
      case ENOTDIR: "give the path of a folder"
      default: nil
      }
    return Diagnostic(
      .io, "cannot \(verb) \(path): \(String(cString: strerror(number)))", hint: hint)
  }
}
