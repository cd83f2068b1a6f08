import TestSupport
import Testing

@testable import Engine

@Suite struct ShardBalanceTests {
  /// The sum of each shard.
  private func loads(
    _ weights: [ShardBalance.Weight], _ shards: [Int], _ count: Int
  ) -> [Double] {
    var loads = [Double](repeating: 0, count: count)
    for (weight, shard) in zip(weights, shards) { loads[shard] += weight.seconds }
    return loads
  }

  private func longest(
    _ weights: [ShardBalance.Weight], _ shards: [Int], _ count: Int
  ) -> Double {
    let loads = loads(weights, shards, count)
    return (loads.max() ?? 0) / (loads.reduce(0, +) / Double(count))
  }

  /// The tenant at place n costs 1/n.
  private let heavyTail = (1...1000).map {
    ShardBalance.Weight(tenant: "t\($0)", seconds: 100 / Double($0))
  }

  @Test func `With a heavy tail the longest shard is near the mean`() {
    let shards = ShardBalance.spread(heavyTail, over: 8)
    #expect(longest(heavyTail, shards, 8) <= 1.15)
    // A rule that only counts tenants would not be near it.
    #expect(longest(heavyTail, heavyTail.indices.map { $0 / 125 }, 8) > 4)
  }

  @Test func `The order of the tenants does not matter`() {
    var random = SeededRandom(seed: 5)
    let shuffled = heavyTail.shuffled(using: &random)
    let one = Dictionary(
      uniqueKeysWithValues: zip(
        heavyTail.map(\.tenant), ShardBalance.spread(heavyTail, over: 7)))
    let other = Dictionary(
      uniqueKeysWithValues: zip(
        shuffled.map(\.tenant), ShardBalance.spread(shuffled, over: 7)))
    #expect(one == other)
  }

  @Test func `Tenants stay where they were while the shards are even enough`() {
    var random = SeededRandom(seed: 7)
    let last = Dictionary(
      uniqueKeysWithValues: zip(
        heavyTail.map(\.tenant), ShardBalance.spread(heavyTail, over: 8)))
    // Times are never the same twice.
    var tonight = heavyTail.map { weight in
      ShardBalance.Weight(
        tenant: weight.tenant,
        seconds: weight.seconds * Double.random(in: 0.97...1.03, using: &random))
    }
    tonight.append(.init(tenant: "new", seconds: 1))
    let shards = ShardBalance.spread(tonight, over: 8, keeping: last)
    #expect(zip(tonight, shards).allSatisfy { $0.tenant == "new" || last[$0.tenant] == $1 })
    #expect(longest(tonight, shards, 8) <= 1.15)
  }

  @Test func `Tenants leave a shard that has become too heavy, and only that one`() {
    let even = (0..<80).map { ShardBalance.Weight(tenant: "t\($0)", seconds: 1) }
    let last = Dictionary(
      uniqueKeysWithValues: even.enumerated().map { ($1.tenant, $0 % 4) })
    var tonight = even
    for index in tonight.indices where index % 4 == 2 { tonight[index].seconds = 3 }
    let shards = ShardBalance.spread(tonight, over: 4, keeping: last)
    #expect(longest(tonight, shards, 4) <= 1.15)
    #expect(zip(tonight, shards).allSatisfy { last[$0.tenant] == 2 || last[$0.tenant] == $1 })
  }

  @Test func `Everybody gets a shard, and none is longer than the rule allows`() {
    for seed in 1...200 {
      var random = SeededRandom(seed: UInt64(seed))
      let count = Int.random(in: 1...40, using: &random)
      let weights = (0..<Int.random(in: 1...300, using: &random)).map {
        ShardBalance.Weight(
          tenant: "t\($0)",
          seconds: Double.random(in: 0...1, using: &random) * Double(1 << ($0 % 6)))
      }
      let shards = ShardBalance.spread(weights, over: count)
      #expect(shards.count == weights.count && shards.allSatisfy { (0..<count).contains($0) })
      let best = max(
        weights.map(\.seconds).max() ?? 0,
        weights.reduce(0) { $0 + $1.seconds } / Double(count))
      // Graham's bound is 4/3 of the best spread, and that takes at least as long as `best`, or as
      // the two shortest of the first tenants that must share a shard.
      let sorted = weights.map(\.seconds).sorted(by: >)
      let pair = sorted.count > count ? sorted[count - 1] + sorted[count] : 0
      let most = loads(weights, shards, count).max() ?? 0
      #expect(most <= max(best, pair) * 4 / 3 + 1e-9, "seed \(seed)")
    }
  }
}
