package import Foundation

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

  /// For a stage of a partition.
  package static let stage = Backoff(attempts: 3, first: 0.1, most: 5, total: 60)
  /// For a database that does not answer. After this many failures in a row it is not tried again.
  package static let database = Backoff(attempts: 6, first: 0.5, most: 10, total: 60)

  /// The pause after this number of failures in a row, in seconds; `nil` if there must be no other
  /// try.
  package func pause(after failures: Int, since: Date) -> Double? {
    guard failures < attempts, Date().timeIntervalSince(since) < total else { return nil }
    return .random(in: 0...min(most, first * pow(2, Double(failures - 1))))
  }

  /// Waits. Throws `interrupted` if the run must stop.
  package static func sleep(_ seconds: Double, _ cancellation: Cancellation) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while end > Date() {
      try cancellation.check()
      Thread.sleep(forTimeInterval: min(0.05, max(0.001, end.timeIntervalSinceNow)))
    }
  }
}
