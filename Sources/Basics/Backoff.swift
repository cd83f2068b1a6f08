import Foundation

/// Pauses between tries after a transient failure: exponential, with full jitter, limited in number
/// and time.
///
/// Full jitter: a pause is a random time between zero and the bound. So clients that failed
/// together do not return together. M. Brooker, "Exponential Backoff and Jitter", AWS Architecture
/// Blog, 2015.
package struct Backoff: Sendable {
  /// The largest number of tries in a row, with the first one.
  package var attempts: Int
  /// The bound of the first pause, in seconds. It doubles with each failure.
  package var first: Double
  /// The bound of the longest pause, in seconds.
  package var most: Double
  /// No new pause begins later than this after the first failure, in seconds.
  package var total: Double

  package init(attempts: Int, first: Double, most: Double, total: Double = .infinity) {
    self.attempts = attempts
    self.first = first
    self.most = most
    self.total = total
  }

  /// For a stage of a partition.
  package static let stage = Backoff(attempts: 3, first: 0.1, most: 5, total: 60)
  /// For a database that does not answer. After this many failures in a row it is not tried again.
  package static let database = Backoff(attempts: 6, first: 0.5, most: 10, total: 60)
  /// For a request to an object store.
  package static let request = Backoff(attempts: 6, first: 0.2, most: 20)

  /// The pause after this number of failures in a row, in seconds; `nil` if there must be no other
  /// try.
  ///
  /// - Parameters:
  ///   - since: Started with the first failure; without it, `total` does not count.
  ///   - asked: The seconds that the server asks for. They count up to `most`.
  package func pause(
    after failures: Int, since: Stopwatch? = nil, asked: Double? = nil
  ) -> Double? {
    guard failures < attempts, since.map({ $0.seconds < total }) ?? true else { return nil }
    let bound = min(most, first * pow(2, Double(max(0, failures - 1))))
    return max(.random(in: 0...bound), min(asked ?? 0, most))
  }

  /// Waits. Throws `interrupted` if the run must stop.
  package static func sleep(_ seconds: Double, _ cancellation: Cancellation) throws {
    try sleep(seconds) { try cancellation.check() }
  }

  /// Waits, in short steps, and calls `check` before each: what it throws ends the waiting.
  package static func sleep<Failure: Error>(
    _ seconds: Double, checking check: () throws(Failure) -> Void
  ) throws(Failure) {
    let waited = Stopwatch()
    while true {
      let rest = seconds - waited.seconds
      guard rest > 0 else { return }
      try check()
      Thread.sleep(forTimeInterval: min(0.05, max(0.001, rest)))
    }
  }
}
