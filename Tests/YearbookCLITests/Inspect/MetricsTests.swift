import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// What operations people see in their own tools, by those tools.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct MetricsTests {
  /// Runs a night with three tenants, of which one fails.
  ///
  /// - Parameter afterGoodNight: whether there was a good one before.
  static func withFailedTenant(
    afterGoodNight: Bool = false, _ body: (Installation) throws -> Void
  ) throws {
    try Installation.with { here in
      for name in ["acme", "poisoned", "zeta"] { try here.addTenant(name) }
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username, 1 / (CASE WHEN u.picture = '99' THEN 0 ELSE 1 END) AS one
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      try here.write(
        "pipelines/nightly.yaml",
        "name: nightly\ntenants: active\ndue: 06:00\n"
          + "pipelines:\n  - {run: rows, periods: [this-year, closing-years]}\n")
      if afterGoodNight {
        #expect(try here.yearbook(["run", "nightly"]).status == 0)
      }
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET picture = '99' WHERE username = 'u2' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'poisoned')")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 1, "\(output)")
      try body(here)
    }
  }

  /// What is left in a record by messages that wait, a breaker, a wrong clock and a faulty film.
  static func addTroubles(_ here: Installation) throws {
    try here.record.connect().execute(
      """
      INSERT INTO yearbook.reports (tenant_id, report_type, period)
      SELECT tenant_id, 'ROWS', '2025' FROM yearbook.partition LIMIT 1;
      INSERT INTO yearbook.reports (tenant_id, report_type, period)
      SELECT tenant_id, 'CANARY DE TESTE', '2025' FROM yearbook.partition LIMIT 1;
      INSERT INTO yearbook.outbox (key, said, telling, tenant_id, channel, state)
      SELECT sha256('1'), sha256('1'), 1, tenant_id, 'mail', 'pending' FROM yearbook.partition LIMIT 1;
      INSERT INTO yearbook.outbox (key, said, telling, tenant_id, channel, state, address)
      SELECT sha256('2'), sha256('2'), 1, tenant_id, 'mail', 'dead', 'canary@example.org'
      FROM yearbook.partition LIMIT 1;
      INSERT INTO yearbook.destination (channel, name, opened) VALUES ('mail', 'canary.example.org', now());
      INSERT INTO yearbook.incident (channel, destination, problem)
      VALUES ('mail', 'canary.example.org', 'canary problem');
      UPDATE yearbook.run SET notes = '[{"code": "host-clock", "subject": "clock", "message": "canary"}]';
      UPDATE yearbook.partition SET warnings =
        '[{"code": "recording-unusable", "subject": "canary.webm", "message": "canary"}]'
      WHERE slug = 'zeta';
      UPDATE yearbook.run SET due = now() - interval '1 minute', on_time = published + unchanged,
        measures = measures || '[{"metric": "source_lag_seconds", "labels": ["source"], "value": 2, "is_gauge": true}]';
      INSERT INTO yearbook.upkeep VALUES
        ('verify', now() - interval '9 days', 1, 2, now() - interval '10 days', 3, 4),
        ('mirror', now(), 1, 2, now() - interval '2 days', NULL, NULL);
      INSERT INTO yearbook.tally VALUES
        ('pieces', '{video,segment,made}', 3), ('pieces', '{video,segment,found}', 4),
        ('stage_duration_seconds', '{video,stitch,sum}', 3), ('stage_duration_seconds', '{video,stitch,count}', 1);
      """)
  }

  @Test func `Metrics say what the night did, and name no tenant`() throws {
    try Self.withFailedTenant { here in
      try Self.addTroubles(here)
      let (status, output) = try here.yearbook(["metrics"])
      #expect(status == 0, "\(output)")
      let lines = Set(output.split(separator: "\n").map(String.init))
      for line in [
        #"yearbook_run_last_partitions{name="nightly",outcome="published"} 4"#,
        #"yearbook_run_last_partitions{name="nightly",outcome="failed"} 2"#,
        #"yearbook_run_last_state{name="nightly",state="failed"} 1"#,
        #"yearbook_run_last_state{name="nightly",state="done"} 0"#,
        #"yearbook_runs_total{name="nightly",state="failed"} 1"#,
        #"yearbook_partitions{pipeline="rows",state="done"} 4"#,
        #"yearbook_partitions{pipeline="rows",state="missing"} 2"#,
        #"yearbook_failures_total{pipeline="rows",stage="extract",code="data"} 2"#,
        #"yearbook_stage_attempts_total{pipeline="rows",stage="aggregate",outcome="ok"} 4"#,
        #"yearbook_stage_duration_seconds_count{pipeline="rows",stage="aggregate"} 4"#,
        #"yearbook_requests{pipeline="other",status="requested"} 1"#,
        #"yearbook_requests{pipeline="rows",status="requested"} 1"#,
        #"yearbook_deliveries{channel="mail",state="dead"} 1"#,
        #"yearbook_delivery_breakers_open{channel="mail"} 1"#,
        #"yearbook_run_last_note{name="nightly",code="host-clock"} 1"#,
        #"yearbook_partition_warnings{pipeline="rows",code="recording-unusable"} 2"#, "# EOF",
      ] {
        #expect(lines.contains(line), "\(line)\n\(output)")
      }
      for word in ["acme", "poisoned", "zeta", "canary", "CANARY", "example.org", here.folder] {
        #expect(!output.contains(word), "\(word)")
      }
      // With a setting, tenants are labels.
      try here.write("yearbook.yaml", "telemetry: {tenants: slug}\n")
      let named = try here.yearbook(["metrics", "--format", "prometheus"])
      #expect(
        named.output.contains(
          #"yearbook_tenant_partitions{tenant="poisoned",pipeline="rows",state="missing"} 2"#),
        "\(named.output)")
    }
  }

  @Test(.enabled(if: Places.judgesPython != nil, "no judges: scripts/install-judges"))
  func `Prometheus's own reader of OpenMetrics reads every family`() throws {
    let script = """
      import sys
      from prometheus_client.openmetrics.parser import text_string_to_metric_families
      for family in text_string_to_metric_families(sys.stdin.read()):
          print(family.name, family.type, family.unit)
      """
    try Self.withFailedTenant { here in
      try Self.addTroubles(here)
      let text = try here.yearbook(["metrics"]).output
      try here.write("metrics.txt", text)
      try here.write("reader.py", script)
      let (status, output) = try Program.run([
        "/bin/sh", "-c",
        "\(try #require(Places.judgesPython)) \(here.folder)/reader.py <\(here.folder)/metrics.txt",
      ])
      #expect(status == 0, "\(output)\n\(text)")
      for line in [
        "yearbook_runs counter", "yearbook_stage_duration_seconds histogram seconds",
        "yearbook_volume_free_bytes gauge bytes",
      ] {
        #expect(output.contains(line), "\(line)\n\(output)")
      }
      // Everything that can have a number after such a night has one, and is documented.
      let documented = try Installation.text("docs/reference/metrics.md")
      for line in output.split(separator: "\n") {
        let name = String(line.split(separator: " ")[0])
        #expect(documented.contains("`\(name)"), "\(name)")
      }
    }
  }

  @Test func `A record that nothing ran on has metrics too, and a deadline`() throws {
    try Installation.with { here in
      try here.write(
        "pipelines/nightly.yaml",
        "name: nightly\ntenants: active\ndue: 06:00\npipelines:\n  - {run: rows, periods: [this-year]}\n"
      )
      let (status, output) = try here.yearbook(["metrics"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("yearbook_schedule_next_due_timestamp_seconds{schedule=\"nightly\"}"))
      #expect(!output.contains("yearbook_run_last"), "\(output)")
      // A schedule for the tenants of a time zone has its deadline in theirs.
      try here.write(
        "pipelines/tokyo.yaml",
        "name: tokyo\ntenants: {zone: Asia/Tokyo}\ndue: 06:00\n"
          + "pipelines:\n  - {run: rows, periods: [this-year]}\n")
      func due(_ schedule: String) throws -> Int? {
        let name = "yearbook_schedule_next_due_timestamp_seconds{schedule=\"\(schedule)\"} "
        let line = try here.yearbook(["metrics"]).output.split(separator: "\n")
          .first { $0.hasPrefix(name) }
        return line.flatMap { Double($0.dropFirst(name.count)) }.map { Int($0) % 86_400 }
      }
      #expect(try due("nightly") == 6 * 3600 && due("tokyo") == 21 * 3600)
      // Somebody else has to serve the tenants of other zones.
      #expect(try !here.yearbook(["doctor"]).output.contains("no schedule is for"))
      try FileManager.default.removeItem(atPath: here.folder + "/pipelines/nightly.yaml")
      try here.addTenant("acme")
      #expect(try here.yearbook(["doctor"]).output.contains("no schedule is for those in "))
      // Pipelines that cannot be read cost the schedules' numbers and no others.
      try here.write("pipelines/nightly.yaml", "name: [")
      let broken = try here.yearbook(["metrics"])
      #expect(broken.status == 0, "\(broken.output)")
      #expect(broken.output.contains("warning: metrics of schedules are missing"))
      #expect(broken.output.contains("yearbook_build_info"))
      let wrong = try here.yearbook(["metrics", "--send"])
      #expect(wrong.status == 78, "\(wrong.output)")
    }
  }

  @Test(arguments: ["6:00", "24:00", "06:60", "noon", "06:00:00"])
  func `A deadline that is no time of day is refused with its line`(text: String) throws {
    try Installation.with { here in
      try here.write(
        "pipelines/nightly.yaml",
        "name: nightly\ntenants: active\ndue: \"\(text)\"\npipelines:\n"
          + "  - {run: rows, periods: [this-year]}\n")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("nightly.yaml:3:"), "\(output)")
      #expect(output.contains("expected a time of day such as 06:00"), "\(output)")
    }
  }

  @Test func `Counters stay when old runs are dropped, and a killed run is counted once`() throws {
    try Self.withFailedTenant { here in
      func number(_ name: String) throws -> String? {
        try here.yearbook(["metrics"]).output.split(separator: "\n")
          .first { $0.hasPrefix(name) }.map(String.init)
      }
      let record = try here.record.connect()
      try record.execute(
        """
        INSERT INTO yearbook.run (id, name, as_of, arguments, state, host, pid, lock, version)
        VALUES ('20250101T000000-000000', 'nightly', '', '', 'running', '', 0, 0, '')
        """)
      for _ in 1...3 {
        #expect(
          try number(#"yearbook_runs_total{name="nightly",state="interrupted"}"#)?.hasSuffix(" 1")
            == true)
      }
      try record.execute("DELETE FROM yearbook.run")
      #expect(
        try number(#"yearbook_runs_total{name="nightly",state="failed"}"#)?.hasSuffix(" 1") == true)
      #expect(
        try number(#"yearbook_failures_total{pipeline="rows",stage="extract",code="data"}"#)?
          .hasSuffix(" 2") == true)
    }
  }
}

