import Pipelines

extension Run {
  /// How many tenants a session reads in one go: many, so that what is asked of the record costs
  /// little per tenant; few, so that sessions which read side by side end together, and little is
  /// kept in memory. The first two are smaller, so that work begins early.
  static let batchSize = 100
  static let firstBatchSizes = [16, 48]
  /// The same for a run that joined another run and works from the other end of the plan.
  static let sharedBatchSize = 16

  /// Groups partitions into batches by pipeline and period, in the order of their first partition.
  static func batches(
    of partitions: [RunPlan.Partition], size: Int = batchSize
  ) -> [[RunPlan.Partition]] {
    var groups: [[RunPlan.Partition]] = []
    /// By pipeline and period: the place and the number of the group that is being filled.
    var growing: [String: (place: Int, number: Int)] = [:]
    for partition in partitions {
      let name = "\(partition.pipeline.name) \(partition.period)"
      let known = growing[name]
      let number = known?.number ?? -1
      let most =
        firstBatchSizes.indices.contains(number) ? min(size, firstBatchSizes[number]) : size
      if let known, groups[known.place].count < most {
        groups[known.place].append(partition)
      } else {
        growing[name] = (groups.count, number + 1)
        groups.append([partition])
      }
    }
    return groups
  }
}
