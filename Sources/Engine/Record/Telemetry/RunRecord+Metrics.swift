import Diagnostics
import Postgres
import Telemetry

/// What the record says of itself, as metrics. Each statement here costs milliseconds, whatever
/// the number of tenants and of old runs.
extension RunRecord {
  /// Moments and runs, by the record's clock.
  func runMetrics() throws(Diagnostic) -> [MetricFamily] {
    try markDeadRuns()
    var rendered = MetricFamily(MetricCatalog.rendered)
    let now = try connection.query("SELECT extract(epoch FROM now())::text AS now").only()
    rendered.add(try now.number("now"))
    var running = MetricFamily(MetricCatalog.running)
    var started = MetricFamily(MetricCatalog.lastStarted)
    var finished = MetricFamily(MetricCatalog.lastFinished)
    var duration = MetricFamily(MetricCatalog.lastDuration)
    var state = MetricFamily(MetricCatalog.lastState)
    var planned = MetricFamily(MetricCatalog.lastPlanned)
    var partitions = MetricFamily(MetricCatalog.lastPartitions)
    var stages = MetricFamily(MetricCatalog.lastStages)
    var warnings = MetricFamily(MetricCatalog.lastWarnings)
    var notes = MetricFamily(MetricCatalog.lastNotes)
    for row in try connection.query(
      """
      SELECT n.name, n.running, r.state, extract(epoch FROM r.started)::text AS started,
        extract(epoch FROM r.finished)::text AS finished,
        greatest(extract(epoch FROM coalesce(r.finished, now()) - r.started), 0)::text AS seconds,
        r.planned, r.published, r.unchanged, r.failed, r.skipped, r.stages_run, r.stages_found,
        r.warnings, (SELECT string_agg(DISTINCT w.value ->> 'code', ' ')
          FROM jsonb_array_elements(r.notes) w(value)) AS notes
      FROM (
        SELECT name, sum(running) AS running FROM (
          SELECT labels[1] AS name, 0 AS running FROM yearbook.tally WHERE metric = 'runs'
          UNION ALL SELECT name, 1 FROM yearbook.run WHERE state = 'running'
        ) known GROUP BY name
      ) n CROSS JOIN LATERAL (
        SELECT * FROM yearbook.run WHERE name = n.name AND NOT \(Self.isAhead("started"))
        ORDER BY started DESC LIMIT 1
      ) r ORDER BY n.name COLLATE "C"
      """)
    {
      let name = try row.string("name")
      running.add(try row.number("running"), name)
      started.add(try row.number("started"), name)
      if try row.optionalString("finished") != nil {
        finished.add(try row.number("finished"), name)
      }
      duration.add(try row.number("seconds"), name)
      let last = try row.string("state")
      for word in ["running", "done", "failed", "interrupted"] {
        state.add(word == last ? 1 : 0, name, word)
      }
      planned.add(try row.number("planned"), name)
      for word in ["published", "unchanged", "failed", "skipped"] {
        partitions.add(try row.number(word), name, word)
      }
      stages.add(try row.number("stages_run"), name, "ran")
      stages.add(try row.number("stages_found"), name, "found")
      warnings.add(try row.number("warnings"), name)
      for code in try row.optionalString("notes")?.split(separator: " ") ?? [] {
        notes.add(1, name, String(code))
      }
    }
    return [
      rendered, running, started, finished, duration, state, planned, partitions, stages, warnings,
      notes,
    ]
  }

  /// When a schedule's run was last complete, when good, and when the next must have ended.
  ///
  /// - Parameter schedules: each with `HH:MM`, the time of day at which its run must have ended,
  ///   `nil` without one, and the time zone of that day.
  func scheduleMetrics(
    _ schedules: [(name: String, due: String?, zone: String)]
  ) throws(Diagnostic) -> [MetricFamily] {
    var completed = MetricFamily(MetricCatalog.completed)
    var good = MetricFamily(MetricCatalog.good)
    var nextDue = MetricFamily(MetricCatalog.nextDue)
    for schedule in schedules {
      let row = try connection.query(
        """
        SELECT extract(epoch FROM completed)::text AS completed,
          extract(epoch FROM yearbook.next_due(coalesce(completed, began, made), $2::time, $3))::text
            AS due
        FROM (
          SELECT (
            SELECT max(started) FROM yearbook.run
            WHERE name = $1 AND \(Self.isWhole) AND problem IS NULL
              AND NOT \(Self.isAhead("started"))
              AND (state = 'done' OR state = 'failed' AND published + unchanged > 0)
          ) AS completed, (SELECT min(started) FROM yearbook.run WHERE name = $1) AS began,
          (SELECT min(applied) FROM yearbook.migration) AS made
        ) times
        """, [schedule.name, schedule.due, schedule.zone]
      ).only()
      if try row.optionalString("completed") != nil {
        completed.add(try row.number("completed"), schedule.name)
      }
      if try row.optionalString("due") != nil {
        nextDue.add(try row.number("due"), schedule.name)
      }
      if let run = try lastGoodRun(of: schedule.name)?.run {
        let row = try connection.query(
          "SELECT extract(epoch FROM started)::text AS started FROM yearbook.run WHERE id = $1",
          [run.id]
        ).only()
        good.add(try row.number("started"), schedule.name)
      }
    }
    return [completed, good, nextDue]
  }

