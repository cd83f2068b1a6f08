import Basics
package import Diagnostics
import Glibc

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
