import Basics
import Foundation

/// How often tenants and callers can ask: a bucket each, that fills again with time.
final class RateLimiter: Sendable {
  private struct Bucket {
    var tokens: Double
    var at: ContinuousClock.Instant
  }

  private let buckets = Locked<[String: Bucket]>([:])
  private static let mostBuckets = 50_000
  /// Seconds' worth of requests that can come at once.
  private static let burst = 10.0

  /// Takes one request from each bucket.
  ///
  /// - Returns: seconds to wait if one of them is empty; `nil` if the request can go on.
  func take(
    _ names: [(name: String, rate: Int)], at now: ContinuousClock.Instant = .now
  ) -> Int? {
    buckets.withLock { buckets in
      if buckets.count >= Self.mostBuckets {
        // Those that are full again say nothing.
        buckets = buckets.filter { now - $0.value.at < .seconds(Self.burst) }
        if buckets.count >= Self.mostBuckets { buckets = [:] }
      }
      var wait = 0.0
      for (name, rate) in names {
        let most = Double(rate) * Self.burst
        var bucket = buckets[name] ?? Bucket(tokens: most, at: now)
        let passed = now - bucket.at
        bucket.tokens = min(most, bucket.tokens + passed.seconds * Double(rate))
        bucket.at = now
        if bucket.tokens >= 1 {
          bucket.tokens -= 1
        } else {
          wait = max(wait, (1 - bucket.tokens) / Double(rate))
        }
        buckets[name] = bucket
      }
      return wait > 0 ? Int(wait.rounded(.up)) : nil
    }
  }
}

extension Duration {
  /// In seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
