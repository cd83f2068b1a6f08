/// How many messages a destination gets in a time, without bursts: as many as were not sent in one
/// second are not made up for in the next.
///
/// The generic cell rate algorithm (ITU-T I.371) without tolerance. All that it remembers is one
/// number, the theoretical arrival time: the earliest moment of the next message. Several hosts
/// that share it must share one clock too: their database's.
package struct Pace: Hashable, Sendable, CustomStringConvertible {
  /// Nanoseconds from one message to the next, rounded up: no second has more than was said.
  package let interval: Int

  package let description: String

  /// Reads `95/s`, `600/m`, `5000/h` or `100000/d`; `nil` for anything else, and for more than a
  /// million a second.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard parts.count == 2, let seconds = units[String(parts[1])],
      parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(parts[0]),
      (1...1_000_000 * seconds).contains(count)
    else { return nil }
    interval = (seconds * 1_000_000_000 + count - 1) / count
    description = "\(count)/\(parts[1])"
  }

  /// A place for one message.
  ///
  /// - Parameters:
  ///   - next: What was remembered; `nil` for the first message.
  ///   - now: Nanoseconds since 1970.
  /// - Returns: When the message can be sent, and what is remembered from then on.
  package func reserve(next: Int?, now: Int) -> (at: Int, next: Int) {
    let at = max(now, next ?? now)
    return (at, at + interval)
  }
}

/// The hours of a day in which people are told things, in their own time zone: `08:00-20:00`.
package struct DeliveryHours: Hashable, Sendable, CustomStringConvertible {
  /// Minutes since midnight. The end is not in the hours. If it comes before the start, the hours
  /// go on over midnight.
  package let start: Int
  package let end: Int

  /// Reads `HH:MM-HH:MM`, of which the second can be `24:00`; `nil` for anything else, and for no
  /// time at all.
  package init?(_ text: String) {
    let times = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minutes)
    guard times.count == 2, let start = times[0], let end = times[1], start != end, start < 1440
    else { return nil }
    self.start = start
    self.end = end
  }

  package var description: String { "\(Self.text(start))-\(Self.text(end))" }

  /// How many minutes to wait at a minute of the day; 0 within the hours.
  package func wait(atMinute minute: Int) -> Int {
    let isIn =
      start < end ? (start..<end).contains(minute) : minute >= start || minute < end
    return isIn ? 0 : (start - minute + 1440) % 1440
  }

  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60
    else { return nil }
    let all = hour * 60 + minute
    return all <= 1440 ? all : nil
  }

  private static func text(_ minutes: Int) -> String {
    let parts = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return parts.joined(separator: ":")
  }
}
