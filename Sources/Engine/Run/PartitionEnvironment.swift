import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// The environment of one stage of one partition.
struct PartitionEnvironment: StageEnvironment {
  private let folder: StageFolder
  let templates: String
  let digests: MediaDigests
  let tenantID: String
  let stage: String
  let partition: String
  let pool: WorkerPool
  let cache: ResultCache
  let cancellation: Cancellation
  let state: RunState
  let deadline: Deadline

  init(
    templates: String, digests: MediaDigests, tenantID: String, stage: String, partition: String,
    pool: WorkerPool, cache: ResultCache, cancellation: Cancellation,
    state: RunState, deadline: Deadline
  ) {
    folder = StageFolder(path: cache.blobs.scratchPath())
    self.templates = templates
    self.digests = digests
    self.tenantID = tenantID
    self.stage = stage
    self.partition = partition
    self.pool = pool
    self.cache = cache
    self.cancellation = cancellation
    self.state = state
    self.deadline = deadline
  }

  /// Created when it is first used: most stages need no folder.
  var scratch: String { folder.made() }

  var media: String? { digests.media }

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
      // Nobody can use a half-made piece. If there is no file, there is nothing to remove.
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

  func digest(ofMedia key: String) throws -> SHA256Digest {
    try digests.digest(of: key, tenant: tenantID)
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

/// A stage's scratch folder. It is created on first use and removed with the stage.
private final class StageFolder: Sendable {
  private let path: String
  private let isMade = Locked(false)

  init(path: String) { self.path = path }

  func made() -> String {
    isMade.withLock { isMade in
      // If it cannot be created, writing the first file in it fails and names the path.
      if !isMade { isMade = mkdir(path, 0o755) == 0 }
    }
    return path
  }

  deinit {
    guard isMade.withLock({ $0 }) else { return }
    // If this fails, the folder is removed later with the process's scratch folder.
    do { try FileManager.default.removeItem(atPath: path) } catch {}
  }
}
