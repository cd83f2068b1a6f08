import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import Stages
import Store

/// What all stages of a run share.
struct StageServices: Sendable {
  /// The folder of templates and messages.
  var templates: String
  /// The media root; `nil` if none is configured.
  var media: String?
  var mediaLayout: MediaLayout
  var digests: MediaDigests
  var pool: WorkerPool
  var cache: ResultCache
  var cancellation: Cancellation
  var state: RunState
  /// How long one stage of one partition can take.
  var stageSeconds: Int
  /// Whether nothing is made, so that nothing is written either.
  var isForecast = false
}

/// The environment of one stage of one partition.
struct PartitionEnvironment: StageEnvironment {
  private let services: StageServices
  private let folder: StageFolder
  private let tenantID: String
  private let stage: String
  /// The partition's label, for people.
  private let partition: String
  private let pipeline: String
  private let key: PartitionKey
  private let deadline: Deadline
  let media: MediaRoot?

  /// The stage's time begins now.
  init(_ services: StageServices, _ partition: RunPlan.Partition, stage: String) {
    self.services = services
    folder = StageFolder(path: services.cache.blobs.scratchPath())
    tenantID = partition.tenant.id
    self.stage = stage
    self.partition = partition.label
    pipeline = partition.pipeline.name
    key = partition.key
    deadline = Deadline(seconds: services.stageSeconds)
    media = services.media.map { root in
      services.mediaLayout.part(
        of: root, slug: partition.tenant.slug, prefix: partition.settings.mediaPrefix,
        isForAll: partition.pipeline.scope == .platform)
    }
  }

  var templates: String { services.templates }

  /// Created when it is first used: most stages need no folder.
  var scratch: String { folder.made() }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    try services.pool.parallel(count) { index in
      try checkCancellation()
      try body(index)
    }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    if let found = try services.cache.find(inputs.key, tenant: tenantID),
      let file = found.files.first
    {
      count(inputs, "found")
      return (file, found.warnings)
    }
    try checkCancellation()
    let path = services.cache.blobs.scratchPath()
    let making = Stopwatch()
    let warnings: [Warning]
    do {
      warnings = try make(path)
    } catch {
      // Nobody can use a half-made piece. If there is no file, there is nothing to remove.
      unlink(path)
      throw error
    }
    let artifacts = try services.cache.add(
      StageOutput(
        files: [
          .init(
            name: "piece", mediaType: "application/octet-stream", isPublished: false,
            content: .file(path))
        ], warnings: warnings),
      inputs: inputs, stage: "\(stage) piece", tenant: tenantID,
      seconds: making.seconds)
    count(inputs, "made")
    return (artifacts[0], warnings)
  }

  private func count(_ inputs: KeyInputs, _ outcome: String) {
    services.state.measures.add("pieces", [pipeline, inputs.parts["stage"] ?? stage, outcome], 1)
  }

  func digest(ofMedia key: String) throws -> SHA256Digest {
    try services.digests.digest(
      of: open(media: key), tenant: tenantID, check: checkCancellation)
  }

  func folders(of people: [String]?) throws -> [String: String] {
    try services.cache.folders(of: key, people: services.isForecast ? nil : people)
  }

  func progress(_ done: Int, of total: Int, _ what: String) {
    services.state.tell(
      .progress(stage: stage, partition: partition, done: done, total: total, what: what))
  }

  func checkCancellation() throws {
    try services.cancellation.check()
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
      if !isMade { isMade = mkdir(path, 0o700) == 0 }
    }
    return path
  }

  deinit {
    guard isMade.withLock({ $0 }) else { return }
    // If this fails, the folder is removed later with the process's scratch folder.
    do { try FileManager.default.removeItem(atPath: path) } catch {}
  }
}
