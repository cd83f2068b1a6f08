import Basics
import Diagnostics
import ObjectStorage
import Transfer

/// The files of a store, in their folders or in a bucket, to be verified. Paths are relative to the
/// store's root.
protocol StoreTree {
  /// What a path itself is, without following links; `nil` if nothing is there.
  func status(_ path: String) -> FileStatus?
  /// The whole content of a regular file; `nil` if there is no such file.
  func contents(_ path: String) throws(Diagnostic) -> [UInt8]?
  /// The names in a folder, sorted by their bytes; empty if there is no such folder.
  func names(in folder: String) throws(Diagnostic) -> [String]
  /// The digest of a file's content. Reads the whole file.
  func digest(_ path: String) throws(Diagnostic) -> SHA256Digest
  /// Runs `body` while no publisher is between a head and the pointer to it.
  func hold<T>(_ partition: ReleasePartition, _ body: () -> T) throws(Diagnostic) -> T
  /// Runs `body` while no publisher is between a page of a folder and the signed list of its pages.
  func hold<T>(folder: String, _ body: () -> T) throws(Diagnostic) -> T
}

/// A store in its folder.
struct StoreFolder: StoreTree {
  let store: ReleaseStore

  func status(_ path: String) -> FileStatus? { FileReader.status(store.path(path)) }

  func contents(_ path: String) throws(Diagnostic) -> [UInt8]? {
    try FileReader.contents(store.path(path))
  }

  func names(in folder: String) throws(Diagnostic) -> [String] {
    try FileReader.names(in: store.path(folder))
  }

  func digest(_ path: String) throws(Diagnostic) -> SHA256Digest {
    try SHA256Digest.ofFile(store.path(path)).digest
  }

  func hold<T>(_ partition: ReleasePartition, _ body: () -> T) throws(Diagnostic) -> T {
    try hold(folder: partition.path, body)
  }

  func hold<T>(folder: String, _ body: () -> T) throws(Diagnostic) -> T {
    try PartitionLock.hold(folder: folder, in: store, writing: false) {
      () throws(Diagnostic) in body()
    }
  }
}

/// A store in a bucket, as it was listed. An object that is gone since then reads as missing.
final class StoreBucket: StoreTree {
  private let client: ObjectClient
  private var statuses: [String: FileStatus] = [:]
  private var children: [String: Set<String>] = [:]

  init(client: ObjectClient, objects: [ListedObject]) {
    self.client = client
    for (number, object) in objects.enumerated() {
      statuses[object.path] = FileStatus(
        kind: .file, byteCount: object.byteCount,
        identity: .init(device: 0, inode: UInt64(number)), linkCount: 1, changed: object.modified)
      var path = object.path[...]
      while let slash = path.lastIndex(of: "/") {
        let folder = String(path[..<slash])
        let isNew = children[folder, default: []].insert(String(path[path.index(after: slash)...]))
        if !isNew.inserted { break }
        path = path[..<slash]
      }
    }
  }

  func status(_ path: String) -> FileStatus? {
    if let status = statuses[path] { return status }
    guard children[path] != nil else { return nil }
    return FileStatus(
      kind: .folder, byteCount: 0, identity: .init(device: 0, inode: .max), linkCount: 1, changed: 0
    )
  }

  func contents(_ path: String) throws(Diagnostic) -> [UInt8]? { try client.get(path)?.bytes }

  func names(in folder: String) throws(Diagnostic) -> [String] {
    (children[folder] ?? []).sorted {
      Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
    }
  }

  func digest(_ path: String) throws(Diagnostic) -> SHA256Digest {
    let sink = DigestSink()
    guard try client.read(path, into: sink) else {
      throw Diagnostic(.io, "\(client.bucket)/\(path) is gone")
    }
    return sink.hasher.digest()
  }

  func hold<T>(_ partition: ReleasePartition, _ body: () -> T) throws(Diagnostic) -> T { body() }

  func hold<T>(folder: String, _ body: () -> T) throws(Diagnostic) -> T { body() }
}

private final class DigestSink: BodySink {
  var hasher = SHA256Hasher()

  func begin() { hasher = SHA256Hasher() }
  func add(_ piece: UnsafeRawBufferPointer) { hasher.update(piece) }
}
