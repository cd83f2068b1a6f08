import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// Results by key. A result counts only while the workspace has its blobs.
final class ResultCache: Sendable {
  struct Found {
    var files: [Artifact]
    var warnings: [Warning]
    /// Whether the files lack their media types and the descriptions of tables.
    var isBrief = false
  }

  /// Which recorded results are used.
  enum Policy: Sendable {
    case all
    /// None: every stage runs again.
    case none
    /// Only results of these versions of the program and its libraries; after so many seconds, all.
    case madeWith(versions: String, seconds: Int, since: Stopwatch)
  }

  let blobs: BlobStore
  private let policy: Policy
  private let record: Locked<RunRecord>
  private let committer: Committer
  /// The keys of results that this run made; only used with `Policy.none`.
  private let made = Locked<Set<StageKey>>([])

  init(blobs: BlobStore, record: Locked<RunRecord>, committer: Committer, policy: Policy) {
    self.blobs = blobs
    self.policy = policy
    self.record = record
    self.committer = committer
  }

  /// The result of a key: made in this run, or recorded with all its blobs; else `nil`.
  func find(_ key: StageKey, tenant: String) throws -> Found? {
    try find(key, tenant: tenant) {
      try record.withLock { record throws(Diagnostic) in try record.result(key) }
    }
  }

  /// The result of a key, for a whole stage of a partition.
  ///
  /// - Parameter newest: the newest recorded result of this stage and partition. If it is `nil`,
  ///   the record has no result under any key and is not asked.
  func find(_ key: StageKey, tenant: String, newest: RecordedResult?) throws -> Found? {
    try find(key, tenant: tenant) {
      guard let newest, newest.key != key else { return newest }
      return try record.withLock { record throws(Diagnostic) in try record.result(key) }
    }
  }

  private func find(
    _ key: StageKey, tenant: String, recorded: () throws -> RecordedResult?
  ) throws -> Found? {
    if let result = committer.unrecorded(key) {
      return found(result.files, result.warnings, tenant: tenant)
    }
    if case .none = policy, !made.withLock({ $0.contains(key) }) { return nil }
    guard let result = try recorded() else { return nil }
    if case .madeWith(let versions, let seconds, let since) = policy, result.versions != versions,
      since.seconds < Double(seconds)
    {
      return nil
    }
    var found = found(try result.files(), try result.warnings(), tenant: tenant)
    found?.isBrief = result.isBrief
    return found
  }

  /// The names of people's folders in a partition; see `StageEnvironment.folders`.
  func folders(of partition: PartitionKey, people: [String]?) throws -> [String: String] {
    try record.withLock { record in
      guard let people else { return try record.folders(of: partition) }
      return try record.folders(of: partition, people: people)
    }
  }

  /// Moves a stage's files into the workspace and queues the record of the result.
  func add(
    _ output: StageOutput, inputs: KeyInputs, stage: String, tenant: String, seconds: Double,
    partition: PartitionKey? = nil
  ) throws -> [Artifact] {
    var files: [RecordedFile] = []
    for file in output.files {
      let blob: Blob
      switch file.content {
      case .bytes(let bytes): blob = try blobs.put(bytes, tenant: tenant)
      case .file(let path): blob = try blobs.adopt(path, tenant: tenant)
      case .artifact(let content):
        blob = Blob(digest: content.digest, byteCount: content.byteCount)
      }
      files.append(file.with(blob))
    }
    let result = StageResult(
      key: inputs.key, tenantID: tenant, stage: stage, partition: partition, inputs: inputs.parts,
      files: files, warnings: output.warnings, seconds: seconds)
    if case .none = policy { _ = made.withLock { $0.insert(result.key) } }
    committer.add(result)
    guard let found = found(files, output.warnings, tenant: tenant) else {
      throw Diagnostic(
        .io, "the workspace does not hold a blob that was just written", at: .init(stage: stage))
    }
    return found.files
  }

  /// The artifacts of a result; `nil` if a blob is missing or truncated.
  private func found(
    _ files: [RecordedFile], _ warnings: [Warning], tenant: String
  ) -> Found? {
    var artifacts: [Artifact] = []
    for file in files {
      let blob = file.content
      guard blobs.size(blob.digest, tenant: tenant) == blob.byteCount else { return nil }
      artifacts.append(
        file.with(
          StoredContent(
            digest: blob.digest, byteCount: blob.byteCount,
            path: blobs.path(blob.digest, tenant: tenant))))
    }
    return Found(files: artifacts, warnings: warnings)
  }
}
