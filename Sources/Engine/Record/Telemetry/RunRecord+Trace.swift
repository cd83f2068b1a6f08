import Diagnostics
import Postgres
import Telemetry

extension RunRecord {
  /// A run that has ended, as a trace; `nil` if there is none, or it is under way.
  ///
  /// - Parameter namesTenants: whether tenants' slugs are in it.
  func trace(of run: String, namesTenants: Bool) throws(Diagnostic) -> RunTrace? {
    guard
      let row = try connection.query(
        """
        SELECT name, state, version, (extract(epoch FROM started) * 1000000)::bigint AS began,
          (extract(epoch FROM finished) * 1000000)::bigint AS ended,
          published, unchanged, failed, skipped,
          (SELECT count(*) FROM yearbook.attempt WHERE run_id = r.id) AS attempts
        FROM yearbook.run r WHERE id = $1 AND finished IS NOT NULL
        """, [run]
      ).first
    else { return nil }
    var trace = RunTrace(
      run: run, name: try row.string("name"), state: try row.string("state"),
      version: try row.string("version"), began: Int64(try row.int("began")),
      ended: Int64(try row.int("ended")))
    for word in ["published", "unchanged", "failed", "skipped"] {
      trace.counts.append((word, try row.int(word)))
    }
    for attempt in try connection.query(
      """
      SELECT pipeline, period, slug, tenant_id::text AS tenant, stage, number,
        (extract(epoch FROM began) * 1000000)::bigint AS began,
        (seconds * 1000)::bigint AS ms, code
      FROM yearbook.attempt WHERE run_id = $1
      ORDER BY code IS NULL, seconds DESC LIMIT $2
      """, [run, String(RunTrace.mostAttempts)])
    {
      trace.attempts.append(
        RunTrace.Attempt(
          pipeline: try attempt.string("pipeline"), period: try attempt.string("period"),
          tenant: namesTenants ? try attempt.string("slug") : nil,
          partition: try attempt.string("tenant"), stage: try attempt.string("stage"),
          number: try attempt.int("number"), began: Int64(try attempt.int("began")),
          seconds: Double(try attempt.int("ms")) / 1000, code: try attempt.optionalString("code")))
    }
    trace.dropped = try row.int("attempts") - trace.attempts.count
    return trace
  }

  /// When the counters of ended runs began, and now, in microseconds since 1970.
  func counterTimes() throws(Diagnostic) -> (since: Int64, now: Int64) {
    let row = try connection.query(
      """
      SELECT (extract(epoch FROM min(applied)) * 1000000)::bigint AS since,
        (extract(epoch FROM now()) * 1000000)::bigint AS now
      FROM yearbook.migration
      """
    ).only()
    return (Int64(try row.int("since")), Int64(try row.int("now")))
  }
}
