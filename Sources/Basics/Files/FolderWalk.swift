import CFiles
import Diagnostics
import Glibc

/// A way down from a folder that never follows a symbolic link.
struct FolderWalk: ~Copyable {
  /// Where the walk is now.
  private(set) var folder: FileDescriptor
  /// The same place, for messages.
  private(set) var path: String

  /// Begins at a folder, which itself can be a link.
  init(_ root: String) throws(Diagnostic) {
    folder = try FileDescriptor(root, O_RDONLY | O_DIRECTORY)
    path = root
  }

  /// Goes one folder down.
  ///
  /// - Returns: `false` if nothing is there.
  /// - Throws: `.io` for a link and for anything else that is not a folder.
  mutating func enter(_ name: String) throws(Diagnostic) -> Bool {
    let next = path + "/" + name
    guard name != ".", name != ".." else {
      throw Diagnostic(.bug, "\(next) is not a path of plain names")
    }
    let number = retryingInterrupts {
      openat(folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    if number < 0 {
      if errno == ENOENT { return false }
      let reason = errno
      if FileReader.kind(of: name, in: folder.number) == .link {
        throw Disk.linked(next, "open")
      }
      errno = reason
      throw Disk.failure("open", next)
    }
    folder = FileDescriptor(owning: number)
    path = next
    return true
  }

  /// Goes down through folders that must exist.
  ///
  /// - Parameters:
  ///   - target: What the walk is for, and what is to be done with it, for messages.
  mutating func enter(
    all names: some Collection<String>, for target: String, _ verb: String
  ) throws(Diagnostic) {
    if names.isEmpty { return }
    if !names.contains(where: { $0 == "." || $0 == ".." }) {
      // One call of the kernel, which follows no link either. Where it fails, for whatever reason,
      // the way is walked, which says why.
      let way = names.joined(separator: "/")
      let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      let number = retryingInterrupts { yb_open_beneath(folder.number, way, flags) }
      if number >= 0 {
        folder = FileDescriptor(owning: number)
        path += "/" + way
        return
      }
    }
    for name in names where try !enter(name) {
      errno = ENOENT
      throw Disk.failure(verb, target)
    }
  }
}
