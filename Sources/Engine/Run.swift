import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// One execution of a plan.
///
/// The calling thread extracts, one batch after the other in one snapshot; the pool's threads take each
/// partition from its rows to its files as soon as the rows are there; the committer's thread makes
/// durable, records and publishes.
final class Run {
  private let session: RunSession
  private let plan: RunPlan
  private let source: Source
  private let record: RunRecord
  private let id: String
  private let started = Date()
  private let state: RunState
  private let pool: WorkerPool
  private let worker: PartitionWorker
  private let committer: Committer
  private let claims: Claims
  private let blobs: BlobStore

  /// How many tenants one statement reads: large enough that the statement costs little, small enough
  /// that work begins early and a failing batch is split in few steps.
  private static let batchSize = 250

  init(_ session: RunSession, plan: RunPlan, source: Source, record: RunRecord) throws {
    self.session = session
    self.plan = plan
    self.source = source
    self.record = record
    id = RunID.make(at: started, random: UInt16.random(in: 0 ... .max))
    let configuration = session.configuration
    let conninfo = try session.required(configuration.record, "record", "YEARBOOK_RECORD")
    let workspace = try session.required(
      configuration.workspace, "workspace", "YEARBOOK_WORKSPACE")
    let root = try session.required(configuration.store, "store", "YEARBOOK_STORE")
    blobs = try BlobStore(workspace: workspace)
    let state = RunState(planned: plan.partitions.count, observer: session.observer)
    self.state = state
    claims = try Claims(conninfo)
    // Workers look results up; the committer writes them: a session each, so that neither waits.
    let lookup = Locked(try RunRecord(conninfo))
    let publisher = try Publisher(
      store: ReleaseStore(root: root), record: Locked(RunRecord(conninfo)), blobs: blobs,
      library: session.library, templates: PageTemplates.cached(folder: session.templates), run: id,
      moment: plan.moment, state: state)
    committer = Committer(commitResults: publisher.commit, publish: publisher.publish)
    pool = WorkerPool(size: session.threads)
    worker = PartitionWorker(
      templates: session.templates, media: configuration.media, pool: pool,
      cache: ResultCache(blobs: blobs, record: lookup, committer: committer), record: lookup,
      cancellation: session.cancellation, state: state, claims: claims, committer: committer,
      publisher: publisher)
  }

  func execute(refusing faults: [Diagnostic]) throws -> RunSummary {
    defer { pool.stop() }
    if plan.isSchedule { try claims.takeSchedule(plan.name) }
    try record.begin(
      id, plan: plan, host: ProcessInfo.processInfo.hostName,
      pid: ProcessInfo.processInfo.processIdentifier)
    state.tell(
      .began(
        run: id, partitions: plan.partitions.count,
        tenants: Set(plan.partitions.map(\.tenant.id)).count))
    do {
      for fault in faults { state.refused(fault) }
      try tryPipelines()
      try extract()
      pool.drain(every: 1) {}
      try committer.finish()
      try worker.finish()
    } catch {
      // What waits is given up; what is being worked on ends first, so that nothing is half-done.
      session.cancellation.request()
      pool.drain(every: 1) {}
      let cause = error
      do {
        try committer.finish()
        try record.finish(id, state: "failed", state.counts)
      } catch { throw cause }
      throw cause
    }
    let summary = RunSummary(
      run: id, name: plan.name, moment: plan.moment, counts: state.counts,
      seconds: Date().timeIntervalSince(started), stageSeconds: state.stageSeconds,
      failures: state.failures, wasInterrupted: session.cancellation.isRequested)
    try record.finish(id, state: summary.state, summary.counts)
    state.tell(.finished(summary))
    return summary
  }

  /// A pipeline whose exact SQL has not passed the isolation trial does not run.
  private func tryPipelines() throws {
    let trial = try IsolationTrial(
      record: record.connection, source: source.connection, schema: source.schema)
    let names = Set(plan.partitions.map(\.pipeline.name))
    for pipeline in session.library.pipelines where names.contains(pipeline.name) {
      let fingerprint = trial.fingerprint(of: pipeline)
      if try record.hasPassedTrial(fingerprint) { continue }
      let silent = try trial.run(pipeline).silent
      try record.addTrial(fingerprint, pipeline: pipeline.name)
      state.tell(.tried(pipeline: pipeline.name, silent: silent))
    }
  }

  /// Reads everything in one snapshot and hands each partition on when its rows are there.
  private func extract() throws {
    let order = Dictionary(
      uniqueKeysWithValues: plan.partitions.enumerated().map { ($1.label, $0) })
    try source.connection.transaction(.readOnlySnapshot) {
      for batch in batches() {
        if session.cancellation.isRequested { return }
        let start = Date()
        let first = batch[0]
        let extractor = Extractor(source.connection) { [blobs] tenant in
          BlobDatasetWriter(blobs, tenant: tenant.id)
        }
        let outcomes = extractor.extract(
          Extractor.Batch(
            pipeline: first.pipeline, period: first.period, moment: plan.moment,
            members: batch.map {
              .init(tenant: $0.tenant, settings: $0.settings, asOf: $0.asOf)
            }))
        let rows = outcomes.reduce(0) { sum, outcome in
          guard case .success(let datasets) = outcome else { return sum }
          return sum + datasets.reduce(0) { $0 + $1.rows }
        }
        let seconds = Date().timeIntervalSince(start)
        state.add(seconds: seconds, to: "extract")
        state.tell(
          .extracted(
            pipeline: first.pipeline.name, period: first.period, tenants: batch.count, rows: rows,
            seconds: seconds))
        for (partition, outcome) in zip(batch, outcomes) {
          let order = order[partition.label] ?? 0
          pool.submit(order: order) { [worker] in worker.work(on: partition, outcome) }
        }
      }
    }
  }

  /// The plan's partitions by pipeline and period, in the order in which the plan first names them.
  private func batches() -> [[RunPlan.Partition]] {
    var groups: [[RunPlan.Partition]] = []
    var places: [String: Int] = [:]
    for partition in plan.partitions {
      let name = "\(partition.pipeline.name) \(partition.period)"
      if let place = places[name], groups[place].count < Self.batchSize {
        groups[place].append(partition)
      } else {
        places[name] = groups.count
        groups.append([partition])
      }
    }
    return groups
  }
}

/// A dataset that becomes a blob of the workspace.
private final class BlobDatasetWriter: DatasetWriter {
  private let blobs: BlobStore
  private let tenant: String
  private let writer: BlobWriter

  init(_ blobs: BlobStore, tenant: String) {
    self.blobs = blobs
    self.tenant = tenant
    writer = blobs.writer(tenant: tenant)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws { try writer.write(bytes) }

  func finish() throws -> (path: String, digest: String, bytes: Int) {
    let blob = try writer.finish()
    return (blobs.path(blob.digest, tenant: tenant), blob.digest.hex, blob.byteCount)
  }
}