  /// Partitions by their last outcome.
  func partitionMetrics(byTenant: Bool) throws(Diagnostic) -> [MetricFamily] {
    var partitions = MetricFamily(MetricCatalog.partitions)
    var statuses = MetricFamily(MetricCatalog.statuses)
    var failing = MetricFamily(MetricCatalog.failingSince)
    var ahead = MetricFamily(MetricCatalog.ahead)
    var counts: [[String]: Double] = [:]
    var since: [String: Double] = [:]
    var status: [[String]: Double] = [:]
    var aheadCount = 0.0
    for row in try connection.query(
      """
      SELECT pipeline, status, CASE WHEN state = 'published' THEN 'done'
          WHEN release_id IS NULL THEN 'missing' ELSE 'stale' END AS state,
        count(*) AS count, extract(epoch FROM min(changed))::text AS since,
        count(*) FILTER (WHERE \(Self.isAhead("snapshot"))) AS ahead
      FROM yearbook.partition GROUP BY 1, 2, 3
      """)
    {
      let (pipeline, state) = (try row.string("pipeline"), try row.string("state"))
      let count = try row.number("count")
      for word in ["done", "stale", "missing"] { counts[[pipeline, word], default: 0] += 0 }
      counts[[pipeline, state], default: 0] += count
      if state != "done" {
        since[pipeline] = min(since[pipeline] ?? .infinity, try row.number("since"))
      }
      if let word = try row.optionalString("status") {
        status[[pipeline, word], default: 0] += count
      }
      aheadCount += try row.number("ahead")
    }
    ahead.add(aheadCount)
    partitions.add(counts)
    statuses.add(status)
    failing.add(Dictionary(uniqueKeysWithValues: since.map { ([$0.key], $0.value) }))
    var warnings = MetricFamily(MetricCatalog.partitionWarnings)
    for row in try connection.query(
      """
      SELECT pipeline, w.value ->> 'code' AS code, count(*) AS count
      FROM yearbook.partition, jsonb_array_elements(warnings) w(value)
      WHERE warnings <> '[]' GROUP BY 1, 2 ORDER BY 1, 2
      """)
    {
      warnings.add(
        try row.number("count"), try row.string("pipeline"), try row.string("code"))
    }
    var tenants = MetricFamily(MetricCatalog.tenantPartitions)
    if byTenant {
      for row in try connection.query(
        """
        SELECT slug, pipeline, CASE WHEN state = 'published' THEN 'done'
            WHEN release_id IS NULL THEN 'missing' ELSE 'stale' END AS state, count(*) AS count
        FROM yearbook.partition GROUP BY 1, 2, 3
        ORDER BY slug COLLATE "C", pipeline COLLATE "C", 3
        """)
      {
        tenants.add(
          try row.number("count"), try row.string("slug"), try row.string("pipeline"),
          try row.string("state"))
      }
    }
    return [partitions, statuses, failing, warnings, tenants, ahead]
  }

