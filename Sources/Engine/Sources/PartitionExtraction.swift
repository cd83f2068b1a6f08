import Basics
import Diagnostics
import Extraction
import Pipelines
import Store

/// Reads partitions of one pipeline and period in one session.
struct PartitionExtraction: Sendable {
  typealias Outcome = Result<[Dataset], any Error>

  let blobs: BlobStore
  let moment: RunMoment
  let cancellation: Cancellation
  let memory = DatasetMemory(limit: 64 << 20)

  /// Where the rows of a query go. Rows with addresses are in no file.
  func writer(of tenant: Tenant, isPrivate: Bool) -> any DatasetWriter {
    isPrivate
      ? MemoryDatasetWriter() : BlobDatasetWriter(blobs, tenant: tenant.id, memory: memory)
  }

  /// The datasets of each partition.
  ///
  /// - Parameters:
  ///   - hidden: rows that the queries must not see.
  ///   - keepsTenant: whether rows of all tenants together begin with their tenant's id.
  ///   - holds: whether the source can hold rows of a tenant.
  func read(
    _ partitions: [RunPlan.Partition], _ source: Source, hiding hidden: Extractor.HiddenRows?,
    keepsTenant: Bool = false, holds: (Tenant) -> Bool = { _ in true }
  ) -> [Outcome] {
    guard let first = partitions.first else { return [] }
    let extractor = Extractor(source, makePrivateWriter: { writer(of: $0, isPrivate: true) }) {
      writer(of: $0, isPrivate: false)
    }
    func batch(_ members: [Extractor.Member]) -> Extractor.Batch {
      Extractor.Batch(
        pipeline: first.pipeline, period: first.period, moment: moment, members: members,
        hidden: hidden)
    }
    guard first.pipeline.scope == .platform else {
      return extractor.extract(batch(partitions.flatMap(\.extracted)))
    }
    return partitions.map { one in
      extractor.extractTogether(
        batch(one.extracted.filter { holds($0.tenant) }), for: one.tenant, keepsTenant: keepsTenant)
    }
  }

  /// What `read` gives of each partition. Failures that pass, such as a conflict on a standby, are
  /// tried again after a pause.
  ///
  /// - Parameter since: when the first try began.
  func trying(
    _ partitions: [RunPlan.Partition], since: Stopwatch,
    read: ([RunPlan.Partition]) throws -> [Outcome]
  ) throws -> [Outcome] {
    var outcomes = try read(partitions)
    for failures in 1... {
      let passing = outcomes.indices.filter { outcomes[$0].isTransientFailure }
      guard !passing.isEmpty, !cancellation.isRequested,
        let pause = Backoff.stage.pause(after: failures, since: since)
      else { break }
      try Backoff.sleep(pause, cancellation)
      for (place, outcome) in zip(passing, try read(passing.map { partitions[$0] })) {
        outcomes[place] = outcome
      }
    }
    return outcomes
  }
}

extension Result where Success == [Dataset], Failure == any Error {
  var isTransientFailure: Bool {
    if case .failure(let error as Diagnostic) = self { error.isTransient } else { false }
  }
}
