/// How far a time zone is from UTC at any moment, as the platform's PostgreSQL knows it.
///
/// All civil time of a report comes from this one source: days that a query computes with
/// `AT TIME ZONE`, and times that pages show. The time zone tables of the machine that makes the
/// pages can be older, and read some names otherwise.
package struct ZoneRules: Hashable, Sendable {
  /// From this second on, the zone has another offset.
  package struct Step: Hashable, Sendable {
    /// Seconds since 1970.
    package var at: Int
    /// Seconds east of UTC.
    package var offset: Int

    package init(at: Int, offset: Int) {
      self.at = at
      self.offset = offset
    }
  }

  /// PostgreSQL's name of the zone.
  package let name: String
  /// The offset before the first step, in seconds east of UTC.
  private let first: Int
  /// In ascending order.
  private let steps: [Step]
  /// The digest of the name and all steps, for keys: equal ones mean equal civil times.
  package let digest: SHA256Digest

  /// - Parameters:
  ///   - offset: the offset before the first step, in seconds east of UTC.
  ///   - steps: in ascending order.
  package init(name: String, offset: Int, steps: [Step] = []) {
    self.name = name
    first = offset
    self.steps = steps
    let text = "\(name) \(offset)" + steps.map { " \($0.at):\($0.offset)" }.joined()
    digest = SHA256Digest(of: text.utf8)
  }

  package static let utc = ZoneRules(name: "UTC", offset: 0)

  /// Seconds east of UTC at a moment in seconds since 1970.
  package func offset(at seconds: Int) -> Int {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].at <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : steps[low - 1].offset
  }

  /// The civil day at a moment, and the seconds since its midnight.
  package func civil(_ seconds: Int) -> (day: CivilDate, second: Int) {
    let local = seconds + offset(at: seconds)
    let days = Timestamp.dayNumber(local)
    return (CivilDate(daysSince1970: days), local - days * 86_400)
  }

  /// Zones of one name mostly share one table, which need not be compared number by number.
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
