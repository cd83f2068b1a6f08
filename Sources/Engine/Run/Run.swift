import Basics
import Diagnostics
import Extraction
import Foundation
import Media
import Pipelines
import Postgres
import Stages
import Store

/// One execution of a plan.
///
/// The calling thread extracts one batch after the other in one snapshot. The pool's threads make
/// each partition's files as soon as its rows are there. The committer's thread makes results
/// durable, records and publishes.
final class Run {
  let session: RunSession
  var plan: RunPlan
  let record: RunRecord
  let id: String
  let share: RunShare
  /// The run whose work is shared: this run, unless it joined another.
  let sharedID: String
  private let started = Date()
  private let running = Stopwatch()
  let state: RunState
  let pool: WorkerPool
  private let worker: PartitionWorker
  let publisher: Publisher
  private let committer: Committer
  private let readers: SourceReaders
  let interruption = Interruption()
  let claims: Claims
  let gate: NeedsGate
  private let blobs: BlobStore
  private let policy: RunPolicy
  private let lookup: Locked<RunRecord>
  /// What the pipelines' queries read, by the pipeline's name.
  private var reads: [String: Fingerprinting.Reads] = [:]

  /// - Parameters:
  ///   - claims: holds the schedule's lock, if the plan is a schedule's.
  init(
    _ session: RunSession, plan: RunPlan, sources: [Shards], record: RunRecord, claims: Claims,
    policy: RunPolicy, share: RunShare = .alone
  ) throws {
    self.session = session
    self.plan = plan
    self.record = record
    self.claims = claims
    self.share = share
    let configuration = session.configuration
    let conninfo = try configuration.required(.record)
    let workspace = try configuration.required(.workspace)
    let store = try configuration.releaseStore(configuration.required(.store))
    RasterFonts.use(workspace: workspace)
    let blobs = try BlobStore(workspace: workspace)
    self.blobs = blobs
    // Before a minute's work, not after hours of it.
    try blobs.tryWriting()
    try store.tryWriting()
    switch share {
    case .alone:
      id = try record.takeID(at: started)
      sharedID = id
    case .joined(let leader):
      id = try record.takeID(at: started)
      sharedID = leader
    case .shard(let task):
      id = task.run
      sharedID = id
    }
    self.policy = policy
    let state = RunState(planned: plan.partitions.count, observer: session.observer)
    self.state = state
    let pool = try WorkerPool(size: session.threads)
    self.pool = pool
    // Workers look up results, the committer writes them, the publisher records releases. Each has
    // its own session, so that none waits for another.
    let lookup = Locked(try RunRecord(conninfo))
    self.lookup = lookup
    let writer = RecordWriter(
      record: Locked(try RunRecord(conninfo)), blobs: blobs, run: id, sharedRun: sharedID)
    publisher = try Publisher(
      store: store, record: Locked(RunRecord(conninfo)), blobs: blobs,
      library: session.library, templates: PageTemplates.ofStore(folder: session.templates),
      recipients: configuration.recipients, run: id, moment: plan.moment, state: state,
      claims: claims, policy: policy, messages: session.messages(), site: configuration.previewSite,
      sideBySide: pool.sideBySide)
    let committer = try Committer(write: writer.write, publish: publisher.publish)
    self.committer = committer
    let resultPolicy: ResultCache.Policy =
      if policy.isForced {
        .none
      } else if let seconds = policy.refreshSeconds {
        .madeWith(
          versions: writer.versions, seconds: seconds, since: running)
      } else {
        .all
      }
    let services = StageServices(
      templates: session.templates,
      media: configuration.media, mediaLayout: configuration.mediaLayout,
      digests: MediaDigests(record: lookup, isRehashing: policy.rehashes),
      pool: pool,
      cache: ResultCache(blobs: blobs, record: lookup, committer: committer, policy: resultPolicy),
      cancellation: session.cancellation, state: state, stageSeconds: configuration.stageSeconds)
    worker = PartitionWorker(
      services, record: lookup, claims: claims, committer: committer, publisher: publisher)
    readers = try SourceReaders(
      sources, session: session, blobs: blobs, moment: plan.moment, interruption: interruption,
      hidden: { try session.hiddenRows(of: $0, lookup) },
      correction: { try Self.correction(of: $0, lookup, state) })
    let gate = NeedsGate(plan.partitions)
    self.gate = gate
    let isShared = plan.isSchedule || share.isShard
    state.whenEnded { partition, outcome in
      gate.ended(partition)
      if isShared, let outcome {
        committer.add(ended: EndedPartition(key: partition.key, outcome: outcome))
      }
    }
  }

