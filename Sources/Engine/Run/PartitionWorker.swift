import Basics
import Diagnostics
import Extraction
import Foundation
import Pipelines
import Stages
import Store

/// Makes a partition's files from its rows, stage by stage. A stage runs only if its key has no
/// result.
final class PartitionWorker: Sendable {
  private let services: StageServices
  private let record: Locked<RunRecord>
  private let claims: Claims
  private let committer: Committer
  private let publisher: Publisher
  /// The first failure outside of all partitions, such as a failure to write to the record.
  private let broken = Locked<(any Error)?>(nil)
  /// Partitions whose rows were not read and are needed after all.
  private let handedBack = Locked<[RunPlan.Partition]>([])

  init(
    _ services: StageServices, record: Locked<RunRecord>, claims: Claims, committer: Committer,
    publisher: Publisher
  ) {
    self.services = services
    self.record = record
    self.claims = claims
    self.committer = committer
    self.publisher = publisher
  }

  private var state: RunState { services.state }
  private var cancellation: Cancellation { services.cancellation }

  /// Works on a partition whose rows were read, or records that they could not be read.
  ///
  /// - Parameters:
  ///   - snapshot: when the rows were read by the record's clock, microseconds since 1970.
  ///   - order: the partition's place in the queue.
  ///   - decisive: what decided the datasets, if it is known.
  ///   - mayDefer: whether a partition that another run is working on moves to the end of the
  ///     queue.
  func work(
    on partition: RunPlan.Partition, _ extracted: Result<[Dataset], any Error>, snapshot: Int64,
    order: Int, decidedBy decisive: Fingerprints.State? = nil, mayDefer: Bool = true
  ) {
    // After the run was told to stop, no partition begins.
    if cancellation.isRequested { return }
    if let failed = state.failed(partition.needs, tenant: partition.tenant.id) {
      // Recorded as a failure, so that a retry runs it together with what it needs.
      note(
        Diagnostic(
          .unavailable, "'\(failed)' failed, and this partition needs it",
          hint: "fix the failure, then run both again: yearbook retry"), of: partition)
      state.ended(partition, .skipped(because: failed), warnings: [])
      return
    }
    do {
      let datasets = try extracted.get()
      let taken = try claims.take(partition.key)
      if taken == nil, mayDefer {
        services.pool.submit(order: order + Self.behindAll) { [self] in
          work(
            on: partition, extracted, snapshot: snapshot, order: order, decidedBy: decisive,
            mayDefer: false)
        }
        return
      }
      let claim = try taken ?? claims.await(partition.key, cancellation)
      do {
        if let head = try publisher.withdrawal(of: partition) {
          committer.add(
            Publication(
              partition: partition, files: [], warnings: [], snapshot: snapshot, claim: claim,
              withdrawn: head))
          return
        }
        // Another run was quicker and read its rows later: older rows never replace newer ones.
        let outlook = try record.withLock { record throws(Diagnostic) in
          try record.outlook(of: partition.key, snapshot: snapshot)
        }
        if outlook.isNewer {
          try claim.giveBack()
          state.ended(partition, .unchanged, warnings: [])
          return
        }
        let (files, warnings) = try files(of: partition, keeping(datasets, of: partition), outlook)
        let told = try Telling.rows(
          of: partition, datasets, isUpToDate: outlook.content == partition.content(of: files))
        committer.add(
          Publication(
            partition: partition, files: files, warnings: warnings + told.warnings,
            snapshot: snapshot, told: told.rows,
            extraction: decisive.map {
              ExtractedRows(
                partition: partition.key, state: $0, datasets: datasets.map(\.withoutRows),
                snapshot: snapshot)
            }, claim: claim))
      } catch {
        try claim.giveBack()
        throw error
      }
    } catch is UnreadRows {
      handedBack.withLock { $0.append(partition) }
    } catch {
      if case .success(let datasets) = extracted, (error as? Diagnostic)?.code != .interrupted,
        !datasets.contains(where: { $0.content == .unread })
      {
        committer.add(
          FailedRows(
            partition: partition, datasets: partition.forStages(datasets), snapshot: snapshot))
      }
      fail(partition, error)
    }
  }

  private static let behindAll = 1 << 40

