import Basics
import Diagnostics
import Pipelines
import Postgres

/// What the server's calendar makes of a run's moment: the cut-offs of periods in time zones.
struct RunClock {
  /// One period in one time zone.
  struct Place: Hashable {
    var zone: String
    var period: Period
  }

  /// Moments in microseconds since 1970, by the same expressions as those of `partition`.
  struct Times {
    /// The cut-off if the period did not end before.
    var now: Int64
    var cutoff: Int64
    /// `previous_ends_at`.
    var previousEnd: Int64
    /// The period's own times: its start and end, and the start of the period before.
    var period: [Int64]
    /// Until when the cut-off's place in the calendar certainly stays the same, by unit. It is the
    /// cut-off itself where that is not certain.
    var windows: [String: Int64]
    /// A digest of the time zone's rules.
    var rules: String

    /// Whether the cut-off can still move. It ends with the period, and `previousEnd` with it.
    var isMoving: Bool { cutoff == now }
  }

  private static let units = [
    ("week", "1 week"), ("month", "1 month"), ("quarter", "3 months"), ("year", "1 year"),
  ]
  /// Near a boundary the clock may pass it twice.
  private static let margin = "interval '26 hours'"

  let times: [Place: Times]

  init(
    _ places: Set<Place>, _ moment: RunMoment, on connection: Connection
  ) throws(Diagnostic) {
    guard !places.isEmpty else {
      times = [:]
      return
    }
    let (day, instant): (String?, String?) =
      switch moment {
      case .day(let day): ("\(day.adding(days: 1))", nil)
      case .instant: (nil, "\(moment)")
      }
    let ordered = places.sorted { ($0.zone, $0.period) < ($1.zone, $1.period) }
    let values = ordered.enumerated().map { number, place in
      let period = place.period
      return "(\(number), \(Quoting.literal(place.zone)), '\(period.start)'::date,"
        + " '\(period.end)'::date, '\(period.previous.start)'::date, \(Quoting.literal(period.step)))"
    }
    var windows: [String] = []
    for (unit, step) in Self.units {
      let first = "date_trunc('\(unit)', c.cutoff AT TIME ZONE a.zone)"
      let begins = "(\(first) AT TIME ZONE a.zone)"
      let ends = "((\(first) + interval '\(step)') AT TIME ZONE a.zone)"
      let window =
        "CASE WHEN c.cutoff >= \(begins) + \(Self.margin) AND c.cutoff < \(ends) - \(Self.margin)"
        + " THEN \(ends) - \(Self.margin) ELSE c.cutoff END"
      windows.append("\(TableScan.microseconds(window)) AS \(unit)")
    }
    func midnight(_ day: String) -> String { ExtractStatement.midnight(day, in: "a.zone") }
    let previousEnd = ExtractStatement.previousEnd(
      "m.starts_at", "m.ends_at", "m.previous_starts_at", "c.cutoff", step: "a.step", "a.zone")
    let rows = try connection.query(
      """
      SELECT a.number, \(TableScan.microseconds("m.now")) AS now,
        \(TableScan.microseconds("c.cutoff")) AS cutoff,
        \(TableScan.microseconds(previousEnd)) AS previous_end,
        \(TableScan.microseconds("m.starts_at")) AS starts_at,
        \(TableScan.microseconds("m.ends_at")) AS ends_at,
        \(TableScan.microseconds("m.previous_starts_at")) AS previous_starts_at,
        \(windows.joined(separator: ",\n  "))
      FROM (VALUES \(values.joined(separator: ",\n"))) a (number, zone, starts, ends, previous, step)
      CROSS JOIN LATERAL (SELECT coalesce($1::timestamptz, \(midnight("$2"))) AS now,
        \(midnight("a.starts")) AS starts_at, \(midnight("a.ends")) AS ends_at,
        \(midnight("a.previous")) AS previous_starts_at) m
      CROSS JOIN LATERAL (SELECT least(m.now, m.ends_at) AS cutoff) c
      """, [instant, day])
    let rules = try Self.rules(of: Set(places.map(\.zone)), on: connection)
    var times: [Place: Times] = [:]
    for row in rows {
      let place = ordered[try row.int("number")]
      func moment(_ name: String) throws(Diagnostic) -> Int64 {
        guard let found = Int64(try row.string(name)) else {
          throw Diagnostic(.bug, "a moment of the run has no number of microseconds: \(name)")
        }
        return found
      }
      var windows: [String: Int64] = [:]
      for (unit, _) in Self.units { windows[unit] = try moment(unit) }
      times[place] = Times(
        now: try moment("now"), cutoff: try moment("cutoff"),
        previousEnd: try moment("previous_end"),
        period: [
          try moment("starts_at"), try moment("ends_at"), try moment("previous_starts_at"),
        ], windows: windows, rules: rules[place.zone] ?? "")
    }
    self.times = times
  }

  /// The local time of every tenth day from 1970 to 2050, as a digest: rows of any year can be
  /// read, and an update of the server's time zones can move them to another day.
  private static func rules(
    of zones: Set<String>, on connection: Connection
  ) throws(Diagnostic) -> [String: String] {
    var rules: [String: String] = [:]
    for row in try connection.query(
      """
      SELECT z.zone, md5(string_agg(extract(epoch FROM d AT TIME ZONE z.zone)::bigint::text, ',' ORDER BY d))
        AS rules
      FROM unnest($1::text[]) z (zone)
      CROSS JOIN generate_series('1970-01-05'::timestamptz, '2050-01-01', interval '10 days') d
      GROUP BY z.zone
      """, [Quoting.array(zones.sorted())])
    { rules[try row.string("zone")] = try row.string("rules") }
    return rules
  }
}