/// The same by a real Prometheus.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Monitors.missing == nil, "\(Monitors.missing ?? "")"), .serialized)
struct MonitorTests {
  /// The queries of the dashboards, by Grafana's own types.
  private static func queries() throws -> [(panel: String, kind: String, query: String)] {
    let names = ["night", "stages", "media", "store", "service", "queues", "record"]
    let (status, output) = try Program.run(
      [
        try #require(Places.judgesPython), Places.project + "/Tests/Fixtures/dashboard_judge.py",
      ] + names.map { "\(Places.project)/cron/grafana/\($0).json" })
    #expect(status == 0, "\(output)")
    return try output.split(separator: "\n").map { line in
      let words = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
      return (
        "\(words["dashboard"] ?? ""): \(words["panel"] ?? "")", words["kind"] ?? "",
        words["query"] ?? ""
      )
    }
  }

  @Test
  func `Every query of every dashboard and alert has data after a night with a failed tenant`()
    throws
  {
    let queries = try Self.queries()
    #expect(queries.count > 50)
    try MetricsTests.withFailedTenant(afterGoodNight: true) { here in
      try MetricsTests.addTroubles(here)
      let monitors = try Monitors()
      // A rate needs two numbers.
      for _ in 1...2 {
        let (status, output) = try here.yearbook(["metrics", "--file", monitors.file])
        #expect(status == 0, "\(output)")
      }
      let asked = queries.filter { $0.kind == "prometheus" }
      let expressions = asked.map { $0.query.replacing("$__range", with: "1h") }
      #expect(
        try monitors.eventually(within: 60) {
          try monitors.counts(expressions).allSatisfy { $0 > 0 }
        })
      for (query, count) in zip(asked, try monitors.counts(expressions)) {
        #expect(count > 0, "\(query.panel): \(query.query)")
      }
      // An alert's expression has data when it fires; its metrics always.
      let rules = try Installation.text("cron/prometheus/yearbook.rules.yaml")
      let names = Set(rules.matches(of: /yearbook_[a-z_]+/).map { String($0.output) })
      #expect(names.count > 10)
      for (name, count) in zip(names, try monitors.counts(Array(names))) {
        #expect(count > 0, "\(name)")
      }
      // Straight on the record's views.
      let record = try here.record.connect()
      let direct = queries.filter { $0.kind == "postgres" }
      #expect(!direct.isEmpty)
      for query in direct {
        let sql = query.query.replacing(/\$__timeFilter\(([a-z]+)\)/) {
          "\($0.output.1) > now() - interval '14 days'"
        }
        #expect(try !record.query(sql).isEmpty, "\(query.panel)")
      }
    }
  }

  @Test func `Each alert leads to its own part of the runbook`() throws {
    let rules = try Installation.text("cron/prometheus/yearbook.rules.yaml")
    let runbook = try Installation.text("docs/operations/alerts.md")
    let alerts = rules.matches(of: /- alert: ([A-Za-z]+)/).map { String($0.output.1) }
    #expect(alerts.count == 21)
    for alert in alerts {
      #expect(rules.contains("docs/operations/alerts.md#\(alert.lowercased())\n"), "\(alert)")
      #expect(runbook.contains("\n## \(alert)\n"), "\(alert)")
      let tests = try Installation.text("cron/prometheus/yearbook.rules.test.yaml")
      // It is tried when it fires and when it does not.
      #expect(tests.contains("alertname: \(alert)\n"), "\(alert)")
      #expect(tests.contains("alertname: \(alert), exp_alerts: []"), "\(alert)")
    }
    let promtool = try #require(Places.program("promtool"))
    let (status, output) = try Program.run([
      promtool, "test", "rules", Places.project + "/cron/prometheus/yearbook.rules.test.yaml",
    ])
    #expect(status == 0, "\(output)")
    let made = try Program.run([Places.project + "/cron/grafana/make-dashboards", "--check"])
    #expect(made.status == 0, "\(made.output)")
  }

  @Test func `A night that was killed pages at its deadline, and the next good run clears it`()
    throws
  {
    try Installation.with { here in
      for number in 1...20 { try here.addTenant("tenant-\(number)") }
      let isLong = getenv("YEARBOOK_SOAK") != nil
      // The deadline has just passed; in the long form it is still to come, in one or two minutes
      // as it has no seconds.
      let due = Date().addingTimeInterval(isLong ? 120 : -60)
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
      let parts = calendar.dateComponents([.hour, .minute], from: due)
      let text = String(
        String(1_0000 + (parts.hour ?? 0) * 100 + (parts.minute ?? 0)).dropFirst())
      try here.write(
        "pipelines/nightly.yaml",
        "name: nightly\ntenants: active\ndue: \(text.prefix(2)):\(text.suffix(2))\n"
          + "pipelines:\n  - {run: rows, periods: [this-year]}\n")
      // Yesterday's night was good.
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      let record = try here.record.connect()
      func ageDoneRuns() throws -> Int {
        try record.execute(
          "UPDATE yearbook.run SET started = started - interval '1 day',"
            + " finished = finished - interval '1 day'"
            + " WHERE state = 'done' AND started > now() - interval '1 hour'")
      }
      #expect(try ageDoneRuns() == 1)
      var delay: useconds_t = 0
      repeat {
        let night = try here.start(["run", "nightly", "--force"])
        delay = useconds_t.random(in: 0...600_000)
        usleep(delay)
        night.send(SIGKILL)
        try night.wait()
        // One that was faster than the signal was good, and is yesterday's too.
      } while try ageDoneRuns() > 0
      let monitors = try Monitors()
      func render() throws {
        let (status, output) = try here.yearbook(["metrics", "--file", monitors.file])
        #expect(status == 0, "\(output)")
      }
      try render()
      let deadline = "yearbook_schedule_next_due_timestamp_seconds"
      #expect(try monitors.eventually(within: 60) { try monitors.value(deadline) != nil })
      let moment = try #require(try monitors.value(deadline))
      if isLong {
        #expect(try !monitors.alerts().contains("YearbookLate"), "killed after \(delay) µs")
      }
      #expect(
        try monitors.eventually(within: 180) { try monitors.alerts().contains("YearbookLate") })
      // Since when it fires, by Prometheus: within one evaluation and one scrape.
      let since = try #require(try monitors.value("ALERTS_FOR_STATE{alertname=\"YearbookLate\"}"))
      if isLong { #expect(since - moment <= 3, "\(since - moment) s after the deadline") }
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      try render()
      #expect(
        try monitors.eventually(within: 60) {
          try monitors.counts(["ALERTS{alertname=\"YearbookLate\"}"]) == [0]
        })
    }
  }

  @Test func `What is pushed after a run is what Prometheus has`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let monitors = try Monitors()
      try here.write(
        "yearbook.yaml",
        "telemetry:\n  push: {url: \"\(try monitors.pushgateway())\", plain_http: true}\n")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 0 && !output.contains("warning"), "\(output)")
      let expression = #"yearbook_run_last_state{job="yearbook",name="nightly",state="done"}"#
      #expect(try monitors.eventually(within: 60) { try monitors.value(expression) == 1 })
    }
  }
}