  func execute(refusing faults: [Diagnostic]) throws -> RunSummary {
    defer { pool.stop() }
    try begin()
    state.tell(
      .began(
        run: id, partitions: plan.partitions.count,
        tenants: Set(plan.partitions.map(\.tenant.id)).count))
    state.warn(try record.forgetTimesAhead())
    let watchdog = try watch()
    defer { watchdog.stop() }
    do {
      for fault in faults { state.refused(fault) }
      do {
        try extract(plan.partitions.map(\.key))
      } catch let error as Diagnostic where error.code == .interrupted {
        // A statement was stopped because the run must stop. Partitions that have begun still
        // finish.
      }
      try finishWork()
      if case .shard(let task) = share { try workForOthers(task) }
      try committer.finish()
      try worker.finish()
    } catch {
      // Queued partitions are dropped. Partitions that have begun finish first.
      session.cancellation.request()
      pool.drain(every: 1) {}
      let cause = error
      do {
        try committer.finish()
        _ = try end(summary(problem: Self.problem(cause)))
      } catch { throw cause }
      throw cause
    }
    var summary = try end(summary(problem: nil))
    // They follow the reports. The mirror must not lag behind what is taken back.
    if !summary.wasInterrupted { state.warn(session.renewShares(plan, publisher.store)) }
    // The releases are published and stay, even if mirroring fails.
    if !summary.wasInterrupted, let mirroring = session.mirrorChanges(plan, publisher.store) {
      summary.mirroring = mirroring
      state.tell(.mirrored(mirroring))
    }
    state.tell(.finished(summary))
    return summary
  }

  private func summary(problem: Diagnostic?) -> RunSummary {
    RunSummary(
      run: id, name: plan.name, moment: plan.moment, counts: state.counts,
      seconds: running.seconds, stageSeconds: state.stageSeconds,
      failures: state.failures,
      wasInterrupted: problem == nil && session.cancellation.isRequested, problem: problem)
  }

  /// Waits for all partitions. Some begin only after a partition that they need was published, and
  /// some turn out to need their rows.
  func finishWork() throws {
    repeat {
      pool.drain(every: 1) {}
      committer.flush()
      let left = worker.takeHandedBack()
      do { try read(left, isFingerprinting: false) } catch let error as Diagnostic
        where error.code == .interrupted
      {}
      // Partitions that the flush released are in the pool now.
    } while !session.cancellation.isRequested
      && (gate.holdsAny || pool.isBusy || worker.hasHandedBack)
    pool.drain(every: 1) {}
  }

  /// Fails tenants whose slug has changed until they are renamed in the store too. Otherwise such a
  /// tenant would have two folders.
  private func refuseMoved() throws {
    let slugs = try record.publishedSlugs()
    for index in plan.partitions.indices where plan.partitions[index].fault == nil {
      let tenant = plan.partitions[index].tenant
      guard let known = slugs[tenant.id], !known.contains(tenant.slug) else { continue }
      for old in known.sorted() {
        // A slug whose folder was removed or given to another tenant does not matter.
        guard try publisher.store.tenant(slug: old)?.id == tenant.id else { continue }
        plan.partitions[index].fault = Diagnostic(
          .configuration, "the tenant was published as '\(old)', but has another slug now",
          at: .init(stage: "plan", tenant: tenant.slug),
          hint: "rename it in the store, then retry: yearbook tenant rename \(old) \(tenant.slug)")
      }
    }
  }

  /// Runs the isolation trial for pipelines whose exact SQL has not passed it. If a pipeline does
  /// not pass, its partitions fail. If none passes, the run fails.
  private func tryPipelines() throws {
    let names = Set(plan.partitions.map(\.pipeline.name))
    var faults: [String: Diagnostic] = [:]
    var cause: (any Error)?
    try readers.forEachSource { source in
      let trial = IsolationTrial(record: record.connection, catalog: try source.catalog())
      for pipeline in session.library.pipelines
      where names.contains(pipeline.name) && pipeline.extract.source == source.name {
        let fingerprint = trial.fingerprint(of: pipeline)
        let known = try record.trial(fingerprint)
        if known.isPassed {
          let found = try known.reads ?? trial.reads(of: pipeline)
          if known.reads == nil {
            try record.addTrial(fingerprint, pipeline: pipeline.name, reads: found)
          }
          reads[pipeline.name] = .init(reads: found, statement: fingerprint)
          continue
        }
        let outcome: IsolationTrial.Outcome
        do {
          outcome = try trial.run(pipeline)
        } catch let error as Diagnostics {
          var fault = Self.problem(error)
          fault.subject.stage = fault.subject.stage ?? "trial"
          fault.subject.pipeline = pipeline.name
          fault.hint = fault.hint ?? "fix the pipeline, then test it without a run: yearbook check"
          faults[pipeline.name] = fault
          cause = cause ?? error
          continue
        }
        try record.addTrial(fingerprint, pipeline: pipeline.name, reads: outcome.reads)
        reads[pipeline.name] = .init(reads: outcome.reads, statement: fingerprint)
        state.tell(.tried(pipeline: pipeline.name, silent: outcome.silent))
      }
    }
    if let cause, faults.count == names.count { throw cause }
    for index in plan.partitions.indices where plan.partitions[index].fault == nil {
      plan.partitions[index].fault = faults[plan.partitions[index].pipeline.name]
    }
  }

