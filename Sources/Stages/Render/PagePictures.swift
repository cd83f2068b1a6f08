import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// Makes the pictures of a partition's pages. They are decoded in the sandbox, scaled down and
/// encoded again, so that no uploaded byte reaches a reader.
struct PagePictures {
  let environment: any StageEnvironment

  /// The greatest size in pixels. The aspect ratio stays; longer pictures are cut at the bottom.
  private static let box = (width: 480, height: 480)
  /// Bytes of pictures inside one page. Further pictures become files beside it.
  private static let inlineBudget = 300_000

  /// The object keys in the shown rows of the tables that have pictures, in their order, each once.
  ///
  /// The report model is not read for it: mostly a page is not made, and only its key is wanted.
  static func keys(
    of work: PartitionWork, files: [String: Artifact]
  ) throws -> [(table: String, keys: [String])] {
    try (work.pipeline.aggregate?.tables ?? []).compactMap { table in
      guard let column = table.picture, table.layout == .cards,
        let file = files[table.machineName]
      else { return nil }
      let reader = try TableReader(path: file.path, label: table.name)
      let index = try reader.index(of: column)
      var keys: [String] = []
      var known: Set<ExactText> = []
      while reader.rowNumber < table.show, try reader.next() {
        if let key = reader.text(index), known.insert(ExactText(key)).inserted { keys.append(key) }
      }
      return (table.name, keys)
    }
  }

  /// The digest of an object, or why it cannot be used.
  private func digest(_ key: String) throws -> Result<SHA256Digest, Diagnostic> {
    do {
      return .success(try environment.digest(ofMedia: key))
    } catch let error as Diagnostic where error.code == .data {
      return .failure(error)
    }
  }

  /// Makes the pictures of a table: some inside the page, the others as files beside it.
  func make(
    _ keys: [String], of table: String
  ) throws -> (pictures: [ExactText: PagePicture], files: [StageOutput.File], warnings: [Warning]) {
    var pictures: [ExactText: PagePicture] = [:]
    var files: [StageOutput.File] = []
    var warnings: [Warning] = []
    var inlined = 0
    for (place, key) in keys.enumerated() {
      try environment.checkCancellation()
      let digest: SHA256Digest
      switch try self.digest(key) {
      case .success(let found): digest = found
      case .failure(let error):
        let isRefused = environment.media?.refusal(of: key) != nil
        warnings.append(
          Warning(
            code: isRefused ? "media-refused" : "picture-missing", subject: key,
            message: "\(error.message); it is left out"))
        continue
      }
      let (bytes, found) = try small(key, digest)
      warnings += found
      guard let size = PagePictures.size(ofJPEG: bytes) else { continue }
      let address: String
      if inlined + bytes.count <= PagePictures.inlineBudget {
        inlined += bytes.count
        address = "data:image/jpeg;base64," + Data(bytes).base64EncodedString()
      } else {
        address = "\(table.replacing("_", with: "-"))-\(place + 1).jpg"
        files.append(.init(name: address, mediaType: "image/jpeg", content: .bytes(bytes)))
      }
      pictures[ExactText(key)] = PagePicture(
        address: address, width: size.width, height: size.height)
    }
    return (pictures, files, warnings)
  }

  /// A small JPEG of the object, kept by its content; no bytes if it cannot be used.
  private func small(
    _ key: String, _ digest: SHA256Digest
  ) throws -> (bytes: [UInt8], warnings: [Warning]) {
    var inputs = KeyInputs(stage: "page picture", version: 2)
    inputs.add("media", digest)
    inputs.add("box", "\(PagePictures.box.width) \(PagePictures.box.height)")
    let kept = try environment.cached(inputs) { path in
      var bytes: [UInt8] = []
      var warnings: [Warning] = []
      do throws(Diagnostic) {
        let (picture, found) = try PictureReader.inspect(
          environment.open(media: key), maxWidth: PagePictures.box.width,
          maxHeight: PagePictures.box.height * 4, check: environment.checking)
        warnings += found.map { Warning(code: $0.code, subject: key, message: $0.message) }
        bytes = try StillImage.jpeg(VideoFrame(PagePictures.opaque(picture)), quality: 5)
      } catch {
        // Faults of the machine are not the picture's: nothing is kept.
        guard error.code == .data else { throw error }
        warnings.append(
          Warning(
            code: "picture-unusable", subject: key, message: "\(error.message); it is left out"))
      }
      try environment.confirm(media: key, digest)
      try FileDescriptor.write(file: path, bytes)
      return warnings
    }
    return (Array(try Data(contentsOf: URL(fileURLWithPath: kept.file.path))), kept.warnings)
  }

  /// The picture on white, with an even size, not taller than the box.
  private static func opaque(_ picture: Bitmap) -> Bitmap {
    let width = max(2, picture.width & ~1)
    let height = max(2, min(picture.height, box.height) & ~1)
    var result = Bitmap(
      width: width, height: height, pixels: [UInt8](repeating: 255, count: width * height * 4))
    result.draw(
      picture, x: 0, y: 0, width: Double(picture.width), height: Double(picture.height))
    return result
  }

  /// The size in a JPEG's frame header (ISO/IEC 10918-1, B.2.2); `nil` without one.
  static func size(ofJPEG bytes: [UInt8]) -> (width: Int, height: Int)? {
    var place = 2
    while place + 9 < bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      if (0xC0...0xC2).contains(marker) {
        return (
          Int(bytes[place + 7]) << 8 | Int(bytes[place + 8]),
          Int(bytes[place + 5]) << 8 | Int(bytes[place + 6])
        )
      }
      place += 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
    }
    return nil
  }
}
