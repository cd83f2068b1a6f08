/// How many messages a destination gets in a time, without bursts: as many as were not sent in one
/// second are not made up for in the next.
///
/// The record keeps it, over all hosts: `RunRecord.reserve`.
package struct Pace: Hashable, Sendable, CustomStringConvertible {
  /// Microseconds from one message to the next, rounded up: no second has more than was said.
  /// PostgreSQL's clock has no finer steps.
  package let interval: Int

  package let description: String

  /// Reads `95/s`, `600/m`, `5000/h` or `100000/d`; `nil` for anything else, and for more than a
  /// hundred thousand a second.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard parts.count == 2, let seconds = units[String(parts[1])],
      parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(parts[0]),
      (1...100_000 * seconds).contains(count)
    else { return nil }
    interval = (seconds * 1_000_000 + count - 1) / count
    description = "\(count)/\(parts[1])"
  }
}
