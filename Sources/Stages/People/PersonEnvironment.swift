import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// The environment of a stage for one of many people: a folder of their own, so that people can be
/// worked on side by side.
struct PersonEnvironment: StageEnvironment {
  private let whole: any StageEnvironment
  let scratch: String

  init(_ whole: any StageEnvironment, scratch: String) throws {
    self.whole = whole
    self.scratch = scratch
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
  }

  /// Removes the folder. What is needed of it has been taken by then.
  func finish() {
    do { try FileManager.default.removeItem(atPath: scratch) } catch {
      // It goes with the stage's own folder.
    }
  }

  var templates: String { whole.templates }
  var media: MediaRoot? { nil }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    for index in 0..<count { try body(index) }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) { try whole.cached(inputs, make) }

  func digest(ofMedia key: String) throws -> SHA256Digest {
    throw Diagnostic(.bug, "a person's page has no media")
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws { try whole.checkCancellation() }

  /// A stage's files, written to the folder for the next stage.
  func artifacts(_ output: StageOutput) throws -> [Artifact] {
    try output.files.map { file in
      switch file.content {
      case .bytes(let bytes):
        let path = "\(scratch)/\(file.name)"
        try FileDescriptor.write(file: path, bytes)
        return file.with(
          StoredContent(digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
      case .file(let path):
        let bytes = try FileReader.contents(path) ?? []
        return file.with(
          StoredContent(digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
      case .artifact(let content): return file.with(content)
      }
    }
  }
}
