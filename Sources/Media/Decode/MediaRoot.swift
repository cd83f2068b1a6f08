import Basics
import CSandbox
package import Diagnostics
import Glibc

/// The folder with a platform's recordings and pictures.
///
/// Object keys come from a database and are not trusted. The kernel resolves them below this
/// folder, does not follow links and allows no way out. Only regular files are opened.
package struct MediaRoot: Hashable, Sendable {
  package var path: String

  /// The folder at `path`.
  package init(_ path: String) { self.path = path }

  /// Opens the object with this key, a path relative to the root.
  ///
  /// - Throws: `configuration` if the root itself cannot be opened; `data` if there is no such
  ///   object, if the key leads outside or through a link, or if the object is not a regular file;
  ///   `io` for other errors.
  package func open(_ key: String) throws(Diagnostic) -> MediaObject {
    let root = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if root < 0 {
      throw Diagnostic(
        .configuration, "the media folder cannot be opened: \(String(cString: strerror(errno)))",
        at: .init(file: path), hint: "set `media` in yearbook.yaml or YEARBOOK_MEDIA")
    }
    defer { close(root) }
    if key.isEmpty || key.utf8.contains(0) {
      throw Diagnostic(.data, "an object's key is empty or holds a zero byte")
    }
    let descriptor = yb_open_beneath(root, key)
    if descriptor < 0 { throw MediaRoot.refusal(errno, key: key) }
    return try MediaObject(adopting: descriptor, key: key)
  }

  private static func refusal(_ code: Int32, key: String) -> Diagnostic {
    let subject = Diagnostic.Subject(file: key)
    return switch code {
    case ENOENT, ENOTDIR: Diagnostic(.data, "there is no such object", at: subject)
    case EXDEV: Diagnostic(.data, "this key leads out of the media folder", at: subject)
    case ELOOP: Diagnostic(.data, "this key leads through a symbolic link", at: subject)
    case ENAMETOOLONG: Diagnostic(.data, "this key is too long", at: subject)
    // A socket, or a FIFO or device that nobody has opened at its other end.
    case ENXIO, ENODEV: Diagnostic(.data, "this object is not a regular file", at: subject)
    default:
      Diagnostic(
        .io, "this object cannot be opened: \(String(cString: strerror(code)))", at: subject)
    }
  }
}

/// One open recording or picture. Its digest and its decoding use the same descriptor, so that
/// nobody can replace the file in between. It is read by offset, so that several readers can share
/// it.
package final class MediaObject {
  /// The object's key, or the path that it was opened with.
  package let key: String
  /// The size in bytes when it was opened.
  package let size: Int
  /// The time of its last change, in nanoseconds since 1970.
  package let modified: Int64
  let descriptor: Int32

  /// Opens one of our own files by its path. Links are followed.
  package convenience init(path: String) throws(Diagnostic) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    if descriptor < 0 { throw FileSink.failure("cannot open this file", path) }
    try self.init(adopting: descriptor, key: path)
  }

  init(adopting descriptor: Int32, key: String) throws(Diagnostic) {
    self.descriptor = descriptor
    self.key = key
    var status = stat()
    let result = fstat(descriptor, &status)
    size = Int(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    if result != 0 { throw FileSink.failure("cannot read this object", key) }
    if status.st_mode & S_IFMT != S_IFREG {
      throw Diagnostic(.data, "this object is not a regular file", at: .init(file: key))
    }
  }

  deinit { close(descriptor) }

  /// Calls `body` with the object's bytes from start to end, in blocks of at most 1 MiB.
  ///
  /// - Throws: `io` if the object cannot be read, and what `body` throws.
  package func forEachBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { room.deallocate() }
    var offset = 0
    while true {
      let count = retryingInterrupts { pread(descriptor, room.baseAddress, room.count, offset) }
      if count < 0 { throw FileSink.failure("cannot read this object", key) }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: room[..<count]))
      offset += count
    }
  }
}
