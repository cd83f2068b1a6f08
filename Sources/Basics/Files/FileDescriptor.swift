package import Diagnostics
package import Glibc

/// An open file that is closed at the end of its scope.
package struct FileDescriptor: ~Copyable, Sendable {
  package let number: Int32

  /// Opens a file with the flags of `open(2)`. Throws `io`.
  package init(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(Diagnostic) {
    let number = retryingInterrupts { open(path, flags | O_CLOEXEC, mode) }
    guard number >= 0 else {
      throw Disk.failure(flags & O_CREAT != 0 ? "create" : "open", path)
    }
    self.number = number
  }

  /// Opens a file by its name in an open folder. `path` is used in messages.
  init(
    in folder: Int32, _ name: String, _ flags: Int32, mode: mode_t = 0o644, path: String
  ) throws(Diagnostic) {
    let number = retryingInterrupts { openat(folder, name, flags | O_CLOEXEC, mode) }
    guard number >= 0 else {
      throw Disk.failure(flags & O_CREAT != 0 ? "create" : "open", path)
    }
    self.number = number
  }

  /// Takes an open descriptor over.
  init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Writes all bytes. Returns `false` on failure, with the reason in `errno`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    FileDescriptor.write(bytes, to: number)
  }

  /// Writes all bytes to a descriptor that somebody else owns. Returns `false` on failure, with the
  /// reason in `errno`.
  package static func write(_ bytes: UnsafeRawBufferPointer, to number: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = retryingInterrupts { Glibc.write(number, rest.baseAddress, rest.count) }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }

  /// Writes a whole file, which is made or replaced. If that fails, nothing of it is left.
  ///
  /// - Throws: `io`. Foundation's errors would not say whether the disk is full.
  package static func write(file path: String, _ bytes: some Sequence<UInt8>) throws(Diagnostic) {
    let file = try FileDescriptor(path, O_WRONLY | O_CREAT | O_TRUNC)
    guard Array(bytes).withUnsafeBytes({ file.write($0) }) else {
      let failure = Disk.failure("write", path)
      unlink(path)
      throw failure
    }
  }
}
