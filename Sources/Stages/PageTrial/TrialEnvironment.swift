import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// What a stage needs while `check` tries it: a folder, and no media.
struct TrialEnvironment: StageEnvironment {
  let scratch: String
  let templates: String
  var media: MediaRoot? { nil }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    for index in 0..<count { try body(index) }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let path = "\(scratch)/\(inputs.key.digest.hex)"
    let warnings = try make(path)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    return (
      Artifact(
        name: "piece", mediaType: "application/octet-stream", isPublished: false,
        content: StoredContent(
          digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path)), warnings
    )
  }

  func digest(ofMedia key: String) throws -> SHA256Digest {
    throw Diagnostic(.data, "a page that is tried has no media")
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}

  /// A stage's files as the engine hands them to the next stage.
  func artifacts(_ output: StageOutput) throws -> [Artifact] {
    try output.files.map { file in
      switch file.content {
      case .bytes(let bytes):
        let path = "\(scratch)/\(file.name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return file.with(
          StoredContent(digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
      case .file(let path):
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        return file.with(
          StoredContent(digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
      case .artifact(let artifact): return file.with(artifact)
      }
    }
  }
}
