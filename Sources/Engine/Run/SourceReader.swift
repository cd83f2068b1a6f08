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
/// Batches are read side by side on several sessions with the same snapshot (`SourceSessions`). If
/// the first session breaks, a new one is opened, and the remaining batches are read in a new
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
  private let connections: Int
  private let extraction: PartitionExtraction
  private let hidden: Locked<([RunPlan.Partition]) throws -> Extractor.HiddenRows?>
  private let cancellation: Cancellation
  private let backoff: Backoff
  private let interruption: Interruption
  private let correction: (Source) throws -> Int64

  /// Fewer partitions are not worth a further session.
  private static let manyPartitions = 48

  /// - Parameters:
  ///   - source: an open source.
  ///   - connections: how many sessions read side by side, at most.
  ///   - hidden: rows that a batch must not see, such as people who were erased.
  ///   - correction: what makes a time of this source's clock one of the record's: microseconds.
  ///   - open: opens a new session.
  init(
    _ source: Source, connections: Int = 1, blobs: BlobStore, moment: RunMoment,
    cancellation: Cancellation, interruption: Interruption, backoff: Backoff = .database,
    hidden: @escaping ([RunPlan.Partition]) throws -> Extractor.HiddenRows?,
    correction: @escaping (Source) throws -> Int64 = { _ in 0 },
    open: @escaping () throws -> Source
  ) {
    extraction = PartitionExtraction(blobs: blobs, moment: moment, cancellation: cancellation)
    self.hidden = Locked(hidden)
    self.connections = connections
    self.correction = correction
    self.interruption = interruption
    self.source = source
    self.open = open
    self.cancellation = cancellation
    self.backoff = backoff
  }

  /// Reads all batches and passes each to `each`. Throws `unavailable` if the source does not
  /// answer.
  ///
  /// `leaving` and `each` are called by one thread at a time, but not always by the same one.
  ///
  /// - Parameters:
  ///   - fingerprinting: finds the partitions whose rows need not be read; they come first.
  ///   - leaving: the part of a batch that must still be read, called right before reading.
  /// - Returns: A warning if fewer sessions were used than wanted.
  @discardableResult
  func read(
    _ batches: [[RunPlan.Partition]], fingerprinting: Fingerprinting? = nil,
    leaving: @escaping ([RunPlan.Partition]) throws -> [RunPlan.Partition],
    each: @escaping ([RunPlan.Partition], Reading) throws -> Void
  ) throws -> [Warning] {
    // What is left to read of each batch, in turn.
    let left = Locked(batches)
    let calls = Locked((leaving: leaving, each: each))
    var warnings: [Warning] = []
    try withSource { source, succeeded in
      let open = left.withLock { $0 }.filter { !$0.isEmpty }
      if open.isEmpty { return }
      try source.connection.transaction(.readOnlySnapshot) {
        let isMany = open.reduce(0) { $0 + $1.count } >= Self.manyPartitions
        let sessions = try SourceSessions(
          source, most: isMany ? connections : 1, interruption: interruption, open: self.open)
        defer {
          sessions.close()
          warnings = sessions.warnings
        }
        let snapshot = try source.snapshotMoment() + correction(source)
        let taken =
          try fingerprinting?.take(source, sessions, Array(open.joined())) ?? Fingerprinting.Taken()
        for place in batches.indices where !taken.known.isEmpty {
          let batch = left.withLock { $0[place] }
          try calls.withLock { calls in
            let known = try calls.leaving(batch.filter { taken.known[$0.key] != nil })
            if !known.isEmpty { try calls.each(known, Reading(known, taken, snapshot)) }
          }
          left.withLock { $0[place].removeAll { taken.known[$0.key] != nil } }
        }
        let (states, extraction, hidden) = (taken.states, self.extraction, self.hidden)
        let places = left.withLock { left in left.indices.filter { !left[$0].isEmpty } }
        try sessions.forEach(places.count, first: source) { [cancellation] index, source in
          let place = places[index]
          if cancellation.isRequested { return }
          let batch = try calls.withLock { calls in
            try calls.leaving(left.withLock { $0[place] })
          }
          if !batch.isEmpty {
            let reading = Stopwatch()
            let outcomes = try extraction.read(batch, source, hidden, since: reading)
            if cancellation.isRequested { return }
            let found = Reading(
              outcomes: outcomes, snapshot: snapshot, seconds: reading.seconds,
              states: batch.map { states[$0.key] })
            try calls.withLock { calls in try calls.each(batch, found) }
          }
          left.withLock { $0[place] = [] }
          succeeded()
        }
      }
    }
    return warnings
  }

  /// Calls `body` with the source. If the session broke, it calls `body` again with a new session.
  ///
  /// `body` calls `succeeded` after each finished part, so that only failures in a row are counted.
  func withSource(
    _ body: (_ source: Source, _ succeeded: @escaping @Sendable () -> Void) throws -> Void
  ) throws {
    let failures = Locked(0)
    var since = Stopwatch()
    while !cancellation.isRequested {
      do {
        let source = try self.source ?? open()
        self.source = source
        interruption.watch(source.connection)
        return try body(source) { failures.withLock { $0 = 0 } }
      } catch let error as Diagnostic where error.isTransient {
        let count = failures.withLock { failures in
          failures += 1
          return failures
        }
        if count == 1 { since = Stopwatch() }
        if let source { interruption.forget(source.connection) }
        source = nil
        guard let pause = backoff.pause(after: count, since: since) else {
          throw givingUp(error, after: count)
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
}

extension PartitionExtraction {
  /// Reads one batch. Throws if the session is lost.
  fileprivate func read(
    _ batch: [RunPlan.Partition], _ source: Source,
    _ hidden: Locked<([RunPlan.Partition]) throws -> Extractor.HiddenRows?>, since: Stopwatch
  ) throws -> [Outcome] {
    let hidden = try hidden.withLock { try $0(batch) }
    return try trying(batch, since: since) { partitions in
      let outcomes = read(partitions, source, hiding: hidden)
      // A lost session is not a failure of these tenants: `withSource` opens a new one.
      if !source.connection.isUsable, !cancellation.isRequested,
        case .failure(let error) = outcomes.first(where: \.isTransientFailure)
      {
        throw error
      }
      return outcomes
    }
  }
}

extension SourceReader.Reading {
  /// Partitions whose datasets are known without reading.
  init(
    _ partitions: [RunPlan.Partition], _ taken: Fingerprinting.Taken, _ snapshot: Int64
  ) {
    self.init(
      outcomes: partitions.map { .success(taken.known[$0.key] ?? []) }, snapshot: snapshot,
      seconds: 0, states: partitions.map { _ in nil }, isRead: false)
  }
}
