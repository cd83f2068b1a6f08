package import Diagnostics
import Postgres
import Store

// What `status`, `logs` and `cancel` ask of the record.
extension RunRecord {
  /// Chooses partitions. An empty list does not restrict.
  package struct Choice: Sendable {
    /// The names of a partition's last outcome.
    package enum State: String, Sendable, CaseIterable {
      /// The last try published it, or found it unchanged.
      case done
      /// The last try failed.
      case failed
      /// Failed, but an older release is published.
      case stale
      /// Failed, and nothing was ever published.
      case missing
      /// The status of the release: made before the period's end, for its end, or changed later.
      case provisional, final, restated
      /// Taken back: readers are led to no release.
      case withdrawn
    }

    package var tenants: [String] = []
    package var pipelines: [String] = []
    package var periods: [String] = []
    package var states: [State] = []

    /// Chooses all partitions.
    package init() {}

    package var isAll: Bool {
      tenants.isEmpty && pipelines.isEmpty && periods.isEmpty && states.isEmpty
    }

    /// A condition over `yearbook.partition`, and its parameters.
    fileprivate var condition: (sql: String, parameters: [String?]) {
      (
        """
        (cardinality($1::text[]) = 0 OR slug = ANY ($1::text[]))
          AND (cardinality($2::text[]) = 0 OR pipeline = ANY ($2::text[]))
          AND (cardinality($3::text[]) = 0 OR period = ANY ($3::text[]))
          AND (cardinality($4::text[]) = 0 OR $4::text[] && ARRAY[
            CASE state WHEN 'published' THEN 'done' ELSE 'failed' END,
            CASE WHEN state = 'failed' THEN
              CASE WHEN release_id IS NULL THEN 'missing' ELSE 'stale' END END,
            status])
        """,
        [tenants, pipelines, periods, states.map(\.rawValue)].map { Quoting.array($0) }
      )
    }
  }

  /// The chosen partitions by tenant, pipeline and period.
  package func partitions(_ choice: Choice) throws(Diagnostic) -> [PartitionState] {
    let (condition, parameters) = choice.condition
    var partitions: [PartitionState] = []
    for row in try connection.query(
      """
      SELECT pipeline, slug, period, state, status, release_id,
        jsonb_array_length(warnings) AS warnings
      FROM yearbook.partition WHERE \(condition)
      ORDER BY slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C"
      """, parameters)
    {
      partitions.append(
        PartitionState(
          pipeline: try row.string("pipeline"), slug: try row.string("slug"),
          period: try row.string("period"), isPublished: try row.string("state") == "published",
          status: try row.optionalString("status").flatMap(ReleaseStatus.init),
          release: try row.optionalString("release_id"),
          warnings: try row.int("warnings")))
    }
    return partitions
  }

  /// How many of the chosen partitions of one pipeline are in one state.
  package struct PartitionCount: Sendable {
    package var pipeline: String
    package var isPublished: Bool
    package var status: String?
    /// How many different periods they have, the first of them and the last.
    package var periods: Int
    package var first: String
    package var last: String
    package var partitions: Int
    package var tenants: Int
    package var warnings: Int
  }

  /// How many of the chosen partitions each pipeline has in each state.
  package func partitionCounts(_ choice: Choice) throws(Diagnostic) -> [PartitionCount] {
    let (condition, parameters) = choice.condition
    var counts: [PartitionCount] = []
    for row in try connection.query(
      """
      SELECT pipeline, state, status, count(*) AS partitions, count(DISTINCT tenant_id) AS tenants,
        count(DISTINCT period) AS periods, min(period COLLATE "C") AS first,
        max(period COLLATE "C") AS last,
        sum(jsonb_array_length(warnings)) AS warnings
      FROM yearbook.partition WHERE \(condition)
      GROUP BY pipeline, state, status
      ORDER BY pipeline COLLATE "C", state COLLATE "C" DESC, status COLLATE "C"
      """, parameters)
    {
      counts.append(
        PartitionCount(
          pipeline: try row.string("pipeline"), isPublished: try row.string("state") == "published",
          status: try row.optionalString("status"), periods: try row.int("periods"),
          first: try row.string("first"), last: try row.string("last"),
          partitions: try row.int("partitions"), tenants: try row.int("tenants"),
          warnings: try row.int("warnings")))
    }
    return counts
  }

  /// A warning of a partition's newest release.
  package struct PartitionWarning: Sendable, Hashable {
    package var pipeline: String
    package var slug: String
    package var period: String
    package var code: String
    package var subject: String
    package var message: String
  }

  /// The warnings of the chosen partitions' newest releases.
  package func warnings(_ choice: Choice) throws(Diagnostic) -> [PartitionWarning] {
    let (condition, parameters) = choice.condition
    var warnings: [PartitionWarning] = []
    for row in try connection.query(
      """
      SELECT pipeline, slug, period, w.value ->> 'code' AS code, w.value ->> 'subject' AS subject,
        w.value ->> 'message' AS message
      FROM yearbook.partition, jsonb_array_elements(warnings) WITH ORDINALITY AS w(value, place)
      WHERE \(condition)
      ORDER BY slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C", w.place
      """, parameters)
    {
      warnings.append(
        PartitionWarning(
          pipeline: try row.string("pipeline"), slug: try row.string("slug"),
          period: try row.string("period"), code: try row.string("code"),
          subject: try row.string("subject"), message: try row.string("message")))
    }
    return warnings
  }

