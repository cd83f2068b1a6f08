import Basics

/// Which releases of a partition stay. The newest always stays.
package struct PruneRule: Hashable, Sendable {
  /// How many of the newest.
  package var last: Int
  /// The newest of each of this many days, weeks (ISO 8601), months and years that have any.
  package var daily: Int
  package var weekly: Int
  package var monthly: Int
  package var yearly: Int
  /// Seconds that a release stays after another replaced it, for those who are reading it.
  package var grace: Int

  /// A rule with the given numbers. The default keeps the newest release, and others for one day.
  package init(
    last: Int = 1, daily: Int = 0, weekly: Int = 0, monthly: Int = 0, yearly: Int = 0,
    grace: Int = 86_400
  ) {
    self.last = last
    self.daily = daily
    self.weekly = weekly
    self.monthly = monthly
    self.yearly = yearly
    self.grace = grace
  }

  /// The same for a withdrawn partition, whose last head says so: all, if that is long enough ago.
  func doomedOfWithdrawn(_ heads: [Head], changed: [Int: Int], now: Int) -> [String] {
    guard let last = heads.last, last.isWithdrawn,
      max(Timestamp.seconds(last.created) ?? now, changed[last.sequence] ?? 0) <= now - grace
    else { return [] }
    var seen: Set<String> = []
    return heads.map(\.release).filter { seen.insert($0).inserted }
  }

  /// The ids of the releases to remove.
  ///
  /// - Parameters:
  ///   - heads: The partition's, by growing sequence; the last is the newest.
  ///   - changed: By sequence, when a head became the newest, in seconds since 1970. It counts if
  ///     it is later than the time when the head was made.
  ///   - now: Seconds since 1970.
  func doomed(_ heads: [Head], changed: [Int: Int] = [:], now: Int) -> [String] {
    // Per release: when it last became the newest, and when another replaced it.
    var releases: [(id: String, made: Int, ended: Int)] = []
    for (index, head) in heads.enumerated()
    where heads[(index + 1)...].allSatisfy({ $0.release != head.release }) {
      let next = heads.indices.contains(index + 1) ? heads[index + 1] : nil
      let ended = next.map { max(Timestamp.seconds($0.created) ?? now, changed[$0.sequence] ?? 0) }
      releases.append((head.release, Timestamp.seconds(head.created) ?? now, ended ?? .max))
    }
    releases.reverse()
    var kept = Set(releases.prefix(max(1, last)).map(\.id))
    for (count, place) in [
      (daily, Timestamp.dayNumber), (weekly, Timestamp.weekNumber),
      (monthly, Timestamp.monthNumber),
      (yearly, Timestamp.yearNumber),
    ] {
      var places: Set<Int> = []
      for release in releases where places.count < count {
        if places.insert(place(release.made)).inserted { kept.insert(release.id) }
      }
    }
    return releases.filter { !kept.contains($0.id) && $0.ended <= now - grace }.map(\.id).reversed()
  }
}
