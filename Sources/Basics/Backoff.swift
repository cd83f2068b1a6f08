package import Foundation

/// Pauses between tries of what may pass: exponential, with full jitter, bounded in number and in time.
///
/// Full jitter (a pause is any time from none to the bound): many that failed together do not come back
/// together. M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
package struct Backoff: Sendable {
  /// The most tries in a row, the first included.
  package var attempts: Int
  /// The bound of the first pause, in seconds; it doubles with each.
  package var first: Double
  /// The most seconds of one pause.
  package var most: Double
  /// No pause is begun after so many seconds since the first failure.
  package var total: Double

  /// For a stage of a partition.
  package static let stage = Backoff(attempts: 3, first: 0.1, most: 5, total: 60)
  /// For a database that does not answer. After that many failures in a row it is asked no more.
  package static let database = Backoff(attempts: 6, first: 0.5, most: 10, total: 60)

  /// The pause after the `failures`-th failure in a row, or `nil` where no other try is due.
  package func pause(after failures: Int, since: Date) -> Double? {
    guard failures < attempts, Date().timeIntervalSince(since) < total else { return nil }
    return .random(in: 0...min(most, first * pow(2, Double(failures - 1))))
  }

  /// Waits, unless the run is told to stop.
  package static func sleep(_ seconds: Double, _ cancellation: Cancellation) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while end > Date() {
      try cancellation.check()
      Thread.sleep(forTimeInterval: min(0.05, max(0.001, end.timeIntervalSinceNow)))
    }
  }
}
