import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport

@testable import Stages

/// A stage's environment in one folder, and datasets made from rows.
struct ReportTestEnvironment: StageEnvironment {
  let scratch: String
  var templates: String = Places.project + "/templates"
  var media: MediaRoot? { nil }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    for index in 0..<count { try body(index) }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let path = "\(scratch)/\(inputs.key.digest.hex)"
    let warnings = FileManager.default.fileExists(atPath: path) ? [] : try make(path)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    return (
      Artifact(
        name: "piece", mediaType: "application/octet-stream", isPublished: false,
        content: StoredContent(
          digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path)), warnings
    )
  }

  func digest(ofMedia key: String) throws -> SHA256Digest {
    throw Diagnostic(.bug, "a report reads no media")
  }

  /// Names that follow from the ids, where the record's are random.
  func folders(of people: [String]?) throws -> [String: String] {
    Dictionary(
      (people ?? []).map { ($0, String(SHA256Digest(of: $0.utf8).hex.prefix(26))) },
      uniquingKeysWith: { first, _ in first })
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}

  /// Writes a dataset: a header line of `name:type` pairs becomes its columns.
  func dataset(_ name: String, _ csv: String) throws -> Dataset {
    var lines = csv.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    let columns = lines[0].split(separator: ",").map { column in
      let parts = column.split(separator: ":")
      return Dataset.Column(
        name: String(parts[0]), type: parts.count > 1 ? String(parts[1]) : "text")
    }
    let rows = lines.dropFirst()
    let text = ([columns.map(\.name).joined(separator: ",")] + rows.map(String.init))
      .map { $0 + "\n" }.joined()
    let path = "\(scratch)/\(name)-\(UUID().uuidString).dataset"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return Dataset(
      name: name, columns: columns, rows: rows.count, bytes: text.utf8.count,
      digest: SHA256Digest(of: text.utf8), content: .file(path: path))
  }

  /// A stage's files as artifacts, like the engine passes them on.
  func artifacts(_ output: StageOutput, in folder: String? = nil) throws -> [Artifact] {
    let folder = folder ?? scratch
    return try output.files.map { file in
      let path = "\(folder)/\(file.name)"
      let bytes: [UInt8]
      switch file.content {
      case .bytes(let content): bytes = content
      case .file(let source):
        bytes = Array(try Data(contentsOf: URL(fileURLWithPath: source)))
      case .artifact(let artifact):
        bytes = Array(try Data(contentsOf: URL(fileURLWithPath: artifact.path)))
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return file.with(
        StoredContent(digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
    }
  }
}
