import Basics
import Diagnostics
import Foundation
import Pipelines
import Store

/// Makes results durable, then records them, many at a time, on its own thread.
///
/// Workers never wait for a disk: the next batch gathers while one is synced. A record is written
/// only after the sync of its blobs, so it never names a blob that a power cut could lose.
///
/// `@unchecked Sendable`: every stored variable is only touched with `condition` held.
final class Committer: @unchecked Sendable {
  /// What must be written to the record.
  struct Batch: Sendable {
    var results: [StageResult] = []
    var attempts: [StageAttempt] = []
    /// Rows on which partitions failed.
    var failedRows: [FailedRows] = []
    /// Partitions of a shared schedule that have ended.
    var ended: [EndedPartition] = []

    var isEmpty: Bool {
      results.isEmpty && attempts.isEmpty && failedRows.isEmpty && ended.isEmpty
    }
  }

  private let condition = NSCondition()
  private var batch = Batch()
  /// Results that are not recorded yet, by their keys.
  private var unrecorded: [StageKey: StageResult] = [:]
  private var publications: [Publication] = []
  private var isBusy = false
  private var isStopped = false
  private var failure: (any Error)?
  private let write: @Sendable (Batch) throws -> Void
  private let publish: @Sendable ([Publication]) -> Void

  /// - Parameters:
  ///   - write: makes the blobs durable and records the results.
  ///   - publish: publishes a batch and reports each partition's outcome. It does not throw: one
  ///     partition's failure does not stop the others.
  init(
    write: @escaping @Sendable (Batch) throws -> Void,
    publish: @escaping @Sendable ([Publication]) -> Void
  ) throws {
    self.write = write
    self.publish = publish
    try WorkerThread.start("yearbook-commit") { [self] in work() }
  }

  func add(_ result: StageResult) {
    change {
      batch.results.append(result)
      unrecorded[result.key] = result
    }
  }

  /// A result that was added and is not recorded yet.
  func unrecorded(_ key: StageKey) -> StageResult? {
    condition.lock()
    defer { condition.unlock() }
    return unrecorded[key]
  }

  func add(_ attempt: StageAttempt) { change { batch.attempts.append(attempt) } }

  func add(_ rows: FailedRows) { change { batch.failedRows.append(rows) } }

  func add(ended partition: EndedPartition) { change { batch.ended.append(partition) } }

  func add(_ publication: Publication) { change { publications.append(publication) } }

  private func change(_ body: () -> Void) {
    condition.lock()
    body()
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until everything that was added is done.
  func flush() {
    condition.lock()
    while isBusy || !batch.isEmpty || !publications.isEmpty { condition.wait() }
    condition.unlock()
  }

  /// Waits until everything that was added is done, and ends the thread.
  ///
  /// - Throws: The first failure to record results.
  func finish() throws {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while isBusy || !batch.isEmpty || !publications.isEmpty { condition.wait() }
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
  }

  private func work() {
    condition.lock()
    while true {
      while batch.isEmpty, publications.isEmpty, !isStopped { condition.wait() }
      if batch.isEmpty, publications.isEmpty { break }
      let (written, releases) = (batch, publications)
      batch = Batch()
      publications = []
      isBusy = true
      condition.unlock()
      var thrown: (any Error)?
      do {
        if !written.isEmpty { try write(written) }
      } catch { thrown = error }
      if !releases.isEmpty { publish(releases) }
      condition.lock()
      if thrown == nil { for result in written.results { unrecorded[result.key] = nil } }
      // The next run makes results again that could not be recorded. The first failure is kept.
      failure = failure ?? thrown
      isBusy = false
      condition.broadcast()
    }
    condition.unlock()
  }
}