  /// Works on a partition whose rows were not read. Mostly every stage is found done: then nothing
  /// is asked of the record, and the claim is taken with many others. Otherwise it is worked on as
  /// any other is.
  ///
  /// - Parameter results: what the record knows of the partition.
  func work(
    onUnread partition: RunPlan.Partition, _ datasets: [Dataset],
    results: RunRecord.Newest, snapshot: Int64, order: Int
  ) {
    if cancellation.isRequested { return }
    let inFull: @Sendable () -> Void = { [self] in
      work(on: partition, .success(datasets), snapshot: snapshot, order: order)
    }
    guard state.failed(partition.needs, tenant: partition.tenant.id) == nil,
      let found = found(partition, datasets, results)
    else { return inFull() }
    committer.add(
      Publication(
        partition: partition, files: found.files, warnings: found.warnings, snapshot: snapshot,
        takeUpAgain: { [services] in
          services.pool.submit(order: order, inFull)
        }, complete: { [services] in try found.whole(services.cache, of: partition) }))
  }

  /// A partition of which every stage has a result.
  private struct FoundPartition: Sendable {
    /// The published files, in brief.
    var files: [Artifact]
    var warnings: [Warning]
    var keys: [StageKey]

    /// The published files with all that a release says of them.
    func whole(
      _ cache: ResultCache, of partition: RunPlan.Partition
    ) throws -> [Artifact] {
      try keys.flatMap { key in
        guard let found = try cache.find(key, tenant: partition.tenant.id) else {
          throw Diagnostic(
            .busy, "a result was removed while its release was being made",
            hint: "run the same command again", isTransient: true)
        }
        return found.files
      }.filter(\.isPublished)
    }
  }

  /// The partition's results, if every stage has one; else `nil`.
  private func found(
    _ partition: RunPlan.Partition, _ datasets: [Dataset], _ newest: RunRecord.Newest
  ) -> FoundPartition? {
    var files: [Artifact] = []
    var keys: [StageKey] = []
    var warnings: [Warning] = []
    var times: [(stage: String, seconds: Double)] = []
    do {
      if try publisher.withdrawal(of: partition) != nil { return nil }
      let work = try work(partition, keeping(datasets, of: partition))
      for stage in StageList.stages(of: partition.pipeline) {
        let running = Stopwatch()
        let environment = PartitionEnvironment(services, partition, stage: stage.name)
        let key = try stage.prepare(work, inputs: files, environment: environment).inputs.key
        guard let result = newest.results[stage.name], result.key == key,
          let found = try services.cache.find(key, tenant: partition.tenant.id, newest: result)
        else { return nil }
        files += found.files
        warnings += found.warnings
        keys.append(key)
        times.append((stage.name, running.seconds))
      }
    } catch {
      // It is met again, and reported, where the partition is worked on.
      return nil
    }
    let published = files.filter(\.isPublished)
    // Of something new people are told, and for that the rows are read.
    if partition.tellsOfReleases, newest.content != partition.content(of: published) { return nil }
    for (stage, seconds) in times {
      state.stageEnded(stage, partition.label, wasFound: true, seconds: seconds)
    }
    return FoundPartition(files: published, warnings: warnings, keys: keys)
  }

  private func work(
    _ partition: RunPlan.Partition, _ datasets: [Dataset]
  ) throws -> PartitionWork {
    PartitionWork(
      tenant: partition.tenant, settings: partition.settings, period: partition.period,
      pipeline: partition.pipeline, asOf: partition.asOf, progress: partition.progress,
      datasets: datasets, linked: try publisher.linked(partition))
  }

  /// Whether rows are needed that were not read.
  var hasHandedBack: Bool { handedBack.withLock { !$0.isEmpty } }

  /// The partitions whose rows were not read and are needed after all. They have not ended.
  func takeHandedBack() -> [RunPlan.Partition] {
    handedBack.withLock { partitions in
      defer { partitions = [] }
      return partitions
    }
  }

  /// The datasets, with those that a film is planned from in the workspace.
  private func keeping(
    _ datasets: [Dataset], of partition: RunPlan.Partition
  ) throws(Diagnostic) -> [Dataset] {
    try partition.planned(
      partition.forStages(datasets), in: services.cache.blobs, isKeeping: true)
  }

  /// Throws the first failure outside of all partitions.
  func finish() throws {
    if let error = broken.withLock({ $0 }) { throw error }
  }

