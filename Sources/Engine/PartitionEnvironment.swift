import Diagnostics
import Foundation
import Media
import Pipelines
import Stages
import Store

/// What one stage of one partition is lent.
struct PartitionEnvironment: StageEnvironment {
  let scratch: String
  let templates: String
  let media: String?
  let tenantID: String
  let stage: String
  let partition: String
  let pool: WorkerPool
  let cache: ResultCache
  let record: Locked<RunRecord>
  let cancellation: Cancellation
  let state: RunState
  let deadline: Deadline

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    try pool.parallel(count) { index in
      try checkCancellation()
      try body(index)
    }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    if let found = try cache.find(inputs.key, tenant: tenantID), let file = found.files.first {
      return (file, found.warnings)
    }
    try checkCancellation()
    let path = cache.blobs.scratchPath()
    let start = Date()
    let warnings: [Warning]
    do {
      warnings = try make(path)
    } catch {
      // A half-made piece is no file for anybody; what is not there needs no removing.
      unlink(path)
      throw error
    }
    let artifacts = try cache.add(
      StageOutput(
        files: [
          .init(
            name: "piece", mediaType: "application/octet-stream", isPublished: false,
            content: .file(path))
        ], warnings: warnings),
      inputs: inputs, stage: "\(stage) piece", tenant: tenantID,
      seconds: Date().timeIntervalSince(start))
    return (artifacts[0], warnings)
  }

  func digest(ofMedia key: String) throws -> String {
    guard let media else {
      throw Diagnostic(
        .data, "no media root is configured", hint: "set media: or YEARBOOK_MEDIA")
    }
    let object = try MediaRoot(media).open(key)
    let known = try record.withLock { record throws(Diagnostic) in
      try record.mediaDigest(
        tenant: tenantID, key: key, size: Int64(object.size), modified: object.modified)
    }
    if let known { return known }
    var hasher = SHA256Hasher()
    try object.forEachBlock { hasher.update($0) }
    let digest = hasher.digest().hex
    try record.withLock { record throws(Diagnostic) in
      try record.addMedia(
        tenant: tenantID, key: key, size: Int64(object.size), modified: object.modified,
        digest: digest)
    }
    return digest
  }

  func progress(_ done: Int, of total: Int, _ what: String) {
    state.tell(
      .progress(stage: stage, partition: partition, done: done, total: total, what: what))
  }

  func checkCancellation() throws {
    try cancellation.check()
    try deadline.check()
  }
}
