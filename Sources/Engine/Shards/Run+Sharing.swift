import Basics
import Diagnostics
import Foundation
import Pipelines

/// What is different for a run that shares its work.
extension Run {
  /// Records that this process works from now on.
  func begin() throws {
    let process = ProcessInfo.processInfo
    if case .shard(let task) = share {
      return try record.beginShard(
        task.number, of: id, host: process.hostName, pid: process.processIdentifier)
    }
    try record.begin(id, plan: plan, host: process.hostName, pid: process.processIdentifier)
    if case .alone = share, plan.isSchedule { try record.abandonPlans(of: plan.name, for: id) }
    try session.noteDeadline(of: id, plan.name, record)
  }

  /// Watches for the wish to stop, and tells the record what this process does.
  func watch() throws -> Watchdog {
    let asking = Locked(try session.openRecord())
    guard case .shard(let task) = share else {
      return try Watchdog(session.cancellation, of: id, asking: asking, state, interruption)
    }
    return try Watchdog(session.cancellation) { [interruption] in
      interruption.interrupt()
    } isCancelled: { [state, id] in
      asking.withLock { record in
        do {
          return try record.isCancelled(
            shard: task.number, of: id, doing: state.activity, state.counts,
            measures: state.measures.json())
        } catch {
          // The sessions that do the work will meet and report the same failure.
          return false
        }
      }
    }
  }

  /// Records the end and tells the operator. Of a planned run, `finish` tells the operator.
  func end(_ summary: RunSummary) throws -> RunSummary {
    guard case .shard(let task) = share else {
      try record.note(state.measures, of: id)
      try session.end(summary, plan, record, notes: state.warnings)
      try publisher.finish(summary, isForAll: plan.isSchedule)
      return summary
    }
    // What it did for others is their failure, and what others did for it is its own.
    var summary = summary
    let outcomes = try record.outcomes(
      in: id, of: plan.partitions.map(\.key).filter { task.shards[$0.tenantID] == task.number })
    summary.counts.failed = outcomes.values.count { $0 == .failed }
    summary.counts.skipped = outcomes.values.count { $0 == .skipped }
    try record.finishShard(
      task.number, of: id, state: summary.state, summary.counts, measures: state.measures.json(),
      problem: summary.problem, notes: state.warnings)
    return summary
  }

  /// The batch, without partitions that have ended in the run whose work is shared.
  ///
  /// A task that works on its shard again takes up what failed.
  func endedElsewhere(_ batch: [RunPlan.Partition]) throws -> [RunPlan.Partition] {
    if case .alone = share { return batch }
    let outcomes = try record.outcomes(in: sharedID, of: batch.map(\.key))
    return batch.filter { partition in
      guard let outcome = outcomes[partition.key] else { return true }
      if share.isShard, !outcome.isGood { return true }
      state.endedElsewhere(partition, outcome)
      return false
    }
  }

  // MARK: - Taking over

  /// At least so many partitions are taken over at once, and at most.
  private static let takenOver = 16...500

  /// Works on what other shards have not begun: the last tenants of the shard with the most work
  /// left, again and again until nothing is free.
  func workForOthers(_ task: ShardTask) throws {
    while !session.cancellation.isRequested {
      let (partitions, held) = try takeOver(task)
      if partitions.isEmpty { return }
      do {
        plan.partitions += partitions
        gate.add(partitions)
        state.plan(more: partitions.count)
        do { try extract(partitions.map(\.key)) } catch let error as Diagnostic
          where error.code == .interrupted
        {}
        try finishWork()
      } catch {
        try claims.giveBack(held)
        throw error
      }
      try claims.giveBack(held)
    }
  }

  /// Claims tenants of another shard, each with all its partitions that have not ended.
  ///
  /// The claims keep the other task away until this one is done with them. That task meets them
  /// only if it is quicker than this one, and then works on its other tenants first.
  private func takeOver(
    _ task: ShardTask
  ) throws -> (partitions: [RunPlan.Partition], held: [Claims.Claim]) {
    let outcomes = try record.outcomes(in: id)
    let known = Set(plan.partitions.map(\.key))
    let open = task.others.filter { outcomes[$0.key] == nil && !known.contains($0.key) }
    let byShard = Dictionary(grouping: open) { task.shards[$0.tenant.id] ?? 0 }
    let fullest = byShard.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    for (_, left) in fullest {
      // Of few partitions a few each: so nobody ends up with the last long work alone.
      let most = min(max(left.count / 4, Self.takenOver.lowerBound), Self.takenOver.upperBound)
      var taken: [RunPlan.Partition] = []
      var held: [Claims.Claim] = []
      for tenant in left.groupedByTenant().reversed() where taken.count < most {
        let claimed = try claims.take(tenant.map(\.key))
        guard claimed.count == tenant.count else {
          try claims.giveBack(Array(claimed.values))
          continue
        }
        held += claimed.values
        taken += tenant
      }
      // Some may have ended between the question and the claim.
      let ended = try record.outcomes(in: id, of: taken.map(\.key))
      taken.removeAll { ended[$0.key] != nil }
      if !taken.isEmpty { return (taken, held) }
      try claims.giveBack(held)
    }
    return ([], [])
  }
}

extension [RunPlan.Partition] {
  /// Neighbours of one tenant together.
  func groupedByTenant() -> [[RunPlan.Partition]] {
    var groups: [[RunPlan.Partition]] = []
    for partition in self {
      if groups.last?.first?.tenant.id == partition.tenant.id {
        groups[groups.count - 1].append(partition)
      } else {
        groups.append([partition])
      }
    }
    return groups
  }
}