  /// Reads the rows of these partitions of the plan, and hands each on when its rows are there.
  func extract(_ keys: [PartitionKey]) throws {
    try refuseMoved()
    refuseUnwritable()
    try refuseWithoutFonts()
    state.enter("trying the queries")
    try tryPipelines()
    state.enter("reading rows")
    let wanted = Set(keys)
    let partitions = plan.partitions.filter { wanted.contains($0.key) }
    let order = order
    for partition in partitions {
      guard let fault = partition.fault else { continue }
      let order = order[partition.key] ?? 0
      gate.submit(partition) { [pool, worker] in
        pool.submit(order: order) {
          worker.work(on: partition, .failure(fault), snapshot: 0, order: order)
        }
      }
    }
    let left = try replay(partitions.filter { $0.fault == nil }, order)
    try read(left, isFingerprinting: true)
    state.enter(nil)
  }

  /// The partitions' places in the plan.
  private var order: [PartitionKey: Int] {
    Dictionary(uniqueKeysWithValues: plan.partitions.enumerated().map { ($1.key, $0) })
  }

  private func read(_ left: [RunPlan.Partition], isFingerprinting: Bool) throws {
    let order = order
    let warnings = try readers.read(
      left, size: share.isJoined ? Self.sharedBatchSize : Self.batchSize,
      fingerprinting: {
        isFingerprinting
          ? Fingerprinting(
            record, session.configuration, moment: plan.moment,
            isUsed: !policy.rereads && !policy.isForced, state: state, reads: reads) : nil
      }, leaving: endedElsewhere
    ) { [state, gate, pool, worker, lookup] batch, reading in
      state.measures.add(reading, of: batch[0].pipeline)
      guard reading.isRead else {
        let results = try lookup.withLock { record throws(Diagnostic) in
          try record.newestResults(of: batch.map(\.key))
        }
        for (partition, outcome) in zip(batch, reading.outcomes) {
          let (order, results) = (order[partition.key] ?? 0, results[partition.key] ?? .init())
          let datasets = try outcome.get()
          gate.submit(partition) {
            pool.submit(order: order) {
              worker.work(
                onUnread: partition, datasets, results: results, snapshot: reading.snapshot,
                order: order)
            }
          }
        }
        return
      }
      let rows = reading.outcomes.reduce(0) { sum, outcome in
        guard case .success(let datasets) = outcome else { return sum }
        return sum + datasets.reduce(0) { $0 + $1.rows }
      }
      state.add(seconds: reading.seconds, to: "extract")
      state.tell(
        .extracted(
          pipeline: batch[0].pipeline.name, period: batch[0].period, tenants: batch.count,
          rows: rows, seconds: reading.seconds))
      for (index, (partition, outcome)) in zip(batch, reading.outcomes).enumerated() {
        let decidedBy = reading.states[index]
        let order = order[partition.key] ?? 0
        gate.submit(partition) {
          pool.submit(order: order) {
            worker.work(
              on: partition, outcome, snapshot: reading.snapshot, order: order,
              decidedBy: decidedBy)
          }
        }
      }
    } failed: { partition, error in
      let order = order[partition.key] ?? 0
      gate.submit(partition) { [pool, worker] in
        pool.submit(order: order) {
          worker.work(on: partition, .failure(error), snapshot: 0, order: order)
        }
      }
    }
    state.warn(warnings)
  }

  /// Hands on the partitions whose kept rows must be used.
  ///
  /// - Returns: The partitions whose rows must be read.
  private func replay(
    _ partitions: [RunPlan.Partition], _ order: [PartitionKey: Int]
  ) throws -> [RunPlan.Partition] {
    guard let keptFrom = policy.keptFrom else { return partitions }
    let kept = try record.kept(of: keptFrom)
    var left: [RunPlan.Partition] = []
    for partition in partitions {
      guard let rows = kept[partition.key],
        let datasets = rows.datasets(in: blobs, tenant: partition.tenant.id)
      else {
        left.append(partition)
        continue
      }
      let order = order[partition.key] ?? 0
      gate.submit(partition) { [pool, worker] in
        pool.submit(order: order) {
          worker.work(on: partition, .success(datasets), snapshot: rows.snapshot, order: order)
        }
      }
    }
    state.tell(.replayed(partitions: partitions.count - left.count, of: keptFrom))
    return left
  }
}
