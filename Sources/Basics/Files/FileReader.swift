package import Diagnostics
import Glibc

/// Reads files in pieces or completely.
package enum FileReader {
  package static let pieceSize = 1 << 18

  /// Calls `body` with the content of a regular file, piece by piece. Links are not followed.
  package static func forEachPiece(
    of path: String, _ body: (UnsafeRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    // Opening a pipe would wait for its writer.
    let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw Disk.failure("read", path) }
    guard [.file, .folder].contains(kind(status.st_mode)) else {
      throw Diagnostic(.io, "cannot read \(path): it is not a regular file")
    }
    // Most files are small: a large buffer for each would cost more than reading it.
    let room = min(pieceSize, max(4096, Int(status.st_size).saturatingAdd(1)))
    var buffer = [UInt8](repeating: 0, count: room)
    while true {
      let count = buffer.withUnsafeMutableBytes { room in
        retryingInterrupts { Glibc.read(file.number, room.baseAddress, room.count) }
      }
      if count == 0 { return }
      guard count > 0 else { throw Disk.failure("read", path) }
      let outcome: Result<Void, Diagnostic> = buffer.withUnsafeBytes { bytes in
        do throws(Diagnostic) {
          return .success(try body(UnsafeRawBufferPointer(rebasing: bytes[..<count])))
        } catch {
          return .failure(error)
        }
      }
      try outcome.get()
    }
  }

  /// The whole content of a regular file; `nil` if the file does not exist.
  package static func contents(_ path: String) throws(Diagnostic) -> [UInt8]? {
    func isMissing() -> Bool { access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR) }
    if isMissing() { return nil }
    var bytes: [UInt8] = []
    do throws(Diagnostic) {
      try forEachPiece(of: path) { piece throws(Diagnostic) in bytes.append(contentsOf: piece) }
    } catch {
      // It may have been removed in between, for example by a publisher that removes its scratch
      // folder.
      if isMissing() { return nil }
      throw error
    }
    return bytes
  }

  /// The names in a folder, sorted by their bytes; empty if the folder does not exist.
  package static func names(in folder: String) throws(Diagnostic) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT || errno == ENOTDIR { return [] }
      throw Disk.failure("list", folder)
    }
    return try names(in: stream, folder)
  }

  /// The names in an open folder, sorted by their bytes. `path` is used in messages.
  static func names(
    in folder: borrowing FileDescriptor, _ path: String
  ) throws(Diagnostic) -> [String] {
    // The stream closes its own descriptor.
    let copy = fcntl(folder.number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else {
      if copy >= 0 { close(copy) }
      throw Disk.failure("list", path)
    }
    rewinddir(stream)
    return try names(in: stream, path)
  }

  private static func names(
    in stream: OpaquePointer, _ folder: String
  ) throws(Diagnostic) -> [String] {
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = name(of: entry)
      if name != ".", name != ".." { names.append(name) }
    }
    // The folder can be removed while it is read.
    guard errno == 0 || errno == ENOENT else { throw Disk.failure("list", folder) }
    return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// The status of a path, without following links; `nil` if it does not exist.
  package static func status(_ path: String) -> FileStatus? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return FileStatus(
      kind: kind(status.st_mode), byteCount: Int(status.st_size),
      identity: .init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)),
      linkCount: Int(status.st_nlink), changed: status.st_ctim.tv_sec)
  }

  /// What a name in an open folder is, without following links; `nil` if nothing is there.
  static func kind(of name: String, in folder: Int32) -> FileStatus.Kind? {
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return kind(status.st_mode)
  }

  private static func kind(_ mode: mode_t) -> FileStatus.Kind {
    switch mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    case S_IFLNK: .link
    default: .other
    }
  }

  /// A symbolic link at a path or below it; `nil` without one.
  package static func anyLink(_ path: String) throws(Diagnostic) -> String? {
    switch status(path)?.kind {
    case .link: return path
    case .folder: return try anyLink(below: path)
    default: return nil
    }
  }

  private static func anyLink(below folder: String) throws(Diagnostic) -> String? {
    guard let stream = opendir(folder) else {
      // A pruner removes releases while a publisher looks at their partition.
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Disk.failure("list", folder)
    }
    defer { closedir(stream) }
    errno = 0
    while let entry = readdir(stream) {
      let kind = Int(entry.pointee.d_type)
      // Most file systems tell the kind, and most names are of files.
      if kind == DT_REG { continue }
      let path = folder + "/" + name(of: entry)
      if path.hasSuffix("/.") || path.hasSuffix("/..") { continue }
      let link =
        switch kind {
        case DT_LNK: path
        case DT_DIR: try anyLink(below: path)
        default: try anyLink(path)
        }
      if let link { return link }
      errno = 0
    }
    guard errno == 0 || errno == ENOENT else { throw Disk.failure("list", folder) }
    return nil
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
  }
}

/// The result of `lstat` for a path.
package struct FileStatus {
  /// What a path leads to.
  package enum Kind { case file, folder, link, other }

  /// Identifies a file: the same for all its hard links.
  package struct Identity: Hashable {
    package var device: UInt64
    package var inode: UInt64

    /// The identity of the file with these numbers.
    package init(device: UInt64, inode: UInt64) {
      self.device = device
      self.inode = inode
    }
  }

  package var kind: Kind
  package var byteCount: Int
  package var identity: Identity
  /// The number of the file's hard links.
  package var linkCount: Int
  /// The time of the last change to its links, mode or content, in seconds since 1970.
  package var changed: Int

  /// A status with these values.
  package init(kind: Kind, byteCount: Int, identity: Identity, linkCount: Int, changed: Int) {
    self.kind = kind
    self.byteCount = byteCount
    self.identity = identity
    self.linkCount = linkCount
    self.changed = changed
  }
}
