import Basics
import CSandbox
package import Diagnostics
import Glibc

/// The folder with a platform's recordings and pictures, or one owner's part of it.
///
/// Object keys come from a database and are not trusted. A key is a path below the root that begins
/// with `prefix`. The folder that the prefix names is opened first, and the rest of the key is
/// resolved beneath its descriptor, so that nothing outside of it can be reached: no link is
/// followed, and a key with `..` is refused. Only regular files are opened.
package struct MediaRoot: Hashable, Sendable {
  package var path: String
  /// What each key must begin with: names of folders that each end in `/`; `""` for all keys.
  package var prefix: String

  /// The folder at `path`, for keys that begin with `prefix`.
  package init(_ path: String, prefix: String = "") {
    self.path = path
    self.prefix = prefix
  }

  /// How a key is resolved. Both ways open the same objects and refuse the same keys.
  package enum Way: Sendable, CaseIterable {
    /// By one call of the kernel, `openat2`; where the kernel or a filter around this process does
    /// not allow it, by walking.
    case kernel
    /// Folder by folder.
    case walk
  }

  /// Opens the object with this key, a path relative to the root.
  ///
  /// - Throws: `configuration` if the root itself cannot be opened; `data` if there is no such
  ///   object, if the key is not below the prefix, if it leads through a link, or if the object is
  ///   not a regular file; `io` for other errors.
  package func open(_ key: String, by way: Way = .kernel) throws(Diagnostic) -> MediaObject {
    if let reason = refusal(of: key) { throw MediaRoot.refused(reason, key) }
    let root = try opened()
    defer { close(root) }
    let rest = String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    let descriptor: Int32
    if prefix.isEmpty {
      descriptor = try MediaRoot.open(rest, beneath: root, yb_file_flags(), way, key)
    } else {
      let folder = try MediaRoot.open(
        String(prefix.dropLast()), beneath: root, yb_folder_flags(), way, key)
      defer { close(folder) }
      descriptor = try MediaRoot.open(rest, beneath: folder, yb_file_flags(), way, key)
    }
    return try MediaObject(adopting: descriptor, key: key)
  }

  /// Why no object can have this key, whatever is in the folder; `nil` if one can.
  package func refusal(of key: String) -> String? {
    if key.isEmpty || key.utf8.contains(0) {
      return "an object's key is empty or holds a zero byte"
    }
    // As bytes: to Swift, a letter and the mark that follows it are one character.
    let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if parts.contains(where: { $0.elementsEqual("..".utf8) }) || parts[0].isEmpty {
      return "this key leads out of the media folder"
    }
    if parts.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) }) {
      return "this key has an empty part or a '.' between its slashes"
    }
    guard key.utf8.starts(with: prefix.utf8) else {
      return "this key does not begin with '\(prefix)', the folder of its owner"
    }
    return nil
  }

  /// Throws `configuration` if the root itself cannot be opened, or nothing in it.
  package func check() throws(Diagnostic) {
    close(try opened())
    guard access(path, X_OK) == 0 else {
      throw Diagnostic(
        .configuration, "no permission to open what is in the media folder", at: .init(file: path),
        hint: "give this user the permission, or configure another folder")
    }
  }

  /// Whether this process may call `openat2`.
  package static var hasKernelWay: Bool {
    let folder = Glibc.open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(folder) }
    let found = yb_open_beneath(folder, ".", yb_folder_flags())
    defer { close(found) }
    return found >= 0
  }

  private func opened() throws(Diagnostic) -> Int32 {
    let root = Glibc.open(path, yb_folder_flags())
    if root >= 0 { return root }
    let code = errno
    throw Diagnostic(
      .configuration, "the media folder cannot be opened: \(String(cString: strerror(code)))",
      at: .init(file: path), hint: "set `media` in yearbook.yaml or YEARBOOK_MEDIA",
      isTransient: MediaRoot.passing.contains(code))
  }

  private static func open(
    _ path: String, beneath folder: Int32, _ flags: Int32, _ way: Way, _ key: String
  ) throws(Diagnostic) -> Int32 {
    if way == .kernel {
      let found = yb_open_beneath(folder, path, flags)
      if found >= 0 { return found }
      // A filter that does not know the call, or cannot look into its arguments, answers with one
      // of these. If the file itself is the reason, walking to it says so again.
      if errno != ENOSYS, errno != EPERM { throw failure(errno, key) }
    }
    return try walk(path, from: folder, flags, key)
  }

  private static func walk(
    _ path: String, from folder: Int32, _ flags: Int32, _ key: String
  ) throws(Diagnostic) -> Int32 {
    let names = path.utf8.split(separator: UInt8(ascii: "/")).map {
      String(decoding: $0, as: UTF8.self)
    }
    var place = folder
    defer { if place != folder { close(place) } }
    for name in names.dropLast() {
      let next = yb_open_name(place, name, yb_folder_flags())
      if next < 0 { throw failure(errno, key) }
      if place != folder { close(place) }
      place = next
    }
    let found = yb_open_name(place, names.last ?? "", flags)
    if found < 0 { throw failure(errno, key) }
    return found
  }

  private static func refused(_ reason: String, _ key: String) -> Diagnostic {
    Diagnostic(.data, reason, at: .init(file: key))
  }

  private static func failure(_ code: Int32, _ key: String) -> Diagnostic {
    switch code {
    case ENOENT, ENOTDIR: refused("there is no such object", key)
    case EXDEV: refused("this key leads out of the media folder", key)
    case ELOOP: refused("this key leads through a symbolic link", key)
    case ENAMETOOLONG: refused("this key is too long", key)
    // A socket, or a FIFO or device that nobody has opened at its other end.
    case ENXIO, ENODEV: refused("this object is not a regular file", key)
    default:
      Diagnostic(
        .io, "this object cannot be opened: \(String(cString: strerror(code)))",
        at: .init(file: key), isTransient: passing.contains(code))
    }
  }

  /// Errors of the machine or of a network's file system that can pass.
  private static let passing: Set<Int32> = [
    EAGAIN, EBUSY, EIO, EMFILE, ENFILE, ENOMEM, ESTALE, ETIMEDOUT,
  ]
}
