import Basics
import Diagnostics
import Extraction
import Foundation
package import Pipelines
import Stages
import Store

extension RunSession {
  /// What a run of this request would do, partition by partition. It reads the rows that have
  /// changed and makes every stage's key, but runs no stage, publishes nothing and records nothing.
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
      stageSeconds: configuration.stageSeconds, isForecast: true)
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
    let found = Locked((forecasts: forecasts, handedBack: [RunPlan.Partition]()))
    func add(_ batch: [RunPlan.Partition], _ reading: SourceReader.Reading) throws {
      for (index, (partition, outcome)) in zip(batch, reading.outcomes).enumerated() {
        var forecast: Forecast
        switch outcome {
        case .success(let datasets):
          do {
            forecast = try forecaster.forecast(
              partition,
              partition.planned(partition.forStages(datasets), in: blobs, isKeeping: false))
          } catch is UnreadRows {
            // A key is made from rows that are not in the workspace.
            found.withLock { $0.handedBack.append(partition) }
            continue
          }
        case .failure(let error):
          forecast = Forecast(
            pipeline: partition.pipeline.name, slug: partition.tenant.slug,
            period: partition.period, stages: [],
            failure: (error as? Diagnostic)?.description ?? "\(type(of: error))")
        }
        forecast.rows =
          reading.isRead
          ? try reading.states[index].map { try record.rows(of: partition.key, $0) } : .same
        found.withLock { $0.forecasts[partition.key] = forecast }
      }
    }
    var passed: [String: Fingerprinting.Reads] = [:]
    for source in sources { passed.merge(try self.passed(plan, source.first(), record)) { $1 } }
    let readers = try SourceReaders(
      sources, session: self, blobs: blobs, moment: plan.moment, interruption: Interruption(),
      hidden: { try hiddenRows(of: $0, lookup) })
    func read(_ partitions: [RunPlan.Partition], isFingerprinting: Bool) throws {
      _ = try readers.read(
        partitions, size: Run.batchSize,
        fingerprinting: {
          isFingerprinting
            ? Fingerprinting(
              record, configuration, moment: plan.moment,
              isUsed: !policy.rereads && !policy.isForced, state: state, reads: passed) : nil
        }, leaving: { $0 }, each: add
      ) { partition, error in
        let forecast = Forecast(
          pipeline: partition.pipeline.name, slug: partition.tenant.slug,
          period: partition.period, stages: [], failure: error.description)
        found.withLock { $0.forecasts[partition.key] = forecast }
      }
    }
    try read(servable, isFingerprinting: true)
    let left = found.withLock { $0.handedBack }
    try read(left, isFingerprinting: false)
    forecasts = found.withLock { $0.forecasts }
    // Their rows have not changed: only the workspace does not hold them.
    for partition in left where forecasts[partition.key]?.failure == nil {
      forecasts[partition.key]?.rows = .same
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
