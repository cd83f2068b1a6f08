/// A part of the day, as `08:00-20:00`. In which time zone is for whoever uses it to say.
package struct HoursOfDay: Hashable, Sendable, CustomStringConvertible {
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

  /// Minutes since midnight of `HH:MM`, from `00:00` to `24:00`; `nil` for anything else.
  package static func minutes(_ text: Substring) -> Int? {
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
