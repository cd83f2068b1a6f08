import Basics
import Pipelines

/// Holds partitions back until the partitions that they need or link to have ended, with or without
/// success.
final class NeedsGate: Sendable {
  private struct Parked {
    var partition: RunPlan.Partition
    var submit: @Sendable () -> Void
  }

  private struct Tenant {
    /// Partitions of the plan that have not ended, by pipeline.
    var open: [String: Int] = [:]
    var parked: [Parked] = []
  }

  private let tenants: Locked<[String: Tenant]>

  init(_ partitions: [RunPlan.Partition]) {
    tenants = Locked([:])
    add(partitions)
  }

  /// Must be called before any of these is submitted. They are all that the run has of their
  /// tenants.
  func add(_ partitions: [RunPlan.Partition]) {
    let needed = Set(partitions.flatMap { $0.needs + $0.links })
    tenants.withLock { tenants in
      for partition in partitions where needed.contains(partition.pipeline.name) {
        tenants[partition.tenant.id, default: Tenant()]
          .open[partition.pipeline.name, default: 0] += 1
      }
    }
  }

  /// Calls `submit` as soon as everything that the partition needs has ended; at once if it has.
  func submit(_ partition: RunPlan.Partition, _ submit: @escaping @Sendable () -> Void) {
    let isReady = tenants.withLock { tenants in
      guard let tenant = tenants[partition.tenant.id], Self.waits(partition, tenant.open) else {
        return true
      }
      tenants[partition.tenant.id]?.parked.append(Parked(partition: partition, submit: submit))
      return false
    }
    if isReady { submit() }
  }

  /// Must be called when a partition ends.
  func ended(_ partition: RunPlan.Partition) {
    let ready = tenants.withLock { tenants -> [Parked] in
      guard var tenant = tenants[partition.tenant.id] else { return [] }
      tenant.open[partition.pipeline.name, default: 1] -= 1
      let (open, parked) = (tenant.open, tenant.parked)
      let ready = parked.filter { !Self.waits($0.partition, open) }
      tenant.parked = parked.filter { Self.waits($0.partition, open) }
      tenants[partition.tenant.id] = tenant
      return ready
    }
    for parked in ready { parked.submit() }
  }

  /// Whether partitions are still held back.
  var holdsAny: Bool { tenants.withLock { $0.values.contains { !$0.parked.isEmpty } } }

  private static func waits(_ partition: RunPlan.Partition, _ open: [String: Int]) -> Bool {
    (partition.needs + partition.links).contains { (open[$0] ?? 0) > 0 }
  }
}
