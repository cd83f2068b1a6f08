import Pipelines

/// How a run shares its work with other processes.
enum RunShare {
  /// All of the plan is its own.
  case alone
  /// It shares the work of the run with this id, and takes up the tenants from the last one on.
  case joined(String)
  /// It is the task of one shard of a planned run.
  case shard(ShardTask)

  var isShard: Bool { if case .shard = self { true } else { false } }
  var isJoined: Bool { if case .joined = self { true } else { false } }
}

/// The work of one shard of a planned run.
struct ShardTask {
  /// The run's id.
  var run: String
  var number: Int
  /// The shard of each tenant, by its id.
  var shards: [String: Int]
  /// The partitions of the other shards.
  var others: [RunPlan.Partition]
}

extension SharedOutcome {
  init(_ outcome: RunEvent.Outcome) {
    self =
      switch outcome {
      case .published: .published
      case .unchanged, .withdrawn: .unchanged
      case .failed: .failed
      case .skipped: .skipped
      }
  }
}