  /// The newest run of a schedule over all tenants that left nothing undone, and its age in
  /// seconds.
  ///
  /// A run counts as good if a retry or a later run has fixed all its failures. A run of only some
  /// tenants or periods, or as of another day, does not count.
  package func lastGoodRun(of schedule: String) throws(Diagnostic) -> (run: Run, age: Int)? {
    let row = try connection.query(
      """
      SELECT id, extract(epoch FROM now() - started)::bigint AS age FROM yearbook.run r
      WHERE name = $1 AND \(Self.isWhole) AND problem IS NULL AND NOT \(Self.isAhead("started"))
        AND (state = 'done' OR state = 'failed' AND failed + skipped > 0 AND failed + skipped = (
          SELECT count(*) FROM (
            SELECT DISTINCT pipeline, tenant_id, period FROM yearbook.failure f WHERE f.run_id = r.id
          ) f JOIN yearbook.partition p USING (pipeline, tenant_id, period)
          WHERE p.state = 'published'))
      ORDER BY started DESC LIMIT 1
      """, [schedule]
    ).first
    guard let row, let run = try run(row.string("id")) else { return nil }
    return (run, try row.int("age"))
  }

  /// The condition that a run is of all tenants and periods of a schedule, as of its own day.
  static let isWhole = "arguments !~ '(^| )(retry|--tenant|--period|--as-of)( |=|$)'"

  /// How many partitions have a release from rows that were read at a time that has not come yet,
  /// as a clock was wrong. The next run forgets these times.
  package func partitionsAhead() throws(Diagnostic) -> Int {
    try connection.query(
      "SELECT count(*) AS ahead FROM yearbook.partition WHERE \(Self.isAhead("snapshot"))"
    ).only().int("ahead")
  }

  /// Tells a run to stop. Its watchdog sees it within a second.
  ///
  /// - Returns: `false` if the run is not running.
  package func cancel(_ run: String) throws(Diagnostic) -> Bool {
    try markDeadRuns()
    return try connection.query(
      "UPDATE yearbook.run SET is_cancelled = true WHERE id = $1 AND state = 'running'", [run]
    ).affected == 1
  }

  /// One line of what a run did.
  package struct LogLine: Sendable {
    /// What a line reports.
    package enum Kind: String, Sendable { case attempt, failure, warning }

    package var kind: Kind
    /// UTC, to the millisecond.
    package var at: String
    package var pipeline: String
    package var slug: String
    package var period: String
    package var stage: String
    /// The number of the attempt, from 1; `nil` for other lines.
    package var number: Int?
    package var seconds: Double?
    /// The code of the failure or warning; `nil` for a successful attempt.
    package var code: String?
    package var message: String?
    package var hint: String?
  }

  /// The attempts, failures and warnings of a run, in the order of time.
  ///
  /// Warnings are kept with the partition's newest release. So an old run shows only the warnings
  /// that no later run replaced.
  package func log(of run: String, tenants: [String]) throws(Diagnostic) -> [LogLine] {
    let list = tenants.isEmpty ? nil : tenants
    var choice = Choice()
    choice.tenants = list ?? []
    let parameters = [run, choice.condition.parameters[0]]
    var lines: [LogLine] = []
    for row in try connection.query(
      """
      SELECT kind, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, pipeline, slug, period, stage,
        number, (seconds * 1000)::bigint AS ms, code, message, hint
      FROM (
        SELECT 0 AS place, 'attempt' AS kind, began + seconds * interval '1 second' AS at, pipeline, slug, period,
          stage, number::int AS number, seconds, code, message, hint
        FROM yearbook.attempt WHERE run_id = $1
        UNION ALL
        SELECT 1, 'failure', at, pipeline, slug, period, stage, NULL, NULL, code, message, hint
        FROM yearbook.failure WHERE run_id = $1
        UNION ALL
        SELECT 2, 'warning', changed, pipeline, slug, period, w.value ->> 'subject', NULL, NULL,
          w.value ->> 'code', w.value ->> 'message', NULL
        FROM yearbook.partition, jsonb_array_elements(warnings) AS w(value) WHERE run_id = $1
      ) l
      WHERE cardinality($2::text[]) = 0 OR slug = ANY ($2::text[])
      ORDER BY l.at, place, slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C"
      """, parameters)
    {
      guard let kind = LogLine.Kind(rawValue: try row.string("kind")) else { continue }
      lines.append(
        LogLine(
          kind: kind, at: try row.string("at"), pipeline: try row.string("pipeline"),
          slug: try row.string("slug"), period: try row.string("period"),
          stage: try row.string("stage"), number: try row.optionalInt("number"),
          seconds: try row.optionalInt("ms").map { Double($0) / 1000 },
          code: try row.optionalString("code"), message: try row.optionalString("message"),
          hint: try row.optionalString("hint")))
    }
    return lines
  }
}
