import FoundationEssentials
import Glibc

/// A new folder. It is removed when its last reference is released, whatever the modes of its
/// files.
package final class TemporaryFolder: Sendable {
  /// The absolute path, without links.
  package let path: String

  /// - Parameter parent: The parent folder; `/tmp` by default.
  package init(in parent: String = "/tmp") throws {
    var name = Array("\(parent)/yb-test-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw POSIXFailure(errno) }
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    Self.openUp(path)
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      print("cannot remove \(path): \(error)")
    }
  }

  /// Makes all folders writable, because an ordinary user cannot empty a read-only folder.
  private static func openUp(_ folder: String) {
    chmod(folder, 0o700)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
    for name in names {
      var status = stat()
      let path = folder + "/" + name
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { openUp(path) }
    }
  }
}

/// A system error number.
package struct POSIXFailure: Error, CustomStringConvertible {
  package var number: Int32

  package init(_ number: Int32) { self.number = number }

  package var description: String { String(cString: strerror(number)) }
}

/// Runs `body` with the path of a new folder, which is removed afterwards.
///
/// - Parameter inMemory: Whether the folder can be in memory, where nothing waits for a disk.
package func withTemporaryFolder<T>(
  inMemory: Bool = false, _ body: (_ path: String) throws -> T
) throws -> T {
  let memory = "/dev/shm"
  let folder = try TemporaryFolder(in: inMemory && access(memory, W_OK) == 0 ? memory : "/tmp")
  return try withExtendedLifetime(folder) { try body(folder.path) }
}
