import Basics
import Diagnostics
import Extraction
import Pipelines

/// Reads a run's partitions, source by source.
struct SourceReaders {
  private let readers: [(source: String?, reader: SourceReader)]

  /// - Parameter make: makes the reader of a source.
  init(_ sources: [Source], make: (Source) -> SourceReader) {
    readers = sources.map { ($0.name, make($0)) }
  }

  /// Calls `body` with each source, as `SourceReader.withSource` does.
  func forEachSource(_ body: (Source) throws -> Void) throws {
    for (_, reader) in readers { try reader.withSource { source, _ in try body(source) } }
  }

  /// Reads all partitions in batches, as `SourceReader.read` does.
  ///
  /// - Parameters:
  ///   - size: the greatest number of partitions in a batch.
  ///   - fingerprinting: makes what finds the partitions of one source that need not be read.
  ///   - failed: called with each partition that was not read because its source, one of several,
  ///     did not answer. If the only source does not answer, that is thrown.
  /// - Returns: Warnings of sources that were read by fewer sessions than wanted.
  @discardableResult
  func read(
    _ partitions: [RunPlan.Partition], size: Int, fingerprinting: () -> Fingerprinting?,
    leaving: @escaping ([RunPlan.Partition]) throws -> [RunPlan.Partition],
    each: @escaping ([RunPlan.Partition], SourceReader.Reading) throws -> Void,
    failed: (RunPlan.Partition, Diagnostic) -> Void
  ) throws -> [Warning] {
    var warnings: [Warning] = []
    for (source, reader) in readers {
      let own = partitions.filter { $0.pipeline.extract.source == source }
      if own.isEmpty { continue }
      var handedOn: Set<PartitionKey> = []
      do {
        warnings += try reader.read(
          Run.batches(of: own, size: size), fingerprinting: fingerprinting(), leaving: leaving
        ) { batch, reading in
          handedOn.formUnion(batch.map(\.key))
          try each(batch, reading)
        }
      } catch let error as Diagnostic where readers.count > 1 && error.code == .unavailable {
        for partition in own where !handedOn.contains(partition.key) { failed(partition, error) }
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
    return clocks.correction
  }

  /// The first problem, if there are several.
  static func problem(_ cause: any Error) -> Diagnostic {
    if let diagnostics = cause as? Diagnostics, let first = diagnostics.all.first { return first }
    return cause as? Diagnostic ?? Diagnostic(.bug, "the run failed: \(type(of: cause))")
  }
}
