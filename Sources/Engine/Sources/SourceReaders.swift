import Basics
import Diagnostics
import Extraction
import Pipelines
import Store

/// Reads a run's partitions, source by source.
struct SourceReaders {
  private struct One {
    var shards: Shards
    /// For what needs no merging; `nil` for a source of several shards.
    var reader: SourceReader?
    var shardReader: ShardReader
  }

  private let readers: [One]

  /// - Parameters:
  ///   - hidden: rows that a batch must not see, such as people who were erased.
  ///   - correction: what makes a time of a source's clock one of the record's: microseconds.
  init(
    _ sources: [Shards], session: RunSession, blobs: BlobStore, moment: RunMoment,
    interruption: Interruption,
    hidden: @escaping ([RunPlan.Partition]) throws -> Extractor.HiddenRows?,
    correction: @escaping (Source) throws -> Int64 = { _ in 0 }
  ) throws {
    readers = try sources.map { shards in
      let reader =
        shards.isSharded
        ? nil
        : SourceReader(
          try shards.first(), connections: session.configuration.connections(to: shards.name),
          blobs: blobs, moment: moment, cancellation: session.cancellation,
          interruption: interruption, hidden: hidden, correction: correction,
          open: { try shards.opened(1) })
      return One(
        shards: shards, reader: reader,
        shardReader: ShardReader(
          shards, blobs: blobs, moment: moment, cancellation: session.cancellation,
          interruption: interruption, hidden: hidden, correction: correction,
          combiner: {
            try ShardCombiner(
              session.configuration.required(.record),
              statementSeconds: session.configuration.statementSeconds)
          }))
    }
  }

  /// Calls `body` with each source, as `SourceReader.withSource` does; of several shards, with one.
  func forEachSource(_ body: (Source) throws -> Void) throws {
    for one in readers {
      if let reader = one.reader {
        try reader.withSource { source, _ in try body(source) }
      } else {
        try body(one.shards.first())
      }
    }
  }

  /// Reads all partitions in batches, as `SourceReader.read` does.
  ///
  /// - Parameters:
  ///   - size: the greatest number of partitions in a batch.
  ///   - fingerprinting: makes what finds the partitions of one source that need not be read.
  ///   - failed: called with each partition that was not read because its source, one of several,
  ///     did not answer. If the only source does not answer, that is thrown.
  /// - Returns: Warnings of sources that were read by fewer sessions than wanted.
  func read(
    _ partitions: [RunPlan.Partition], size: Int, fingerprinting: () -> Fingerprinting?,
    leaving: @escaping ([RunPlan.Partition]) throws -> [RunPlan.Partition],
    each: @escaping ([RunPlan.Partition], SourceReader.Reading) throws -> Void,
    failed: (RunPlan.Partition, Diagnostic) -> Void
  ) throws -> [Warning] {
    var warnings: [Warning] = []
    for one in readers {
      let own = partitions.filter { $0.pipeline.extract.source == one.shards.name }
      if own.isEmpty { continue }
      let handedOn = Locked<Set<PartitionKey>>([])
      let noting: ([RunPlan.Partition], SourceReader.Reading) throws -> Void = { batch, reading in
        handedOn.withLock { $0.formUnion(batch.map(\.key)) }
        try each(batch, reading)
      }
      let plain = own.filter { one.reader != nil && !$0.pipeline.extract.isCombined }
      let merged = own.filter { one.reader == nil || $0.pipeline.extract.isCombined }
      do {
        if let reader = one.reader, !plain.isEmpty {
          warnings += try reader.read(
            Run.batches(of: plain, size: size), fingerprinting: fingerprinting(),
            leaving: leaving, each: noting)
        }
        try one.shardReader.read(
          Run.batches(of: merged, size: size), fingerprinting: fingerprinting(), leaving: leaving,
          each: noting)
      } catch let error as Diagnostic where readers.count > 1 && error.code == .unavailable {
        let read = handedOn.withLock { $0 }
        for partition in own where !read.contains(partition.key) { failed(partition, error) }
      }
    }
    return warnings
  }
}

extension Run {
  /// What makes a time of this source's clock one of the record's: microseconds.
  static func correction(
    of source: Source, _ record: Locked<RunRecord>, _ state: RunState
  ) throws -> Int64 {
    let clocks = try record.withLock { record throws(Diagnostic) in
      try Clocks(source: source.connection, record: record.connection)
    }
    state.warn(clocks.warnings)
    if case .behind(let lag) = source.lastReplay {
      state.measures.set(
        "source_lag_seconds", [source.name ?? "source"], to: Double(lag) / 1_000_000)
    }
    return clocks.correction
  }

  /// The first problem, if there are several.
  static func problem(_ cause: any Error) -> Diagnostic {
    if let diagnostics = cause as? Diagnostics, let first = diagnostics.all.first { return first }
    return cause as? Diagnostic ?? Diagnostic(.bug, "the run failed: \(type(of: cause))")
  }
}
