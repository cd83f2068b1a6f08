/// Spreads the tenants of a run over its shards, so that none takes much longer than the others.
enum ShardBalance {
  /// A tenant, and the seconds that its work is expected to take.
  struct Weight: Sendable {
    var tenant: String
    var seconds: Double
  }

  /// How much longer than the mean a shard can be expected to take before tenants leave it.
  static let tolerance = 1.1

  /// The shard of each tenant.
  ///
  /// Tenants stay where they were last, as long as no shard takes more than `tolerance` times the
  /// mean: their files are in the workspace of whoever works that shard. All others are placed one
  /// after the other, the heaviest first, each on the shard with the least work (Graham's rule of
  /// the longest processing time, "Bounds on multiprocessing timing anomalies", 1969). The result
  /// depends on nothing else, so two plans of the same night are equal.
  ///
  /// - Parameters:
  ///   - count: how many shards there are, at least 1.
  ///   - last: the shards of the last plan, by tenant.
  static func spread(
    _ weights: [Weight], over count: Int, keeping last: [String: Int] = [:]
  ) -> [Int] {
    var shards = [Int](repeating: 0, count: weights.count)
    var loads = [Double](repeating: 0, count: count)
    var members = [[Int]](repeating: [], count: count)
    var left: [Int] = []
    func place(_ index: Int, on shard: Int) {
      shards[index] = shard
      loads[shard] += weights[index].seconds
      members[shard].append(index)
    }
    for (index, weight) in weights.enumerated() {
      if let shard = last[weight.tenant], shard < count {
        place(index, on: shard)
      } else {
        left.append(index)
      }
    }
    let mean = weights.reduce(0) { $0 + $1.seconds } / Double(count)
    for shard in 0..<count where loads[shard] > mean * tolerance {
      // The lightest leave first: they fit anywhere, and the heavy ones have more to lose.
      members[shard].sort { precedes(weights[$1], weights[$0]) }
      var stay = members[shard][...]
      while loads[shard] > mean, stay.count > 1 {
        let index = stay.removeFirst()
        loads[shard] -= weights[index].seconds
        left.append(index)
      }
    }
    left.sort { precedes(weights[$0], weights[$1]) }
    for index in left {
      let lightest = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      shards[index] = lightest
      loads[lightest] += weights[index].seconds
    }
    return shards
  }

  private static func precedes(_ one: Weight, _ other: Weight) -> Bool {
    one.seconds == other.seconds ? one.tenant < other.tenant : one.seconds > other.seconds
  }
}
