package import Diagnostics
package import Glibc

extension Disk {
  /// Gives a new file or folder of ours the permissions that this disk's mask leaves of `mode`.
  ///
  /// The bit that hands a folder's group on to what is made in it stays.
  ///
  /// - Parameters:
  ///   - descriptor: The open file or folder.
  ///   - path: Its path, for messages.
  package func settle(
    _ descriptor: Int32, _ path: String, _ mode: mode_t
  ) throws(Diagnostic) {
    var status = stat()
    guard let mask, fstat(descriptor, &status) == 0 else { return }
    let (now, wanted) = (status.st_mode, mode & ~mask)
    guard now & 0o777 != wanted, fchmod(descriptor, wanted | now & S_ISGID) != 0 else { return }
    // Some file systems have no permissions of their own. It is a fault only if somebody could read
    // what they must not.
    if now & mask & 0o077 != 0, mask & 0o077 != 0o022 { throw Self.failure("protect", path) }
  }

  /// The same by its path. A link is not followed.
  package func settle(_ path: String, _ mode: mode_t) throws(Diagnostic) {
    if mask == nil { return }
    let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW)
    try settle(file.number, path, mode)
  }

  /// Takes the permissions that this disk's mask forbids from an existing file or folder. Never
  /// gives any.
  ///
  /// - Returns: Whether it has none of them now.
  package func narrow(_ path: String) -> Bool {
    guard let mask, let now = Self.mode(path), now & mask & 0o777 != 0 else { return true }
    return chmod(path, now & ~mask & 0o7777) == 0
  }

  /// The permissions of what a path leads to; `nil` if nothing is there.
  package static func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
  }
}
