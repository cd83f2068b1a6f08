import Basics
import Diagnostics
import Glibc

/// Bytes that are kept in memory up to 1 MiB, and in a file beyond that.
final class TableBytes {
  private var buffer: [UInt8] = []
  private let place: () -> String
  private var path = ""
  private var descriptor: Int32 = -1
  private static let limit = 1 << 20

  /// - Parameter place: makes the file's path; called once, and only if a file is needed.
  init(place: @escaping () -> String) { self.place = place }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }
  func append(_ byte: UInt8) { buffer.append(byte) }

  /// Moves the bytes to the file if there are many. Call it between rows.
  func spill() throws {
    if buffer.count >= TableBytes.limit { try flush() }
  }

  /// Ends the writing and returns what was written.
  func finish() throws -> StageOutput.Content {
    if descriptor < 0 { return .bytes(buffer) }
    try flush()
    close(descriptor)
    descriptor = -1
    return .file(path)
  }

  private func flush() throws {
    if descriptor < 0 {
      path = place()
      descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor < 0 { throw failure() }
    }
    let isWritten = buffer.withUnsafeBytes { FileDescriptor.write($0, to: descriptor) }
    if !isWritten { throw failure() }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure() -> Diagnostic {
    let isFull = errno == ENOSPC
    return Diagnostic(
      .io, "a table can't be written: error \(errno)",
      hint: isFull ? "the disk is full: free some space, then run the same command again" : nil)
  }
}