  private func files(
    of partition: RunPlan.Partition, _ datasets: [Dataset], _ outlook: RunRecord.Outlook
  ) throws -> (files: [Artifact], warnings: [Warning]) {
    let work = try work(partition, datasets)
    var files: [Artifact] = []
    var warnings: [Warning] = []
    for stage in StageList.stages(of: partition.pipeline) {
      let made = try run(
        stage, work, inputs: files, partition, newest: outlook.results[stage.name])
      for file in made.files where files.contains(where: { $0.name == file.name }) {
        throw Diagnostic(
          .configuration, "two stages make the file '\(file.name)'",
          at: .init(stage: stage.name, file: partition.pipeline.file))
      }
      files += made.files
      warnings += made.warnings
    }
    return (files.filter(\.isPublished), warnings)
  }

  private func run(
    _ stage: any Stage, _ work: PartitionWork, inputs: [Artifact], _ partition: RunPlan.Partition,
    newest: RecordedResult?
  ) throws -> ResultCache.Found {
    let running = Stopwatch()
    do {
      let environment = PartitionEnvironment(services, partition, stage: stage.name)
      let prepared = try stage.prepare(work, inputs: inputs, environment: environment)
      if let found = try services.cache.find(
        prepared.inputs.key, tenant: partition.tenant.id, newest: newest)
      {
        state.stageEnded(
          stage.name, partition.label, wasFound: true, seconds: running.seconds)
        return found
      }
      if stage.readsRows, work.datasets.contains(where: { $0.content == .unread }) {
        throw UnreadRows()
      }
      state.tell(.stageBegan(stage: stage.name, partition: partition.label))
      let output = try trying(stage, partition, prepared.run)
      let seconds = running.seconds
      let files = try services.cache.add(
        output, inputs: prepared.inputs, stage: stage.name, tenant: partition.tenant.id,
        seconds: seconds,
        partition: partition.key)
      state.stageEnded(stage.name, partition.label, wasFound: false, seconds: seconds)
      return ResultCache.Found(files: files, warnings: output.warnings)
    } catch let error as Diagnostic {
      throw error.filling(.init(stage: stage.name))
    }
  }

  /// Runs a stage and records each attempt. After a temporary failure it waits and tries again.
  private func trying<Output>(
    _ stage: any Stage, _ partition: RunPlan.Partition, _ body: () throws -> Output
  ) throws -> Output {
    let since = Stopwatch()
    for number in 1... {
      let (began, trying) = (Date(), Stopwatch())
      func note(_ failure: Diagnostic?) {
        committer.add(
          StageAttempt(
            partition: partition, stage: stage.name, number: number, began: began,
            seconds: trying.seconds, failure: failure))
      }
      do {
        let output = try body()
        note(nil)
        return output
      } catch let error as Diagnostic {
        if error.code == .interrupted { throw error }
        note(error)
        guard error.isTransient, let pause = Backoff.stage.pause(after: number, since: since) else {
          throw error
        }
        try Backoff.sleep(pause, cancellation)
      } catch let errors as Diagnostics {
        note(errors.all.first)
        throw errors
      }
    }
    throw Diagnostic(.bug, "a stage neither finished nor failed")
  }

  private func fail(_ partition: RunPlan.Partition, _ error: any Error) {
    let subject = Diagnostic.Subject(
      pipeline: partition.pipeline.name, tenant: partition.tenant.slug,
      period: partition.period.description)
    let failure: Diagnostic
    switch error {
    case let error as Diagnostic: failure = error.filling(subject)
    case let errors as Diagnostics where !errors.all.isEmpty:
      failure = errors.all[0].filling(subject)
    default:
      failure = Diagnostic(
        .bug, "a stage failed with an unexpected error: \(type(of: error))", at: subject,
        underlying: error)
    }
    if failure.code == .interrupted { return }
    note(failure, of: partition)
    state.ended(partition, .failed(failure), warnings: [])
  }

  private func note(_ failure: Diagnostic, of partition: RunPlan.Partition) {
    do {
      try publisher.note(failure, of: partition)
    } catch {
      // Without the record no result can be kept. Stop, or all other partitions would fail one by
      // one.
      broken.withLock { $0 = $0 ?? error }
      cancellation.request()
    }
  }
}
