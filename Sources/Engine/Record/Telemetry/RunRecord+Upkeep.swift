package import Diagnostics
import Postgres
import Telemetry

/// When the whole store was last verified and mirrored.
extension RunRecord {
  /// Notes that the whole store was looked after.
  ///
  /// - Parameters:
  ///   - work: `verify`, `verify-deep`, `verify-mirror` or `mirror`.
  ///   - problems: faults that were found, or failures.
  ///   - seconds: how long it took, until now.
  ///   - counts: releases and bytes that were looked at, where that is known.
  package func note(
    upkeep work: String, problems: Int, seconds: Double, releases: Int? = nil, bytes: Int? = nil
  ) throws(Diagnostic) {
    try connection.query(
      """
      INSERT INTO yearbook.upkeep AS u (work, began, seconds, problems, good, releases, bytes)
      SELECT $1, t.began, $2::float8, $3::integer, CASE WHEN $3::integer = 0 THEN t.began END,
        $4::bigint, $5::bigint
      FROM (SELECT clock_timestamp() - $2::float8 * interval '1 second' AS began) t
      ON CONFLICT (work) DO UPDATE SET began = excluded.began, seconds = excluded.seconds,
        problems = excluded.problems, good = coalesce(excluded.good, u.good),
        releases = excluded.releases, bytes = excluded.bytes
      """,
      [
        work, String(seconds), String(problems), releases.map { String($0) },
        bytes.map { String($0) },
      ])
  }

  /// Upkeep, and what the last runs of each name measured as of their own moment.
  func upkeepMetrics() throws(Diagnostic) -> [MetricFamily] {
    var last = MetricFamily(MetricCatalog.upkeepLast)
    var good = MetricFamily(MetricCatalog.upkeepGood)
    var problems = MetricFamily(MetricCatalog.upkeepProblems)
    var seconds = MetricFamily(MetricCatalog.upkeepDuration)
    var releases = MetricFamily(MetricCatalog.upkeepReleases)
    var bytes = MetricFamily(MetricCatalog.upkeepBytes)
    for row in try connection.query(
      """
      SELECT work, extract(epoch FROM began)::text AS began, extract(epoch FROM good)::text AS good,
        seconds::text AS seconds, problems, releases::text AS releases, bytes::text AS bytes
      FROM yearbook.upkeep ORDER BY work COLLATE "C"
      """)
    {
      let work = try row.string("work")
      last.add(try row.number("began"), work)
      problems.add(try row.number("problems"), work)
      seconds.add(try row.number("seconds"), work)
      if try row.optionalString("good") != nil { good.add(try row.number("good"), work) }
      if try row.optionalString("releases") != nil {
        releases.add(try row.number("releases"), work)
        bytes.add(try row.number("bytes"), work)
      }
    }
    var unverified = MetricFamily(MetricCatalog.unverified)
    let oldest = try connection.query(
      """
      SELECT extract(epoch FROM min(changed))::text AS oldest FROM yearbook.partition
      WHERE release_id IS NOT NULL AND changed > coalesce(
        (SELECT good FROM yearbook.upkeep WHERE work = 'verify'), '-infinity')
      """
    ).only()
    if try oldest.optionalString("oldest") != nil {
      unverified.add(try oldest.number("oldest"))
    }
    var lag = MetricFamily(MetricCatalog.sourceLag)
    for row in try connection.query(
      """
      SELECT DISTINCT ON (source) source, value FROM (
        SELECT m.value -> 'labels' ->> 0 AS source, m.value ->> 'value' AS value, r.started
        FROM yearbook.run r CROSS JOIN LATERAL jsonb_array_elements(r.measures) m(value)
        WHERE r.started > now() - interval '3 days' AND m.value ->> 'metric' = 'source_lag_seconds'
      ) l ORDER BY source, started DESC
      """)
    {
      lag.add(try row.number("value"), try row.string("source"))
    }
    return [last, good, problems, seconds, releases, bytes, unverified, lag]
  }
}
