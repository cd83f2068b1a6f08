import CFiles
package import Diagnostics
import Glibc

/// Links and moves, on file systems that cannot do all of them.
extension Disk {
  /// What came of a hard link.
  package enum LinkOutcome: Sendable {
    case made
    /// The target exists.
    case taken
    /// The file system cannot make this link: it has none, or the file has too many, or is gone.
    case impossible
  }

  /// Creates a hard link to a file.
  ///
  /// File systems refuse links with many different numbers. So all that do not speak of the disk
  /// itself mean the same: copy the file.
  package func link(_ source: String, to target: String) throws(Diagnostic) -> LinkOutcome {
    try gate?(.link, target)
    return try at(source, "create") { from, old throws(Diagnostic) in
      try at(target, "create") { to, new throws(Diagnostic) in
        if linkat(from, old, to, new, 0) == 0 { return .made }
        if errno == EEXIST { return .taken }
        if Self.isOfTheDisk(errno) { throw Self.failure("create", target) }
        return .impossible
      }
    }
  }

  /// Gives a finished file a name that nobody has. Never replaces a file.
  ///
  /// The source can be gone afterwards. Where the file system can neither link nor refuse to
  /// replace, the name is looked up first. So the caller must hold a lock that all others take who
  /// want the same name.
  ///
  /// - Returns: `false` if the name is taken.
  package func claim(_ source: String, as target: String) throws(Diagnostic) -> Bool {
    switch try link(source, to: target) {
    case .made: return true
    case .taken:
      // Over NFS a link can be made, its reply lost, and the second try find it.
      let ours = FileReader.status(source)?.identity
      return ours != nil && ours == FileReader.status(target)?.identity
    case .impossible: break
    }
    return try at(source, "create") { from, old throws(Diagnostic) in
      try at(target, "create") { to, new throws(Diagnostic) in
        if yb_rename_new(from, old, to, new) == 0 { return true }
        if errno == EEXIST { return false }
        guard Self.isUnsupported(errno) else { throw Self.failure("create", target) }
        if FileReader.kind(of: new, in: to) != nil { return false }
        guard renameat(from, old, to, new) == 0 else { throw Self.failure("create", target) }
        return true
      }
    }
  }

  /// Moves a file or folder in one step. Replaces an existing file.
  ///
  /// - Returns: `false` if the file system cannot move it, and nothing was changed: a folder that
  ///   comes with a container's image (overlayfs), or a target on another file system.
  package func move(_ source: String, to target: String) throws(Diagnostic) -> Bool {
    try gate?(.rename, target)
    return try at(source, "create") { from, old throws(Diagnostic) in
      try at(target, "create") { to, new throws(Diagnostic) in
        if renameat(from, old, to, new) == 0 { return true }
        guard errno == EXDEV else { throw Self.failure("create", target) }
        return false
      }
    }
  }

  /// Copies a folder with all that is in it. Symbolic links are refused.
  ///
  /// - Parameter target: Must not exist.
  package func copyFolder(_ source: String, to target: String) throws(Diagnostic) {
    try makeFolders(target)
    for name in try FileReader.names(in: source) {
      let (from, to) = (source + "/" + name, target + "/" + name)
      switch FileReader.status(from)?.kind {
      case .folder: try copyFolder(from, to: to)
      case .file:
        if try link(from, to: to) == .made { continue }
        let copy = try create(to, mode: Self.mode(from).map { $0 & 0o777 } ?? 0o644)
        try FileReader.forEachPiece(of: from) { piece throws(Diagnostic) in
          try write(piece, to: copy, at: to)
        }
      case .link: throw Self.linked(from, "open")
      case .other, nil:
        throw Diagnostic(.io, "cannot copy \(from): it is neither a file nor a folder")
      }
    }
  }

  /// Whether a number speaks of the disk or the path itself. Then another way to do the same fails
  /// too, and must not hide it.
  static func isOfTheDisk(_ number: Int32) -> Bool {
    [
      EIO, ENOSPC, EDQUOT, EFBIG, EROFS, ENAMETOOLONG, ELOOP, ENOTDIR, ENOMEM, ESTALE, ENODEV,
      ENXIO,
    ]
    .contains(number)
  }

  /// Whether a number says that a call, or one of its flags, is not known or not allowed here.
  static func isUnsupported(_ number: Int32) -> Bool {
    [EINVAL, ENOSYS, EOPNOTSUPP, EPERM, ENOTTY].contains(number)
  }
}
