import Pipelines

/// What one caller, one tenant and all together can use of the service.
package struct ServiceLimits: Sendable {
  /// The longest body of a request, in bytes.
  package var body = 16_384
  /// The longest header of a request, in bytes.
  package var header = 16_384
  /// How many connections are open at once. More wait to be accepted.
  package var connections = 2048
  /// Seconds that a connection waits for a whole request, and a reader for more of a file.
  package var idle = 30
  /// Requests a second of one tenant, and of one caller; ten seconds' worth can come at once.
  package var tenantRate = 100
  package var callerRate = 50
  /// How many requests of a tenant wait or are worked on at once.
  package var queue = 20
  /// The longest that a caller can wait for news of a request, in seconds.
  package var wait = 30
  /// How many callers wait for news at once.
  package var waiters = 1000
  /// How many sessions with the record there are.
  package var sessions = 4

  /// These limits.
  package init() {}

  mutating func read(_ node: SpecNode) {
    let keys = [
      "body", "header", "connections", "idle", "tenant_rate", "caller_rate", "queue", "wait",
      "waiters", "sessions",
    ]
    guard let map = node.mapping(keys: keys) else { return }
    func number(_ key: String, _ range: ClosedRange<Int>, _ value: inout Int) {
      guard let node = map[key], let given = node.integer() else { return }
      if !range.contains(given) {
        node.report("expected a number from \(range.lowerBound) to \(range.upperBound)")
      }
      value = given
    }
    number("body", 1024...1_048_576, &body)
    number("header", 4096...65_536, &header)
    number("connections", 1...100_000, &connections)
    number("tenant_rate", 1...1_000_000, &tenantRate)
    number("caller_rate", 1...1_000_000, &callerRate)
    number("queue", 1...100_000, &queue)
    number("waiters", 0...100_000, &waiters)
    number("sessions", 1...64, &sessions)
    func seconds(_ key: String, _ range: ClosedRange<Int>, _ value: inout Int) {
      guard let node = map[key], let given = node.duration() else { return }
      if !range.contains(given) {
        node.report("expected from \(range.lowerBound) s to \(range.upperBound) s")
      }
      value = given
    }
    seconds("idle", 1...3600, &idle)
    seconds("wait", 0...120, &wait)
  }
}
