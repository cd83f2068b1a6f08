import Basics
import Diagnostics

/// The latest release, while a new one is made.
struct PublishedRelease {
  private let folder: String
  /// By the path in the release, `data/…`.
  private let digests: [String: SHA256Digest]
  /// Whether also large files are read before they are linked.
  private let readsAll: Bool

  /// Reads the release's manifest; `nil` if it is gone or damaged.
  init?(folder: String, readsAll: Bool = false) throws(Diagnostic) {
    guard let bytes = try FileReader.contents(folder + "/" + Bag.manifestName),
      let manifest = Manifest(bytes: bytes)
    else { return nil }
    self.folder = folder
    self.readsAll = readsAll
    digests = manifest.digests
  }

  /// Whether the manifest names exactly these files.
  func promises(_ files: [ReleaseFile]) -> Bool {
    files.count == digests.count && files.allSatisfy { digests["data/" + $0.name] == $0.digest }
  }

  /// Whether these files are the release's payload and still exist in their sizes. A release that
  /// lost a file is published again.
  func holds(_ files: [ReleaseFile]) -> Bool {
    let tags = Bag.tagFiles + [Bag.tagManifestName]
    return promises(files)
      && tags.allSatisfy { FileReader.status(folder + "/" + $0)?.kind == .file }
      && files.allSatisfy(hasSize)
  }

  /// The path of a file to link as `file` of the next release; `nil` if there is none.
  ///
  /// A small file is read again, so that damage is not passed on. To read every film every night
  /// would cost more than the nightly run.
  func path(of file: ReleaseFile) throws(Diagnostic) -> String? {
    guard digests["data/" + file.name] == file.digest, hasSize(file) else { return nil }
    let path = folder + "/data/" + file.name
    if readsAll || file.byteCount <= 1 << 20, try SHA256Digest.ofFile(path).digest != file.digest {
      return nil
    }
    return path
  }

  private func hasSize(_ file: ReleaseFile) -> Bool {
    guard let status = FileReader.status(folder + "/data/" + file.name) else { return false }
    return status.kind == .file && status.byteCount == file.byteCount
  }
}
