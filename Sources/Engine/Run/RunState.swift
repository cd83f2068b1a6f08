import Basics
import Diagnostics
import Foundation
import Pipelines

/// The counts and failures of a run so far, shared by all its threads.
final class RunState: Sendable {
  private struct Values {
    var counts = RunCounts()
    var stageSeconds: [String: Double] = [:]
    var failures: [Diagnostic] = []
    /// About the run as a whole.
    var warnings: [Warning] = []
    /// Pipelines with a failed or skipped partition, by the tenant's id.
    var failedPipelines: [String: Set<String>] = [:]
    var phase: String?
    /// The running stages, by the partition's label.
    var active: [String: RunActivity.Item] = [:]
  }

  /// What monitors are told of the run beyond its counts.
  let measures = RunMeasures()
  private let values = Locked(Values())
  private let observer: any RunObserver
  private let telling = Locked(())
  private let followUp = Locked(FollowUp())

  /// A structure, because Swift wraps a closure that is the value of a generic type again on each
  /// access. After some thousand accesses, calling it overflows the stack.
  private struct FollowUp {
    var call: @Sendable (RunPlan.Partition, SharedOutcome?) -> Void = { _, _ in }
  }

  init(planned: Int, observer: any RunObserver) {
    self.observer = observer
    values.withLock { $0.counts.planned = planned }
  }

  /// Calls `body` after each partition's end, on the thread that ended it; without an outcome if
  /// another run or task has worked on the partition.
  func whenEnded(_ body: @escaping @Sendable (RunPlan.Partition, SharedOutcome?) -> Void) {
    followUp.withLock { $0.call = body }
  }

  var counts: RunCounts { values.withLock { $0.counts } }
  var stageSeconds: [String: Double] { values.withLock { $0.stageSeconds } }
  var failures: [Diagnostic] { values.withLock { $0.failures } }

  var warnings: [Warning] { values.withLock { $0.warnings } }

  /// Warnings about the run as a whole. Each code is told once.
  func warn(_ warnings: [Warning]) {
    for warning in warnings {
      let isNew = values.withLock { values in
        if values.warnings.contains(where: { $0.code == warning.code }) { return false }
        values.warnings.append(warning)
        values.counts.warnings += 1
        return true
      }
      if isNew { tell(.warning(partition: "run", warning)) }
    }
  }

  /// What the run does now.
  var activity: RunActivity {
    values.withLock { values in
      let items = values.active.values.sorted {
        ($0.began, $0.partition) < ($1.began, $1.partition)
      }
      return RunActivity(phase: values.phase, items: Array(items.prefix(RunActivity.limit)))
    }
  }

  /// Says what the run as a whole does; `nil` if only its stages do something.
  func enter(_ phase: String?) { values.withLock { $0.phase = phase } }

  private func note(_ event: RunEvent) {
    values.withLock { values in
      switch event {
      case .stageBegan(let stage, let partition):
        values.active[partition] = .init(stage: stage, partition: partition, began: Date())
      case .progress(_, let partition, let done, let total, let pieces):
        values.active[partition]?.done = done
        values.active[partition]?.total = total
        values.active[partition]?.pieces = pieces
      case .stageEnded(_, let partition, _, _), .ended(let partition, _, _, _):
        values.active[partition] = nil
      default: break
      }
    }
  }

  func tell(_ event: RunEvent) {
    note(event)
    telling.withLock { _ in observer.receive(event) }
  }

  func stageEnded(_ stage: String, _ partition: String, wasFound: Bool, seconds: Double) {
    values.withLock { values in
      if wasFound { values.counts.stagesFound += 1 } else { values.counts.stagesRun += 1 }
      values.stageSeconds[stage, default: 0] += seconds
    }
    tell(.stageEnded(stage: stage, partition: partition, wasFound: wasFound, seconds: seconds))
  }

  func add(seconds: Double, to stage: String) {
    values.withLock { $0.stageSeconds[stage, default: 0] += seconds }
  }

  func ended(_ partition: RunPlan.Partition, _ outcome: RunEvent.Outcome, warnings: [Warning]) {
    let counts = values.withLock { values in
      switch outcome {
      case .published: values.counts.published += 1
      case .unchanged, .withdrawn: values.counts.unchanged += 1
      case .failed(let failure):
        values.counts.failed += 1
        values.failures.append(failure)
        values.failedPipelines[partition.tenant.id, default: []].insert(partition.pipeline.name)
      case .skipped:
        values.counts.skipped += 1
        values.failedPipelines[partition.tenant.id, default: []].insert(partition.pipeline.name)
      }
      values.counts.warnings += warnings.count
      return values.counts
    }
    for warning in warnings { tell(.warning(partition: partition.label, warning)) }
    tell(.ended(partition: partition.label, outcome, done: counts.done, total: counts.planned))
    let follow = followUp.withLock { $0.call }
    follow(partition, SharedOutcome(outcome))
  }

  /// Another run or task of the same plan has worked on the partition.
  func endedElsewhere(_ partition: RunPlan.Partition, _ outcome: SharedOutcome) {
    let counts = values.withLock { values in
      values.counts.unchanged += 1
      if !outcome.isGood {
        values.failedPipelines[partition.tenant.id, default: []].insert(partition.pipeline.name)
      }
      return values.counts
    }
    tell(
      .ended(
        partition: partition.label, .unchanged, done: counts.done, total: counts.planned))
    let follow = followUp.withLock { $0.call }
    follow(partition, nil)
  }

  /// The run has taken over so many partitions more.
  func plan(more count: Int) { values.withLock { $0.counts.planned += count } }

  /// A tenant that cannot be served at all counts as one failure.
  func refused(_ fault: Diagnostic) {
    values.withLock { values in
      values.counts.planned += 1
      values.counts.failed += 1
      values.failures.append(fault)
    }
    tell(.refused(fault))
  }

  /// The first of `pipelines` that failed for the tenant.
  func failed(_ pipelines: [String], tenant: String) -> String? {
    values.withLock { values in
      let failed = values.failedPipelines[tenant] ?? []
      return pipelines.first(where: failed.contains)
    }
  }
}
