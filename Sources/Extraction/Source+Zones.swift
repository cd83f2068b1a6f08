package import Basics
package import Diagnostics
import Foundation
import Pipelines
import Postgres

/// The time zones of the platform's PostgreSQL, the only ones that reports know.
///
/// PostgreSQL itself reads more texts as zones than it has names: `GMT-3` and `<-03>3` are POSIX
/// rules there, in which a minus means east, and most people mean west. An abbreviation such as
/// `CET` comes before the zone of the same name and has no summer time. So a zone is one of
/// `pg_timezone_names`, spelt as there, and nothing that could mean something else.
extension Source {
  /// The rules of the zones among these that PostgreSQL knows, by name.
  package func zones(named names: Set<String>) throws(Diagnostic) -> [String: ZoneRules] {
    let unread = names.subtracting(askedZones).subtracting([ZoneRules.utc.name])
    if !unread.isEmpty {
      let known = try connection.query(
        "SELECT name FROM pg_catalog.pg_timezone_names WHERE name = ANY ($1::text[])",
        [Quoting.array(unread.sorted())]
      ).map { row throws(Diagnostic) in try row.string("name") }.filter(Self.hasOneMeaning)
      for (name, rules) in try rules(of: Set(known)) { readZones[name] = rules }
      askedZones.formUnion(unread)
    }
    return readZones.filter { names.contains($0.key) }
  }

  /// Whether a name of `pg_timezone_names` means the same everywhere.
  private static func hasOneMeaning(_ name: String) -> Bool {
    if name.hasPrefix("posix/") || name.hasPrefix("right/") { return false }
    return !ambiguous.contains(name)
  }

  /// `localtime` and its like are whatever a machine is set to. The others are abbreviations too,
  /// which have no summer time.
  private static let ambiguous: Set<String> = [
    "localtime", "posixrules", "Factory", "CET", "EET", "MET", "WET",
  ]

  /// The offsets from 1970 to 2070, to the second.
  ///
  /// PostgreSQL has no list of the moments at which a zone changes. So its offset is asked for
  /// once a week, and a change between two weeks is closed in on by halving.
  private func rules(of names: Set<String>) throws(Diagnostic) -> [String: ZoneRules] {
    var steps: [String: [ZoneRules.Step]] = [:]
    for row in try connection.query(Self.offsets, [Quoting.array(names.sorted())]) {
      steps[try row.string("name"), default: []].append(
        .init(at: try row.int("second"), offset: try row.int("east")))
    }
    return Dictionary(
      uniqueKeysWithValues: steps.compactMap { name, steps in
        steps.first.map { first in
          (name, ZoneRules(name: name, offset: first.offset, steps: Array(steps.dropFirst())))
        }
      })
  }

  private static let offsets = """
    WITH RECURSIVE weeks AS MATERIALIZED (
      SELECT z.name, w.second,
        extract(epoch FROM pg_catalog.timezone(z.name, pg_catalog.to_timestamp(w.second)))::bigint
          - w.second AS east
      FROM unnest($1::text[]) AS z(name)
      CROSS JOIN generate_series(0::bigint, 3155760000::bigint, 604800) AS w(second)
    ), spans (name, low, high, before, after) AS (
      SELECT * FROM (
        SELECT name, second AS low, lead(second) OVER w AS high, east AS before,
          lead(east) OVER w AS after
        FROM weeks WINDOW w AS (PARTITION BY name ORDER BY second)
      ) changes
      WHERE before <> after
      UNION ALL
      SELECT s.name,
        CASE WHEN m.east = s.before THEN m.second ELSE s.low END,
        CASE WHEN m.east = s.before THEN s.high ELSE m.second END,
        s.before, CASE WHEN m.east = s.before THEN s.after ELSE m.east END
      FROM spans s
      CROSS JOIN LATERAL (SELECT (s.low + s.high) / 2 AS second) h
      CROSS JOIN LATERAL (
        SELECT h.second,
          extract(epoch FROM pg_catalog.timezone(s.name, pg_catalog.to_timestamp(h.second)))::bigint
            - h.second AS east
      ) m
      WHERE s.high - s.low > 1
    )
    SELECT name, second, east FROM weeks WHERE second = 0
    UNION ALL
    SELECT name, high, after FROM spans WHERE high - low = 1
    ORDER BY 1, 2
    """

  /// What is wrong with a tenant's time zone that PostgreSQL does not know.
  func zoneFault(_ zone: String) throws(Diagnostic) -> (message: String, hint: String) {
    let message =
      "the time zone \(ShownValue.quoted(zone)) is not one that PostgreSQL knows by name"
    if Self.ambiguous.contains(zone) || zone.hasPrefix("posix/") || zone.hasPrefix("right/") {
      return (
        "the time zone \(ShownValue.quoted(zone)) does not mean the same everywhere",
        "name a place, such as America/Sao_Paulo or Europe/Berlin"
      )
    }
    if zone.contains(where: \.isNumber) {
      return (
        message,
        "name a place, such as America/Sao_Paulo: in an offset, PostgreSQL reads a minus as east of"
          + " Greenwich"
      )
    }
    let names = try connection.query("SELECT name FROM pg_catalog.pg_timezone_names").map {
      row throws(Diagnostic) in try row.string("name")
    }.filter(Self.hasOneMeaning)
    let plain = zone.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    let nearest = names.first { $0.lowercased() == plain }.map { "did you mean \($0)?" }
    return (
      message,
      nearest ?? NearestWords.hint(for: zone, in: names.sorted())
        ?? "set it to a name such as America/Sao_Paulo"
    )
  }
}

// MARK: - For people who look after the machines

extension Source {
  /// A zone of which the platform's PostgreSQL and this machine know different offsets.
  package struct ZoneDifference: Equatable, Sendable {
    package var zone: String
    /// Seconds since 1970.
    package var at: Int
    /// Seconds east of UTC; `nil` if this machine does not know the zone.
    package var machine: Int?
    package var server: Int
  }

  /// The active tenants' zones of which PostgreSQL's tables and this machine's differ, each with
  /// the first moment found.
  ///
  /// Reports go by PostgreSQL's tables, so that a difference harms none. But it shows that one of
  /// the two machines has old tables.
  ///
  /// - Parameter now: seconds since 1970. This moment is compared, and each month of the year
  ///   before and after it.
  package func zoneDifferences(now: Int) throws(Diagnostic) -> [ZoneDifference] {
    let tenants = try tenants()
    let names = (tenants.served + tenants.faulty.map(\.tenant)).map(\.timeZone)
    let month = 2_629_746
    return try zones(named: Set(names)).sorted { $0.key < $1.key }.compactMap { name, rules in
      let machine = TimeZone(identifier: name)
      let moment = (-12...12).map { now + $0 * month }.first {
        machine?.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval($0)))
          != rules.offset(at: $0)
      }
      return moment.map { moment in
        ZoneDifference(
          zone: name, at: moment,
          machine: machine?.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(moment))),
          server: rules.offset(at: moment))
      }
    }
  }
}
