package import Diagnostics
import Postgres
import Telemetry

/// Service levels: of the partitions that were due, how many were published by their deadline.
extension RunRecord {
  /// What is promised: so much of the partitions due in 30 days.
  package static let serviceObjective = 0.999

  /// A schedule's level over some days.
  package struct ServiceLevel: Sendable {
    package var schedule: String
    package var days: Int
    /// How many deadlines there were.
    package var nights: Int
    package var partitions: Int
    /// Those that were published, or found unchanged, by their deadline.
    package var kept: Int
    package var missed: Int { partitions - kept }
    /// `nil` if nothing was due.
    package var level: Double? { partitions > 0 ? Double(kept) / Double(partitions) : nil }
    /// How many times faster than promised partitions were missed.
    package var burn: Double? { level.map { (1 - $0) / (1 - RunRecord.serviceObjective) } }
  }

  /// A deadline at which partitions were missing.
  package struct MissedNight: Sendable {
    package var schedule: String
    /// UTC, to the second.
    package var deadline: String
    package var partitions: Int
    package var kept: Int
    /// How many runs of the whole schedule there were for it.
    package var runs: Int
  }

  /// Notes which deadline a schedule's run is for.
  ///
  /// - Parameters:
  ///   - due: `HH:MM`, the time of day; `nil` if the schedule has no deadline (any more).
  ///   - zone: the time zone of that day.
  func note(
    due: String?, zone: String, of run: String, _ schedule: String
  ) throws(Diagnostic) {
    guard let due else {
      try connection.query("DELETE FROM yearbook.service WHERE schedule = $1", [schedule])
      return
    }
    try connection.query(
      """
      INSERT INTO yearbook.service AS s (schedule, due, zone) VALUES ($1, $2::time, $3)
      ON CONFLICT (schedule) DO UPDATE SET due = excluded.due, zone = excluded.zone
      WHERE (s.due, s.zone) IS DISTINCT FROM (excluded.due, excluded.zone)
      """, [schedule, due, zone])
    try connection.query(
      "UPDATE yearbook.run SET due = yearbook.due_of(started, $2::time, $3) WHERE id = $1",
      [run, due, zone])
  }

  /// Keeps what the run measured with its row.
  func note(_ measures: RunMeasures, of run: String) throws(Diagnostic) {
    try connection.query(
      "UPDATE yearbook.run SET measures = $2::jsonb WHERE id = $1", [run, try measures.json()])
  }

  /// The levels of each schedule that has a deadline, the longest time first.
  package func serviceLevels() throws(Diagnostic) -> [ServiceLevel] {
    var levels: [ServiceLevel] = []
    for row in try connection.query(
      """
      SELECT schedule, days, nights, partitions, kept FROM yearbook.service_levels
      ORDER BY schedule COLLATE "C", days DESC
      """)
    {
      levels.append(
        ServiceLevel(
          schedule: try row.string("schedule"), days: try row.int("days"),
          nights: try row.int("nights"), partitions: try row.int("partitions"),
          kept: try row.int("kept")))
    }
    return levels
  }

  /// The deadlines of 30 days at which partitions were missing, the newest first.
  package func missedNights() throws(Diagnostic) -> [MissedNight] {
    var nights: [MissedNight] = []
    for row in try connection.query(
      """
      SELECT schedule, to_char(deadline, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS deadline, partitions, kept,
        runs FROM yearbook.service_nights WHERE kept < partitions
      ORDER BY schedule COLLATE "C", service_nights.deadline DESC
      """)
    {
      nights.append(
        MissedNight(
          schedule: try row.string("schedule"), deadline: try row.string("deadline"),
          partitions: try row.int("partitions"), kept: try row.int("kept"),
          runs: try row.int("runs")))
    }
    return nights
  }

  /// The levels, as metrics.
  func serviceMetrics() throws(Diagnostic) -> [MetricFamily] {
    var objective = MetricFamily(MetricCatalog.serviceObjective)
    var level = MetricFamily(MetricCatalog.serviceLevel)
    var partitions = MetricFamily(MetricCatalog.servicePartitions)
    var burn = MetricFamily(MetricCatalog.serviceBurn)
    for found in try serviceLevels() {
      let window = "\(found.days)d"
      partitions.add(Double(found.kept), found.schedule, window, "kept")
      partitions.add(Double(found.missed), found.schedule, window, "missed")
      if let ratio = found.level { level.add(ratio, found.schedule, window) }
      if let ratio = found.burn { burn.add(ratio, found.schedule, window) }
    }
    objective.add(Self.serviceObjective)
    return [objective, level, partitions, burn]
  }
}
