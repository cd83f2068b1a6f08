import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine
@testable import Telemetry

/// Which share of the due partitions was published by its deadline, as the record counts it.
struct ServiceLevelTests {
  /// A record in which `nightly` has had a deadline at 06:00 UTC since six days ago at noon.
  private static func with(_ body: (RunRecord) throws -> Void) throws {
    try withDatabase { conninfo in
      let record = try RunRecord(conninfo)
      try record.connection.execute(
        """
        INSERT INTO yearbook.service (schedule, due, zone, since)
        VALUES ('nightly', '06:00', 'UTC', \(day(6)) + interval '12 hours')
        """)
      try body(record)
    }
  }

  /// Midnight so many days before the last deadline at 06:00 UTC that has passed.
  private static func day(_ ago: Int) -> String {
    "(date_trunc('day', now() - interval '6 hours', 'UTC') - interval '\(ago) days')"
  }

  /// Adds a run that began at 03:15 for the deadline of that day and has ended.
  private static func add(
    _ record: RunRecord, daysAgo: Int, planned: Int, onTime: Int, arguments: String = "run nightly",
    state: String = "done"
  ) throws {
    try record.connection.query(
      """
      INSERT INTO yearbook.run (id, name, as_of, arguments, state, started, finished, host, pid,
        lock, version, planned, due, on_time)
      VALUES (gen_random_uuid()::text, 'nightly', '', $1, $2, \(day(daysAgo)) + interval '195 minutes',
        \(day(daysAgo)) + interval '5 hours', '', 0, 0, '', $3, \(day(daysAgo)) + interval '6 hours', $4)
      """, [arguments, state, String(planned), String(onTime)])
  }

  private static func level(_ record: RunRecord, days: Int = 30) throws -> RunRecord.ServiceLevel {
    try #require(try record.serviceLevels().first { $0.days == days })
  }

  @Test func `Good nights keep all, and a missed partition counts once for each deadline`() throws {
    try Self.with { record in
      for ago in 0...5 {
        try Self.add(record, daysAgo: ago, planned: 100, onTime: ago == 4 ? 98 : 100)
      }
      let month = try Self.level(record)
      #expect(month.nights == 6 && month.partitions == 600 && month.kept == 598)
      #expect(try abs(#require(month.burn) - 2.0 / 600 / 0.001) < 1e-6)
      let last = try Self.level(record, days: 1)
      #expect(last.nights == 1 && last.missed == 0 && last.burn == 0)
      let missed = try record.missedNights()
      #expect(missed.count == 1 && missed[0].kept == 98 && missed[0].runs == 1)
      #expect(missed[0].deadline.hasSuffix("T06:00:00Z"), "\(missed)")
    }
  }

  @Test func `A night without a run misses all partitions of the run before it`() throws {
    try Self.with { record in
      for ago in [1, 2, 4, 5] { try Self.add(record, daysAgo: ago, planned: 40, onTime: 40) }
      let month = try Self.level(record)
      // Three days ago, and the last deadline.
      #expect(month.nights == 6 && month.partitions == 240 && month.missed == 80, "\(month)")
      #expect(try record.missedNights().map(\.runs) == [0, 0])
      #expect(try Self.level(record, days: 1).kept == 0)
    }
  }

  @Test func `Of several runs the best counts, with what retries fixed, and nothing else`() throws {
    try Self.with { record in
      for ago in 1...5 { try Self.add(record, daysAgo: ago, planned: 10, onTime: 10) }
      // Killed, begun again, and one of two failures was fixed before six.
      try Self.add(record, daysAgo: 0, planned: 10, onTime: 3, state: "interrupted")
      try Self.add(record, daysAgo: 0, planned: 10, onTime: 8, state: "failed")
      try Self.add(record, daysAgo: 0, planned: 2, onTime: 1, arguments: "retry --quiet")
      // A look at one tenant fixes nothing.
      try Self.add(
        record, daysAgo: 0, planned: 5, onTime: 5, arguments: "run nightly --tenant acme")
      let last = try Self.level(record, days: 1)
      #expect(last.partitions == 10 && last.kept == 9, "\(last)")
      // More than were due cannot be kept.
      try Self.add(record, daysAgo: 0, planned: 2, onTime: 2, arguments: "retry")
      try Self.add(record, daysAgo: 0, planned: 2, onTime: 2, arguments: "retry")
      #expect(try Self.level(record, days: 1).kept == 10)
    }
  }

