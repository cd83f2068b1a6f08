import Basics
import Diagnostics
import Extraction
import Foundation
package import Pipelines
import Stages
import Store

extension RunSession {
  /// What a run of this request would do, partition by partition. It reads the rows and makes every
  /// stage's key, but runs no stage, publishes nothing and records nothing.
  ///
  /// Throws what stops a whole run: `usage`, `configuration`, `unavailable`.
  package func forecast(
    _ request: Planner.Request, only: Set<PartitionKey>? = nil, policy: RunPolicy = RunPolicy(),
    each: (Forecast) -> Void
  ) throws {
    let (sources, _) = try openSources(sourceNames(of: request.name), isWhole: true)
    let record = try openRecord()
    let plan = try plan(
      request, only,
      tenants: SourceTenants(of: sources, alsoZone: configuration.operatorZone, record: record))
    let conninfo = try configuration.required(.record)
    let blobs = try BlobStore(workspace: configuration.required(.workspace))
    // Nothing is ever added to it: no stage runs.
    let committer = try Committer(write: { _ in }, publish: { _ in })
    defer { do { try committer.finish() } catch {} }
    let pool = try WorkerPool(size: threads)
    defer { pool.stop() }
    let lookup = Locked(try RunRecord(conninfo))
    let cache = ResultCache(
      blobs: blobs, record: lookup, committer: committer, policy: policy.isForced ? .none : .all)
    let state = RunState(planned: 0, observer: SilentObserver())
    let store = try ReleaseStore(root: configuration.required(.store))
    let services = StageServices(
      templates: templates,
      media: configuration.media, mediaLayout: configuration.mediaLayout,
      digests: MediaDigests(record: lookup, isRehashing: false),
      pool: pool, cache: cache, cancellation: cancellation, state: state,
      stageSeconds: configuration.stageSeconds)
    let forecaster = Forecaster(record: record, cache: cache, store: store) { partition, stage in
      PartitionEnvironment(services, partition, stage: stage)
    }
    var forecasts: [PartitionKey: Forecast] = [:]
    for partition in plan.partitions {
      guard let fault = partition.fault else { continue }
      forecasts[partition.key] = Forecast(
        pipeline: partition.pipeline.name, slug: partition.tenant.slug, period: partition.period,
        stages: [], failure: fault.description)
    }
    let servable = plan.partitions.filter { $0.fault == nil }
    func tell(_ batch: [RunPlan.Partition], _ reading: SourceReader.Reading) throws {
      for (index, (partition, outcome)) in zip(batch, reading.outcomes).enumerated() {
        let rows = try reading.states[index].map { try record.rows(of: partition.key, $0) }
        defer { forecasts[partition.key]?.rows = rows }
        switch outcome {
        case .success(let datasets):
          forecasts[partition.key] = try forecaster.forecast(partition, datasets)
        case .failure(let error):
          forecasts[partition.key] = Forecast(
            pipeline: partition.pipeline.name, slug: partition.tenant.slug,
            period: partition.period, stages: [],
            failure: (error as? Diagnostic)?.description ?? "\(type(of: error))")
        }
      }
    }
    var passed: [String: Fingerprinting.Reads] = [:]
    for source in sources { passed.merge(try self.passed(plan, source.first(), record)) { $1 } }
    let readers = try SourceReaders(
      sources, session: self, blobs: blobs, moment: plan.moment, interruption: Interruption(),
      hidden: { try hiddenRows(of: $0, lookup) })
    try readers.read(
      servable, size: Run.batchSize,
      fingerprinting: {
        Fingerprinting(
          record, configuration, moment: plan.moment, isUsed: false, state: state, reads: passed)
      }, leaving: { $0 }, each: tell
    ) { partition, error in
      forecasts[partition.key] = Forecast(
        pipeline: partition.pipeline.name, slug: partition.tenant.slug, period: partition.period,
        stages: [], failure: error.description)
    }
    for partition in plan.partitions { forecasts[partition.key].map(each) }
  }

  /// What the plan's pipelines read, as far as their trials are recorded.
  private func passed(
    _ plan: RunPlan, _ source: Source, _ record: RunRecord
  ) throws -> [String: Fingerprinting.Reads] {
    let trial = IsolationTrial(record: record.connection, catalog: try source.catalog())
    let names = Set(plan.partitions.map(\.pipeline.name))
    var found: [String: Fingerprinting.Reads] = [:]
    for pipeline in library.pipelines
    where names.contains(pipeline.name) && pipeline.extract.source == source.name {
      let statement = trial.fingerprint(of: pipeline)
      found[pipeline.name] = try record.trial(statement).reads.map {
        .init(reads: $0, statement: statement)
      }
    }
    return found
  }

  /// The rows that queries of a batch must not see: those of people who were erased.
  func hiddenRows(
    of batch: [RunPlan.Partition], _ record: Locked<RunRecord>
  ) throws -> Extractor.HiddenRows? {
    let keys = try record.withLock { try $0.erased(of: batch.flatMap(\.tenantIDs)) }
    guard let people = batch.first.flatMap({ configuration.people(of: $0.pipeline) }) else {
      if keys.isEmpty { return nil }
      throw Diagnostic(
        .configuration, "people were erased, and nothing says which table holds people",
        hint: "say it in platform.yaml: people: {table: NAME, key: NAME}")
    }
    return Extractor.HiddenRows(table: people.table, column: people.key, keys: keys)
  }
}