  /// The counters of ended runs.
  func counterMetrics() throws(Diagnostic) -> [MetricFamily] {
    let counters = [
      MetricCatalog.runs, MetricCatalog.runSeconds, MetricCatalog.ended, MetricCatalog.stages,
      MetricCatalog.failures, MetricCatalog.attempts, MetricCatalog.extractions,
      MetricCatalog.extractionRows, MetricCatalog.extractionSeconds, MetricCatalog.pieces,
      MetricCatalog.publishedBytes,
    ]
    var families = counters.map { MetricFamily($0) }
    var histogram = MetricFamily(MetricCatalog.stageSeconds)
    var parts: [[String]: [String: Double]] = [:]
    for row in try connection.query(
      """
      SELECT metric, value::text AS value, coalesce(labels[1], '') AS first,
        coalesce(labels[2], '') AS second, coalesce(labels[3], '') AS third
      FROM yearbook.tally
      """)
    {
      let metric = "yearbook_" + (try row.string("metric"))
      let labels = [try row.string("first"), try row.string("second"), try row.string("third")]
      let value = try row.number("value")
      if let index = families.firstIndex(where: { $0.metric.name == metric }) {
        families[index].add(
          value, labels: Array(labels.prefix(families[index].metric.labels.count)))
      } else if metric == histogram.metric.name {
        parts[Array(labels.prefix(2)), default: [:]][labels[2]] = value
      }
    }
    for (labels, parts) in parts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      histogram.add(
        sum: parts["sum"] ?? 0, count: parts["count"] ?? 0,
        buckets: MetricCatalog.durations.indices.map { parts[String($0 + 1)] ?? 0 },
        labels: labels)
    }
    return families.map(\.sorted) + [histogram]
  }

  /// What waits: requests of the platform, and messages.
  func queueMetrics() throws(Diagnostic) -> [MetricFamily] {
    var requests = MetricFamily(MetricCatalog.requests)
    var oldest = MetricFamily(MetricCatalog.requestsSince)
    // A request can name what is no pipeline: whoever asks wrote the word.
    for row in try connection.query(
      """
      SELECT pipeline, count(*) FILTER (WHERE status = 'requested') AS requested,
        count(*) FILTER (WHERE status = 'running') AS running,
        extract(epoch FROM min(created_date))::text AS since
      FROM (
        SELECT r.status, r.created_date, CASE WHEN EXISTS (
            SELECT FROM yearbook.trial t WHERE t.pipeline = lower(r.report_type))
          THEN lower(r.report_type) ELSE 'other' END AS pipeline
        FROM yearbook.reports r WHERE r.status IN ('requested', 'running')
      ) r GROUP BY 1 ORDER BY 1
      """)
    {
      let pipeline = try row.string("pipeline")
      for word in ["requested", "running"] { requests.add(try row.number(word), pipeline, word) }
      oldest.add(try row.number("since"), pipeline)
    }
    var deliveries = MetricFamily(MetricCatalog.deliveries)
    var since = MetricFamily(MetricCatalog.deliveriesSince)
    for row in try connection.query(
      """
      SELECT channel, \(Self.waitingStates.map { "count(*) FILTER (WHERE state = '\($0)') AS \($0)" }
        .joined(separator: ", ")),
        extract(epoch FROM min(queued) FILTER (WHERE state <> 'dead' AND not_before <= now()))::text
          AS since
      FROM (
        -- Each part has an index of its own.
        SELECT * FROM yearbook.outbox WHERE state IN \(Self.waiting)
        UNION ALL SELECT * FROM yearbook.outbox WHERE state = 'sending'
        UNION ALL SELECT * FROM yearbook.outbox WHERE state = 'dead'
      ) o GROUP BY 1 ORDER BY 1
      """)
    {
      let channel = try row.string("channel")
      for word in Self.waitingStates { deliveries.add(try row.number(word), channel, word) }
      if try row.optionalString("since") != nil { since.add(try row.number("since"), channel) }
    }
    var breakers = MetricFamily(MetricCatalog.breakers)
    var incidents = MetricFamily(MetricCatalog.incidents)
    for row in try connection.query(
      """
      SELECT d.channel, count(d.opened) AS breakers, (SELECT count(*) FROM yearbook.incident i
        WHERE i.channel = d.channel AND i.closed IS NULL) AS incidents
      FROM yearbook.destination d GROUP BY d.channel ORDER BY d.channel
      """)
    {
      breakers.add(try row.number("breakers"), try row.string("channel"))
      incidents.add(try row.number("incidents"), try row.string("channel"))
    }
    return [requests, oldest, deliveries, since, breakers, incidents]
  }

  /// The states of messages that somebody may have to look at.
  private static let waitingStates = ["pending", "sending", "retryable", "uncertain", "dead"]
}

extension MetricFamily {
  /// Adds numbers by their labels, in the labels' order.
  fileprivate mutating func add(_ numbers: [[String]: Double]) {
    for (labels, number) in numbers.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      add(number, labels: labels)
    }
  }

  /// The same samples in the order of their labels.
  fileprivate var sorted: MetricFamily {
    var family = MetricFamily(metric)
    for sample in samples.sorted(by: { $0.values.lexicographicallyPrecedes($1.values) }) {
      family.add(sample.number, labels: sample.values)
    }
    return family
  }
}

extension Row {
  /// A column that holds a number.
  func number(_ column: String) throws(Diagnostic) -> Double {
    let text = try string(column)
    guard let number = Double(text) else {
      throw Diagnostic(.bug, "the run record holds no number in the column '\(column)'")
    }
    return number
  }
}
