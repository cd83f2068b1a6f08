import Basics
import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import Store

/// Reads a run's partitions from the shards of a source, each in a snapshot of its own, and makes
/// one dataset of the rows that they have of a query.
///
/// A shard that does not answer costs the tenants whose rows it can hold. The others are read.
final class ShardReader {
  private let shards: Shards
  private let extraction: PartitionExtraction
  private let cancellation: Cancellation
  private let interruption: Interruption
  private let hidden: ([RunPlan.Partition]) throws -> Extractor.HiddenRows?
  private let correction: (Source) throws -> Int64
  private let combiner: () throws -> ShardCombiner

  /// - Parameters:
  ///   - shards: the open shards.
  ///   - hidden: rows that a batch must not see, such as people who were erased.
  ///   - correction: what makes a time of a shard's clock one of the record's: microseconds.
  ///   - combiner: opens a session of the record's database.
  init(
    _ shards: Shards, blobs: BlobStore, moment: RunMoment, cancellation: Cancellation,
    interruption: Interruption,
    hidden: @escaping ([RunPlan.Partition]) throws -> Extractor.HiddenRows?,
    correction: @escaping (Source) throws -> Int64 = { _ in 0 },
    combiner: @escaping () throws -> ShardCombiner
  ) {
    self.shards = shards
    extraction = PartitionExtraction(blobs: blobs, moment: moment, cancellation: cancellation)
    self.cancellation = cancellation
    self.interruption = interruption
    self.hidden = hidden
    self.correction = correction
    self.combiner = combiner
  }

  /// Reads all batches and passes each to `each`.
  ///
  /// - Parameters:
  ///   - fingerprinting: finds the partitions whose rows need not be read; they come first.
  ///   - leaving: the part of a batch that must still be read, called right before reading.
  func read(
    _ batches: [[RunPlan.Partition]], fingerprinting: Fingerprinting? = nil,
    leaving: ([RunPlan.Partition]) throws -> [RunPlan.Partition],
    each: ([RunPlan.Partition], SourceReader.Reading) throws -> Void
  ) throws {
    if batches.isEmpty { return }
    let combiner =
      batches.contains { $0.contains { $0.pipeline.extract.isCombined } }
      ? try self.combiner() : nil
    var snapshots: [Int: Int64] = [:]
    var begun = 0
    try shards.inSnapshots { [correction] number, source in
      snapshots[number] = try source.snapshotMoment() + correction(source)
      begun += 1
    } body: {
      let server = try combiner?.server() ?? ""
      let taken =
        try fingerprinting?.take(shards, Array(batches.joined()), interruption) { partition in
          partition.pipeline.extract.isCombined ? [("server that combines", server)] : []
        } ?? Fingerprinting.Taken()
      let scanned = begun
      // Rows are as old as the oldest of their snapshots.
      func snapshot() -> Int64 { snapshots.values.min() ?? 0 }
      for batch in batches where !taken.known.isEmpty {
        let known = try leaving(batch.filter { taken.known[$0.key] != nil })
        if !known.isEmpty { try each(known, .init(known, taken, snapshot())) }
      }
      for batch in batches where !cancellation.isRequested {
        let batch = try leaving(batch.filter { taken.known[$0.key] == nil })
        if batch.isEmpty { continue }
        let running = Stopwatch()
        let outcomes = try read(batch, combiner)
        if cancellation.isRequested { return }
        // Of a shard whose session was opened again, the rows are later ones than the fingerprints.
        let states = batch.map { begun == scanned ? taken.states[$0.key] : nil }
        try each(
          batch,
          .init(
            outcomes: outcomes, snapshot: snapshot(), seconds: running.seconds, states: states))
      }
    }
  }

  private func read(
    _ batch: [RunPlan.Partition], _ combiner: ShardCombiner?
  ) throws -> [Result<[Dataset], any Error>] {
    let hidden = try hidden(batch)
    // By the partition's place in the batch: what each shard has of it.
    var parts: [[(shard: Int, outcome: Result<[Dataset], any Error>)]] = batch.map { _ in [] }
    for number in shards.numbers {
      let places = batch.indices.filter { shards.canHold(rowsOf: batch[$0], number) }
      if places.isEmpty { continue }
      let found = try read(places.map { batch[$0] }, number, hidden)
      for (place, outcome) in zip(places, found) { parts[place].append((number, outcome)) }
    }
    return zip(batch, parts).map { partition, parts in
      Result {
        var datasets: [(shard: Int, datasets: [Dataset])] = []
        for part in parts { datasets.append((part.shard, try part.outcome.get())) }
        return try merged(partition, datasets, combiner)
      }.mapError { (error: any Error) -> any Error in
        (error as? Diagnostic)?.filling(
          .init(
            stage: "extract", pipeline: partition.pipeline.name, tenant: partition.tenant.slug,
            period: partition.period.description)) ?? error
      }
    }
  }

  /// What one shard has of these partitions, which are of one pipeline and period.
  private func read(
    _ partitions: [RunPlan.Partition], _ number: Int, _ hidden: Extractor.HiddenRows?
  ) throws -> [PartitionExtraction.Outcome] {
    let outcomes = try extraction.trying(partitions, since: Stopwatch()) {
      attempt($0, number, hidden)
    }
    // The next batch need not wait for it again.
    for case .failure(let error as Diagnostic) in outcomes where error.code == .unavailable {
      shards.giveUp(number, error)
      break
    }
    return outcomes
  }

  private func attempt(
    _ partitions: [RunPlan.Partition], _ number: Int, _ hidden: Extractor.HiddenRows?
  ) -> [PartitionExtraction.Outcome] {
    let source: Source
    do {
      source = try shards.source(number)
      interruption.watch(source.connection)
    } catch {
      return partitions.map { _ in .failure(error) }
    }
    return extraction.read(partitions, source, hiding: hidden, keepsTenant: true) { tenant in
      shards.canHold(tenant.id, number)
    }.map { outcome in
      outcome.mapError { (error: any Error) -> any Error in shards.named(error, number) }
    }
  }

  private func merged(
    _ partition: RunPlan.Partition, _ parts: [(shard: Int, datasets: [Dataset])],
    _ combiner: ShardCombiner?
  ) throws -> [Dataset] {
    let hasTenant = partition.pipeline.scope == .platform
    return try partition.pipeline.extract.queries.enumerated().map { place, query in
      let parts = parts.map { ShardPart(shard: $0.shard, dataset: $0.datasets[place]) }
      let writer = extraction.writer(of: partition.tenant, isPrivate: query.isForDelivery)
      if query.combine != nil, let combiner { return try combiner.run(query, parts, into: writer) }
      // One shard's rows are in order.
      if parts.count == 1, !hasTenant { return parts[0].dataset }
      return try ShardMerge(query, hasTenant: hasTenant).run(parts, into: writer)
    }
  }
}
