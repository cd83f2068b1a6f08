import Diagnostics
import Foundation
import Media
import Pipelines
import Synchronization
import TestSupport

@testable import Stages

/// A stitch stage's surroundings: a media folder, pieces kept in memory's reach, so many workers.
final class StitchEnvironment: StageEnvironment {
  let scratch: String
  let templates = Places.project + "/templates"
  let media: String?
  let workers: Int
  /// Keys of the pieces that were made, not found.
  let made = Mutex<[KeyInputs]>([])
  private let folder: String
  private let pieces = Mutex<[String: (Artifact, [Warning])]>([:])

  init(folder: String, workers: Int = 1) throws {
    self.folder = folder
    self.workers = workers
    scratch = folder + "/scratch"
    media = folder + "/media"
    for path in [scratch, media ?? "", folder + "/pieces"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    if workers == 1 {
      for index in 0..<count { try body(index) }
      return
    }
    let failure = Mutex<(any Error)?>(nil)
    withoutActuallyEscaping(body) { body in
      DispatchQueue.concurrentPerform(iterations: count) { index in
        do {
          try body(index)
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let key = inputs.key.hex
    if let found = pieces.withLock({ $0[key] }) { return found }
    let path = "\(folder)/pieces/\(key)"
    let warnings = try make(path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let file = Artifact(
      name: "piece", mediaType: "application/octet-stream", isPublished: false, table: nil,
      bytes: bytes.count, digest: ContentDigest.hex(bytes), path: path)
    pieces.withLock { $0[key] = (file, warnings) }
    made.withLock { $0.append(inputs) }
    return (file, warnings)
  }

  func digest(ofMedia key: String) throws -> String {
    var bytes: [UInt8] = []
    try MediaRoot(media ?? "").open(key).forEachBlock { bytes += $0 }
    return ContentDigest.hex(bytes)
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}

  /// How many segments were made since the last time it was asked.
  func segmentsMade() -> Int {
    made.withLock { made in
      defer { made = [] }
      return made.filter { $0.parts["stage"] == "segment" }.count
    }
  }
}
