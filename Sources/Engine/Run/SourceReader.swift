import Basics
import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// Reads a run's partitions, batch by batch, in one snapshot as long as the session lasts.
///
/// If the session breaks, a new one is opened, and the remaining batches are read in a new
/// snapshot. The rows of one partition are still of one moment. After several failures in a row,
/// reading stops.
final class SourceReader {
  /// The rows of one batch, or the failures to read them.
  struct Reading {
    var outcomes: [Result<[Dataset], any Error>]
    /// When the snapshot was taken, by the record's clock: microseconds since 1970.
    var snapshot: Int64
    var seconds: Double
    /// What decides the datasets, where it is known.
    var states: [Fingerprints.State?]
    /// Whether the datasets hold rows. Otherwise an earlier run read the same rows.
    var isRead = true
  }

  private let open: () throws -> Source
  private var source: Source?
  private let blobs: BlobStore
  private let memory = DatasetMemory(limit: 64 << 20)
  private let moment: RunMoment
  private let cancellation: Cancellation
  private let backoff: Backoff
  private let interruption: Interruption
  private let hidden: ([RunPlan.Partition]) throws -> Extractor.HiddenRows?
  private let correction: (Source) throws -> Int64

  /// - Parameters:
  ///   - source: an open source.
  ///   - hidden: rows that a batch must not see, such as people who were erased.
  ///   - correction: what makes a time of this source's clock one of the record's: microseconds.
  ///   - open: opens a new session.
  init(
    _ source: Source, blobs: BlobStore, moment: RunMoment, cancellation: Cancellation,
    interruption: Interruption, backoff: Backoff = .database,
    hidden: @escaping ([RunPlan.Partition]) throws -> Extractor.HiddenRows?,
    correction: @escaping (Source) throws -> Int64 = { _ in 0 },
    open: @escaping () throws -> Source
  ) {
    self.hidden = hidden
    self.correction = correction
    self.interruption = interruption
    self.source = source
    self.open = open
    self.blobs = blobs
    self.moment = moment
    self.cancellation = cancellation
    self.backoff = backoff
  }

  /// Reads all batches and passes each to `each`. Throws `unavailable` if the source does not
  /// answer.
  ///
  /// - Parameters:
  ///   - fingerprinting: finds the partitions whose rows need not be read; they come first.
  ///   - leaving: the part of a batch that must still be read, called right before reading.
  func read(
    _ batches: [[RunPlan.Partition]], fingerprinting: Fingerprinting? = nil,
    leaving: ([RunPlan.Partition]) throws -> [RunPlan.Partition],
    each: ([RunPlan.Partition], Reading) throws -> Void
  ) throws {
    var next = 0
    var batches = batches
    try withSource { source, succeeded in
      try source.connection.transaction(.readOnlySnapshot) {
        let snapshot = try source.snapshotMoment() + correction(source)
        let taken =
          try fingerprinting?.take(source, Array(batches[next...].joined()))
          ?? Fingerprinting.Taken()
        for place in batches.indices.dropFirst(next) where !taken.known.isEmpty {
          let known = try leaving(batches[place].filter { taken.known[$0.key] != nil })
          batches[place].removeAll { taken.known[$0.key] != nil }
          if !known.isEmpty { try each(known, Reading(known, taken, snapshot)) }
        }
        while next < batches.count, !cancellation.isRequested {
          let batch = try leaving(batches[next])
          if !batch.isEmpty {
            var reading = try read(batch, source, snapshot)
            reading.states = batch.map { taken.states[$0.key] }
            if cancellation.isRequested { return }
            try each(batch, reading)
          }
          next += 1
          succeeded()
        }
      }
    }
  }

  /// Calls `body` with the source. If the session broke, it calls `body` again with a new session.
  ///
  /// `body` calls `succeeded` after each finished part, so that only failures in a row are counted.
  func withSource(_ body: (_ source: Source, _ succeeded: () -> Void) throws -> Void) throws {
    var failures = 0
    var since = Stopwatch()
    while !cancellation.isRequested {
      do {
        let source = try self.source ?? open()
        self.source = source
        interruption.watch(source.connection)
        return try body(source) { failures = 0 }
      } catch let error as Diagnostic where error.isTransient {
        if failures == 0 { since = Stopwatch() }
        failures += 1
        source = nil
        guard let pause = backoff.pause(after: failures, since: since) else {
          throw givingUp(error, after: failures)
        }
        try Backoff.sleep(pause, cancellation)
      }
    }
  }

  private func givingUp(_ error: Diagnostic, after failures: Int) -> Diagnostic {
    var error = error
    error.message =
      "the source did not answer \(failures) times in a row, so the run stopped: \(error.message)"
    error.hint = "finished work is kept: when the source is back, run the same command again"
    return error
  }

  /// Reads one batch. Temporary failures, such as a conflict on a replica, are tried again.
  private func read(
    _ batch: [RunPlan.Partition], _ source: Source, _ snapshot: Int64
  ) throws -> Reading {
    let reading = Stopwatch()
    let extractor = Extractor(source) { [blobs, memory] tenant in
      BlobDatasetWriter(blobs, tenant: tenant.id, memory: memory)
    }
    let hidden = try hidden(batch)
    func extract(_ members: [RunPlan.Partition]) -> [Result<[Dataset], any Error>] {
      if members[0].pipeline.scope == .platform {
        return members.map { one in
          extractor.extractTogether(
            Extractor.Batch(
              pipeline: one.pipeline, period: one.period, moment: moment,
              members: one.extracted, hidden: hidden), for: one.tenant)
        }
      }
      return extractor.extract(
        Extractor.Batch(
          pipeline: batch[0].pipeline, period: batch[0].period, moment: moment,
          members: members.flatMap(\.extracted), hidden: hidden))
    }
    var outcomes = extract(batch)
    for failures in 1... {
      let passing = outcomes.indices.filter { outcomes[$0].isTransientFailure }
      guard !passing.isEmpty, !cancellation.isRequested else { break }
      // A lost session is not a failure of these tenants: `withSource` opens a new one.
      if !source.connection.isUsable, case .failure(let error) = outcomes[passing[0]] {
        throw error
      }
      guard let pause = Backoff.stage.pause(after: failures, since: reading) else { break }
      try Backoff.sleep(pause, cancellation)
      for (place, outcome) in zip(passing, extract(passing.map { batch[$0] })) {
        outcomes[place] = outcome
      }
    }
    return Reading(
      outcomes: outcomes, snapshot: snapshot, seconds: reading.seconds, states: [])
  }
}

extension SourceReader.Reading {
  /// Partitions whose datasets are known without reading.
  fileprivate init(
    _ partitions: [RunPlan.Partition], _ taken: Fingerprinting.Taken, _ snapshot: Int64
  ) {
    self.init(
      outcomes: partitions.map { .success(taken.known[$0.key] ?? []) }, snapshot: snapshot,
      seconds: 0, states: partitions.map { _ in nil }, isRead: false)
  }
}

extension Result where Success == [Dataset], Failure == any Error {
  fileprivate var isTransientFailure: Bool {
    if case .failure(let error as Diagnostic) = self { error.isTransient } else { false }
  }
}

/// Stops the statement of the present reading session, from any thread.
final class Interruption: Sendable {
  private let token = Locked<CancelToken?>(nil)

  func watch(_ connection: Connection) { token.withLock { $0 = connection.cancelToken } }

  func interrupt() { token.withLock { _ = $0?.cancel() } }
}
