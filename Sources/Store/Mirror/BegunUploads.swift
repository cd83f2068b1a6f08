import Basics
import Diagnostics
import ObjectStorage

/// The objects of a tenant that are being uploaded in parts: `.mirror/BUCKET/SLUG.uploads`, a path
/// on each line.
///
/// Some servers list unfinished uploads only for the exact key of an object. So a mirroring notes
/// the key before it begins, and the next one asks for it. The caller has the tenant's lock.
struct BegunUploads {
  let store: ReleaseStore
  /// The file's path.
  let path: String

  /// The paths that a killed mirroring left.
  private func paths() throws(Diagnostic) -> [String] {
    let bytes = try FileReader.contents(path) ?? []
    return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Notes an object whose upload is about to begin.
  func note(_ object: String) throws(Diagnostic) {
    let known = try paths()
    if known.contains(object) { return }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    try store.disk.makeFolders(folder.joined(separator: "/"))
    try store.disk.remove(path + ".new")
    let lines = (known + [object]).map { $0 + "\n" }.joined()
    try store.disk.create(path + ".new", Array(lines.utf8))
    try store.disk.rename(path + ".new", to: path)
  }

  /// Aborts what a killed mirroring began, and forgets it.
  ///
  /// - Returns: The number of uploads that were aborted.
  @discardableResult
  func abort(_ client: ObjectClient) throws(Diagnostic) -> Int {
    var count = 0
    for object in try paths() {
      for upload in try client.uploads(object) where upload.path == object {
        try client.abort(upload)
        count += 1
      }
    }
    try forget()
    return count
  }

  /// Forgets all of them, once they are finished or aborted.
  func forget() throws(Diagnostic) { try store.disk.remove(path) }
}