  @Test func `What a run had published when its deadline passed is on time, and nothing after`()
    throws
  {
    try withDatabase { conninfo in
      let record = try RunRecord(conninfo)
      let id = try record.takeID(at: Date())
      try record.begin(id, plan: Plans.plan(), host: "host", pid: 1)
      func note(_ published: Int, due: String) throws -> String? {
        try record.connection.query(
          "UPDATE yearbook.run SET due = now() + $1::interval WHERE id = '\(id)'", [due])
        var counts = RunCounts()
        (counts.planned, counts.published, counts.unchanged) = (9, published, 1)
        _ = try record.isCancelled(id, doing: RunActivity(phase: nil, items: []), counts)
        return try record.connection.query(
          "SELECT on_time::text AS kept FROM yearbook.run WHERE id = $1", [id]
        ).only().optionalString("kept")
      }
      #expect(try note(3, due: "1 hour") == "4")
      #expect(try note(7, due: "-1 second") == "4")
      var counts = RunCounts()
      counts.published = 9
      try record.finish(id, state: "done", counts)
      let row = try record.connection.query("SELECT on_time FROM yearbook.run").only()
      #expect(try row.int("on_time") == 4)
    }
  }

  @Test(arguments: [
    ("2026-11-20 03:15", "06:00", "UTC", "2026-11-20 06:00"),
    ("2026-11-19 18:30", "06:00", "UTC", "2026-11-20 06:00"),
    ("2026-11-20 06:00", "06:00", "UTC", "2026-11-20 06:00"),
    // In the day it is for no deadline: the last has passed, the next night has a run of its own.
    ("2026-11-20 06:01", "06:00", "UTC", nil),
    ("2026-11-20 10:00", "06:00", "UTC", nil),
    ("2026-11-20 05:15", "06:00", "America/Sao_Paulo", "2026-11-20 09:00"),
    ("2026-11-20 05:15", "06:00", "Nowhere/None", "2026-11-20 06:00"),
  ])
  func `A run is for the deadline that comes within twelve hours`(
    started: String, due: String, zone: String, expected: String?
  ) throws {
    try withDatabase { conninfo in
      let row = try RunRecord(conninfo).connection.query(
        "SELECT to_char(yearbook.due_of($1::timestamptz, $2::time, $3), 'YYYY-MM-DD HH24:MI') AS due",
        [started + "Z", due, zone]
      ).only()
      #expect(try row.optionalString("due") == expected)
    }
  }

  @Test func `A schedule that loses its deadline is counted no more`() throws {
    try Self.with { record in
      try Self.add(record, daysAgo: 0, planned: 10, onTime: 5)
      let id = try record.takeID(at: Date())
      try record.begin(id, plan: Plans.plan(), host: "host", pid: 1)
      try record.note(due: nil, zone: "UTC", of: id, "nightly")
      #expect(try record.serviceLevels().isEmpty)
      try record.note(due: "06:00", zone: "UTC", of: id, "nightly")
      #expect(try record.serviceLevels().count == 4)
    }
  }

  @Test func `What runs measured is counted once, and gauges are not`() throws {
    try withDatabase { conninfo in
      let record = try RunRecord(conninfo)
      for rows in [3.0, 4.0] {
        let measures = RunMeasures()
        measures.add("extraction_rows", ["rows"], rows)
        measures.set("source_lag_seconds", ["platform"], to: rows)
        measures.set("source_lag_seconds", ["platform"], to: 1)
        let id = try record.takeID(at: Date())
        try record.begin(id, plan: Plans.plan(), host: "host", pid: 1)
        try record.note(measures, of: id)
        try record.finish(id, state: "done", RunCounts())
      }
      let text = MetricText.text(
        try RecordMetrics.read(record, Configuration(), schedules: []), .openmetrics)
      #expect(text.contains("yearbook_extraction_rows_total{pipeline=\"rows\"} 7\n"), "\(text)")
      #expect(text.contains("yearbook_source_lag_seconds{source=\"platform\"} 4\n"), "\(text)")
      let gauges = try record.connection.query(
        "SELECT FROM yearbook.tally WHERE metric = 'source_lag_seconds'")
      #expect(gauges.isEmpty)
    }
  }

  @Test func `The migration of service levels can run twice`() throws {
    try withDatabase { conninfo in
      let record = try RunRecord(conninfo)
      try record.connection.execute(RecordSchema.service)
    }
  }
}
