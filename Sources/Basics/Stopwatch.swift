/// Measures elapsed time by a clock that nobody can set: the system's wall clock is corrected now
/// and then, and a limit that depends on it ends too early or never.
package struct Stopwatch: Sendable {
  private let start: ContinuousClock.Instant

  /// Starts now.
  package init() { start = .now }

  /// Started so many seconds ago.
  init(secondsAgo seconds: Double) { start = .now - .seconds(seconds) }

  /// Seconds since the start.
  package var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
