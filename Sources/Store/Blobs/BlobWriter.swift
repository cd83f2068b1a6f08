import Basics
package import Diagnostics
import Glibc

/// Writes and hashes one blob piece by piece. Leaves nothing behind unless `finish` returns.
///
/// A small content stays in memory until `finish`. It is written only if the workspace does not
/// have it.
package final class BlobWriter {
  private let store: BlobStore
  private let tenant: String
  private var hasher = SHA256Hasher()
  private var buffer: [UInt8] = []
  private var path: String?
  private var isFinished = false
  /// The number of bytes written so far.
  package private(set) var byteCount = 0

  private static let bufferSize = 1 << 18

  init(store: BlobStore, tenant: String) {
    self.store = store
    self.tenant = tenant
  }

  deinit {
    if let path, !isFinished { store.discard(path) }
  }

  /// Appends bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    precondition(!isFinished, "a finished blob was written to")
    buffer.append(contentsOf: bytes)
    byteCount += bytes.count
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Appends bytes.
  package func write(_ bytes: [UInt8]) throws(Diagnostic) {
    precondition(!isFinished, "a finished blob was written to")
    buffer.append(contentsOf: bytes)
    byteCount += bytes.count
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Ends the content and gives the blob its name.
  package func finish() throws(Diagnostic) -> Blob {
    precondition(!isFinished, "a blob was finished twice")
    guard path != nil else {
      isFinished = true
      return try store.put(buffer, tenant: tenant)
    }
    try flush()
    guard let path else { preconditionFailure("a flushed blob has a file") }
    let blob = Blob(digest: hasher.digest(), byteCount: byteCount)
    if !store.isWhole(blob, tenant: tenant) {
      try store.place(path, as: blob, tenant: tenant)
      isFinished = true
    }
    return blob
  }

  /// Opens the file only to write a piece: a batch can have a thousand unfinished blobs.
  private func flush() throws(Diagnostic) {
    hasher.update(buffer)
    let outcome: Result<Void, Diagnostic> = buffer.withUnsafeBytes { bytes in
      do throws(Diagnostic) {
        let file: FileDescriptor
        let target: String
        if let path {
          target = path
          file = try FileDescriptor(path, O_WRONLY | O_APPEND)
        } else {
          target = store.scratchPath()
          file = try store.disk.create(target)
          path = target
        }
        return .success(try store.disk.write(bytes, to: file, at: target))
      } catch {
        return .failure(error)
      }
    }
    try outcome.get()
    buffer.removeAll(keepingCapacity: true)
  }
}
