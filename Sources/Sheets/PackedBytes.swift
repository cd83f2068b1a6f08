import Basics
import Diagnostics
import Glibc

/// Bytes that are kept in memory up to 1 MiB, and in a file beyond that. Confined to one thread.
final class PackedBytes {
  /// What becomes of the file.
  enum Use {
    /// It has no name any more once it is open, and goes with this object.
    case part
    /// It stays.
    case whole
  }

  private(set) var byteCount = 0
  private let use: Use
  private let place: () -> String
  private var path = ""
  private var buffer: [UInt8] = []
  private var descriptor: Int32 = -1
  private static let limit = 1 << 20

  /// - Parameter place: makes the file's path; called once, and only if a file is needed.
  init(_ use: Use, place: @escaping () -> String) {
    self.use = use
    self.place = place
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ bytes: [UInt8]) throws(Diagnostic) {
    buffer += bytes
    byteCount += bytes.count
    if buffer.count >= Self.limit { try flush() }
  }

  /// All bytes of another, which is not written to any more.
  func append(_ other: PackedBytes) throws(Diagnostic) {
    if other.descriptor >= 0 {
      try other.flush()
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      var offset = 0
      while offset < other.byteCount {
        let start = offset
        let count = chunk.withUnsafeMutableBytes { room in
          retryingInterrupts { pread(other.descriptor, room.baseAddress, room.count, start) }
        }
        guard count > 0 else { throw failure("read") }
        try append(count == chunk.count ? chunk : Array(chunk[..<count]))
        offset += count
      }
    } else {
      try append(other.buffer)
    }
  }

  /// Ends the writing: the bytes, or the file that has them.
  func finish() throws(Diagnostic) -> Workbook.Content {
    if descriptor < 0 { return .bytes(buffer) }
    try flush()
    close(descriptor)
    descriptor = -1
    return .file(path)
  }

  private func flush() throws(Diagnostic) {
    if descriptor < 0 {
      path = place()
      descriptor = retryingInterrupts {
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      }
      if descriptor < 0 { throw failure("created") }
      if use == .part { unlink(path) }
    }
    guard buffer.withUnsafeBytes({ FileDescriptor.write($0, to: descriptor) }) else {
      throw failure("written")
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure(_ what: String) -> Diagnostic {
    let isFull = errno == ENOSPC
    return Diagnostic(
      .io, "a workbook can't be \(what): error \(errno)",
      hint: isFull ? "the disk is full: free some space, then run the same command again" : nil)
  }
}
