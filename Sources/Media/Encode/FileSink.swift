import Basics
import Diagnostics
import Glibc

/// A new file, written from start to end through a buffer.
final class FileSink {
  private let path: String
  private var descriptor: Int32
  private var pending: [UInt8] = []

  init(path: String) throws(Diagnostic) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw FileSink.failure("cannot create this file", path) }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  func write(_ bytes: [UInt8]) throws(Diagnostic) {
    pending += bytes
    if pending.count >= 1 << 18 { try flush() }
  }

  func close() throws(Diagnostic) {
    try flush()
    let status = Glibc.close(descriptor)
    descriptor = -1
    if status != 0 { throw FileSink.failure("cannot write this file", path) }
  }

  private func flush() throws(Diagnostic) {
    let isWritten = pending.withUnsafeBytes { FileDescriptor.write($0, to: descriptor) }
    if !isWritten { throw FileSink.failure("cannot write this file", path) }
    pending.removeAll(keepingCapacity: true)
  }

  /// An `io` diagnostic with the system's error text.
  static func failure(_ what: String, _ path: String) -> Diagnostic {
    let code = errno
    return Diagnostic(
      .io, "\(what): \(String(cString: strerror(code)))", at: .init(file: path),
      hint: code == ENOSPC ? "free some space and run again" : nil)
  }
}

/// Reads whole files.
enum FileSource {
  static func size(of path: String) throws(Diagnostic) -> Int {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw FileSink.failure("cannot open this file", path) }
    defer { close(descriptor) }
    return try size(of: descriptor, path)
  }

  /// The decimal number at the start of a system file.
  static func firstNumber(of path: String) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &buffer, buffer.count)
    let digits = buffer.prefix(max(0, count)).prefix { (48...57).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  /// The file's bytes, or the first `limit` of them.
  static func bytes(of path: String, limit: Int = .max) throws(Diagnostic) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw FileSink.failure("cannot open this file", path) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: min(limit, try size(of: descriptor, path)))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { room in
        retryingInterrupts {
          pread(descriptor, room.baseAddress.map { $0 + done }, room.count - done, done)
        }
      }
      if count < 0 { throw FileSink.failure("cannot read this file", path) }
      if count == 0 { break }
      done += count
    }
    bytes.removeLast(bytes.count - done)
    return bytes
  }

  private static func size(of descriptor: Int32, _ path: String) throws(Diagnostic) -> Int {
    let size = lseek(descriptor, 0, SEEK_END)
    if size < 0 { throw FileSink.failure("cannot read this file", path) }
    return size
  }
}
