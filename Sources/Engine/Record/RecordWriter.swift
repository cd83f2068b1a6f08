import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// One try at one stage of one partition.
struct StageAttempt: Sendable {
  var partition: RunPlan.Partition
  var stage: String
  /// 1 for the first.
  var number: Int
  var began: Date
  var seconds: Double
  var failure: Diagnostic?
}

/// Writes what a run did, in batches: it makes the blobs durable, then records their results.
final class RecordWriter: Sendable {
  private let record: Locked<RunRecord>
  private let blobs: BlobStore
  private let run: String
  private let sharedRun: String
  /// Versions of the program and of its libraries, kept with each result.
  let versions: String

  /// Name to version, as each release keeps them.
  static let versions = Dictionary(
    uniqueKeysWithValues: [("yearbook", Yearbook.version)]
      + StageLibraries.versions.map { ($0.name, $0.version) })

  /// - Parameter sharedRun: the run whose work is shared: `run` itself, unless it joined another.
  init(record: Locked<RunRecord>, blobs: BlobStore, run: String, sharedRun: String) {
    self.sharedRun = sharedRun
    self.record = record
    self.blobs = blobs
    self.run = run
    versions = Self.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      .joined(separator: ", ")
  }

  func write(_ batch: Committer.Batch) throws {
    var kept: [(rows: KeptRows, partition: RunPlan.Partition)] = []
    for failed in batch.failedRows {
      do throws(Diagnostic) {
        kept.append((try blobs.keep(failed), failed.partition))
      } catch {
        // Perhaps there is no room. A retry then reads the rows again, as it does by default.
      }
    }
    if !batch.results.isEmpty || !kept.isEmpty { try blobs.sync() }
    try record.withLock { record in
      try record.connection.transaction {
        try record.add(batch.results, run: run, versions: versions)
        try record.add(batch.attempts, run: run)
        for (rows, partition) in kept { try record.keep(rows, of: partition.key, run: run) }
        try record.add(ended: batch.ended, run: sharedRun)
      }
    }
  }
}
