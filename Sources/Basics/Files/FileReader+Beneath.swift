import CFiles
package import Diagnostics
import Glibc

extension FileReader {
  /// Opens a regular file below a folder. No part of the path below it is a symbolic link.
  ///
  /// - Parameters:
  ///   - root: The folder. Its own path can have links.
  ///   - path: A relative path without `.` and `..`.
  /// - Returns: The open file and its size in bytes; `nil` if nothing is there, or no regular file.
  /// - Throws: `.io` if it cannot be opened, or if a link is on the way.
  package static func open(
    beneath root: String, _ path: String
  ) throws(Diagnostic) -> OpenFile? {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !names.contains(where: { ["", ".", ".."].contains($0) }) else { return nil }
    guard FileReader.status(root) != nil else { return nil }
    let folder = try FileDescriptor(root, O_RDONLY | O_DIRECTORY)
    // Opening a pipe would wait for its writer.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW
    var number = retryingInterrupts { yb_open_beneath(folder.number, path, UInt64(flags)) }
    if number < 0, errno == ENOSYS || errno == EPERM {
      number = walk(from: folder.number, names, flags)
    }
    if number < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      if errno == ELOOP { throw Disk.linked(root + "/" + path, "open") }
      throw Disk.failure("open", root + "/" + path)
    }
    let file = FileDescriptor(owning: number)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw Disk.failure("read", root + "/" + path) }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    return OpenFile(file, path: root + "/" + path, byteCount: Int(status.st_size))
  }

  /// The whole content of a regular file below a folder, as `open` finds it; `nil` if there is
  /// none.
  ///
  /// - Parameter most: A longer file is an error.
  package static func contents(
    beneath root: String, _ path: String, most: Int
  ) throws(Diagnostic) -> [UInt8]? {
    guard let file = try open(beneath: root, path) else { return nil }
    guard file.byteCount <= most else {
      throw Diagnostic(.io, "\(root)/\(path) is longer than \(most) bytes")
    }
    return try file.read(at: 0, count: file.byteCount)
  }

  /// The same without `openat2`, which kernels before 5.6 and some filters do not have.
  private static func walk(
    from folder: Int32, _ names: [Substring], _ flags: Int32
  ) -> Int32 {
    var at = folder
    for (index, name) in names.enumerated() {
      let isLast = index == names.count - 1
      let wanted = isLast ? flags : O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
      let next = retryingInterrupts { openat(at, String(name), wanted) }
      let reason = errno
      if at != folder { close(at) }
      errno = reason
      if next < 0 { return next }
      at = next
    }
    return at
  }
}

/// An open file that is read piece by piece, from any place. Threads can share it.
package final class OpenFile: Sendable {
  /// The size when it was opened.
  package let byteCount: Int
  private let file: FileDescriptor
  private let path: String

  fileprivate init(_ file: consuming FileDescriptor, path: String, byteCount: Int) {
    self.file = file
    self.path = path
    self.byteCount = byteCount
  }

  /// Reads exactly so many bytes. Throws `.io` if the file has fewer there.
  package func read(at offset: Int, count: Int) throws(Diagnostic) -> [UInt8] {
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      while filled < count {
        let got = retryingInterrupts {
          pread(
            file.number, room.baseAddress?.advanced(by: filled), count - filled, offset + filled)
        }
        if got <= 0 {
          failure = got < 0 ? errno : 0
          return
        }
        filled += got
      }
    }
    if let failure {
      if failure == 0 { throw Diagnostic(.io, "\(path) is shorter than it was when it was opened") }
      errno = failure
      throw Disk.failure("read", path)
    }
    return bytes
  }
}
