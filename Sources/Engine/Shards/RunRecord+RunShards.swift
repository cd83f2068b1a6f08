package import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

/// What was asked for when a run was planned.
struct PlannedRequest: Codable, Equatable {
  var tenants: [String]
  var periods: [String]
}

/// How a partition of a run ended, as the runs and tasks that share the run know it.
enum SharedOutcome: String, Sendable {
  case published, unchanged, failed, skipped

  var isGood: Bool { self == .published || self == .unchanged }
}

/// Runs that are handed out in run shards.
extension RunRecord {
  /// One shard of a run, as commands show it.
  package struct RunShard: Sendable {
    package var number: Int
    /// `planned`, `running`, `done`, `failed` or `interrupted`
    package var state: String
    package var tenants: Int
    package var partitions: Int
    /// How long its work was expected to take, if everything is made.
    package var expected: Double
    package var host: String?
    /// How long its last task has worked, or worked.
    package var seconds: Double?
    /// Stages of its last task.
    var stages: (run: Int, found: Int)
    var warnings: Int
    package var problem: String?
    package var hint: String?
    package var activity: RunActivity?
  }

  /// The lock that the session of a shard's task holds.
  static func lock(ofShard number: Int, of run: String) -> AdvisoryKey {
    AdvisoryKey(["yearbook", "run shard", run, String(number)])
  }

  // MARK: - Planning

  /// What the last results of each tenant took together, in seconds, by the tenant's id.
  func costs(of pipelines: [String]) throws(Diagnostic) -> [String: Double] {
    var costs: [String: Double] = [:]
    for row in try connection.query(
      """
      SELECT tenant_id, sum(seconds)::text AS seconds FROM (
        SELECT DISTINCT ON (tenant_id, pipeline, stage) tenant_id, seconds::float8 AS seconds
        FROM yearbook.result WHERE pipeline = ANY ($1::text[])
        ORDER BY tenant_id, pipeline, stage, made DESC
      ) newest GROUP BY tenant_id
      """, [Quoting.array(pipelines)])
    {
      costs[try row.string("tenant_id")] = Double(try row.string("seconds"))
    }
    return costs
  }

  /// The shards of the last run of this name that was handed out in as many, by tenant.
  func lastShards(of name: String, count: Int) throws(Diagnostic) -> [String: Int] {
    var shards: [String: Int] = [:]
    for row in try connection.query(
      """
      SELECT tenant_id, shard FROM yearbook.run_tenant WHERE run_id = (
        SELECT id FROM yearbook.run r WHERE name = $1 AND plan IS NOT NULL
          AND (SELECT count(*) FROM yearbook.run_shard s WHERE s.run_id = r.id) = $2::bigint
        ORDER BY started DESC, id COLLATE "C" DESC LIMIT 1)
      """, [name, String(count)])
    {
      shards[try row.string("tenant_id")] = try row.int("shard")
    }
    return shards
  }

  /// Records a run that is handed out in shards.
  ///
  /// Must be called in a transaction: a run has all its shards or none.
  ///
  /// - Parameters:
  ///   - id: from `takeID` of this session.
  ///   - tenants: the shard of each tenant, by its id.
  func add(
    _ id: String, _ plan: RunPlan, _ request: PlannedRequest, host: String,
    shards: [ShardPlan.Shard], tenants: [(id: String, shard: Int)]
  ) throws {
    let json = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    try connection.query(
      "INSERT INTO yearbook.run (id, name, as_of, arguments, state, host, pid, lock, version, planned, plan)"
        + " VALUES ($1, $2, $3, $4, 'running', $5, 0, $6, $7, $8, $9::jsonb)",
      [
        id, plan.name, plan.moment.description, plan.arguments, host,
        String(Self.lock(of: id).value), Yearbook.version, String(plan.partitions.count), json,
      ])
    try connection.query(
      """
      INSERT INTO yearbook.run_shard (run_id, number, seconds, partitions, lock)
      SELECT $1, n, s, p, l
      FROM unnest($2::integer[], $3::float8[], $4::integer[], $5::bigint[]) AS u(n, s, p, l)
      """,
      [
        id, Quoting.array(shards.map { String($0.shard) }),
        Quoting.array(shards.map { String($0.seconds) }),
        Quoting.array(shards.map { String($0.partitions) }),
        Quoting.array(shards.map { String(Self.lock(ofShard: $0.shard, of: id).value) }),
      ])
    try connection.query(
      """
      INSERT INTO yearbook.run_tenant (run_id, tenant_id, shard)
      SELECT $1, t, s FROM unnest($2::uuid[], $3::integer[]) AS u(t, s)
      """,
      [
        id, Quoting.array(tenants.map(\.id)), Quoting.array(tenants.map { String($0.shard) }),
      ])
  }

  /// Ends planned runs of a name that nobody will finish, as a later run has begun.
  ///
  /// Must be called by the holder of the name's lock: then none of their shards is at work.
  ///
  /// - Parameter id: the later run. If it is not for all tenants and periods, nothing is ended.
  func abandonPlans(of name: String, for id: String) throws(Diagnostic) {
    try connection.query(
      """
      UPDATE yearbook.run SET state = 'interrupted', finished = now(), doing = NULL
      WHERE name = $1 AND id <> $2 AND plan IS NOT NULL AND state = 'running'
        AND EXISTS (SELECT FROM yearbook.run WHERE id = $2 AND \(Self.isWhole))
      """, [name, id])
  }

  // MARK: - Working

  /// A run that is handed out in shards, and what was asked for.
  ///
  /// - Returns: `nil` if there is no such run.
  func planned(_ id: String) throws -> (run: Run, request: PlannedRequest)? {
    let rows = try connection.query(
      "SELECT plan::text AS plan FROM yearbook.run WHERE id = $1 AND plan IS NOT NULL", [id])
    guard let row = rows.first, let run = try run(id) else { return nil }
    let json = Data(try row.string("plan").utf8)
    return (run, try JSONDecoder().decode(PlannedRequest.self, from: json))
  }

  /// The run's shard of each tenant.
  func shards(of run: String) throws(Diagnostic) -> [String: Int] {
    var shards: [String: Int] = [:]
    for row in try connection.query(
      "SELECT tenant_id, shard FROM yearbook.run_tenant WHERE run_id = $1", [run])
    {
      shards[try row.string("tenant_id")] = try row.int("shard")
    }
    return shards
  }

  /// A later plan of the same name, or a later run of the schedule, of all tenants and periods:
  /// then a planned run is over.
  func laterRun(than run: Run, isSchedule: Bool) throws(Diagnostic) -> String? {
    try connection.query(
      """
      SELECT id FROM yearbook.run
      WHERE name = $1 AND id <> $2 AND (plan IS NOT NULL OR $3) AND \(Self.isWhole)
        AND started > (SELECT started FROM yearbook.run WHERE id = $2)
      ORDER BY started LIMIT 1
      """, [run.name, run.id, isSchedule ? "t" : "f"]
    ).first?.string("id")
  }

  /// Records that a task works on a shard. Its session holds the shard's lock from now on.
  ///
  /// - Throws: `busy` if another task works on it, `usage` if the run has no such shard.
  func beginShard(_ number: Int, of run: String, host: String, pid: Int32) throws(Diagnostic) {
    let count = try connection.query(
      "SELECT count(*) AS count FROM yearbook.run_shard WHERE run_id = $1", [run]
    ).only().int("count")
    guard (0..<count).contains(number) else {
      throw Diagnostic(
        .usage, "the run \(run) has no shard \(number)",
        hint: "its shards are 0 to \(count - 1)")
    }
    guard try connection.tryLock(Self.lock(ofShard: number, of: run)) else {
      throw Diagnostic(
        .busy, "another task works on shard \(number) of the run \(run)",
        hint: "to see it: yearbook status \(run)")
    }
    try connection.query(
      """
      UPDATE yearbook.run_shard SET state = 'running', started = now(), finished = NULL, host = $3,
        pid = $4, problem = NULL, hint = NULL, doing = NULL
      WHERE run_id = $1 AND number = $2
      """, [run, String(number), host, String(pid)])
  }

  /// Writes what a shard's task does now; returns whether somebody asked the run to stop.
  func isCancelled(
    shard: Int, of run: String, doing activity: RunActivity, _ counts: RunCounts, measures: String
  ) throws(Diagnostic) -> Bool {
    let rows = try connection.query(
      """
      UPDATE yearbook.run_shard s SET doing = $3::jsonb, stages_run = $4, stages_found = $5,
        warnings = $6, measures = $7::jsonb
      FROM yearbook.run r
      WHERE s.run_id = $1 AND s.number = $2 AND r.id = s.run_id RETURNING r.is_cancelled
      """,
      [
        run, String(shard), try Self.json(of: activity), String(counts.stagesRun),
        String(counts.stagesFound), String(counts.warnings), measures,
      ])
    return try rows.first?.bool("is_cancelled") ?? false
  }

  /// Records the end of a shard's task, and how far the run is; frees the shard's lock.
  func finishShard(
    _ number: Int, of run: String, state: String, _ counts: RunCounts, measures: String,
    problem: Diagnostic?, notes: [Warning]
  ) throws {
    let notes = String(decoding: try JSONEncoder().encode(notes), as: UTF8.self)
    try connection.query(
      """
      UPDATE yearbook.run_shard SET state = $3, finished = now(), stages_run = $4,
        stages_found = $5, warnings = $6, measures = $7::jsonb, problem = $8, hint = $9,
        notes = $10::jsonb, doing = NULL
      WHERE run_id = $1 AND number = $2
      """,
      [
        run, String(number), state, String(counts.stagesRun), String(counts.stagesFound),
        String(counts.warnings), measures, problem.map(Self.told), problem?.hint, notes,
      ])
    try connection.query(
      """
      UPDATE yearbook.run SET (published, unchanged, failed, skipped) = (
        SELECT count(*) FILTER (WHERE outcome = 'published'),
          count(*) FILTER (WHERE outcome = 'unchanged'), count(*) FILTER (WHERE outcome = 'failed'),
          count(*) FILTER (WHERE outcome = 'skipped')
        FROM yearbook.progress WHERE run_id = $1)
      WHERE id = $1 AND plan IS NOT NULL
      """, [run])
    try connection.unlock(Self.lock(ofShard: number, of: run))
  }

  /// How the partitions of a run have ended so far.
  func outcomes(in run: String) throws(Diagnostic) -> [PartitionKey: SharedOutcome] {
    var outcomes: [PartitionKey: SharedOutcome] = [:]
    for row in try connection.query(
      "SELECT tenant_id, pipeline, period, outcome FROM yearbook.progress WHERE run_id = $1", [run])
    { outcomes[try row.partitionKey()] = try outcome(row) }
    return outcomes
  }

  /// How these partitions have ended, of those that have.
  func outcomes(
    in run: String, of partitions: [PartitionKey]
  ) throws(Diagnostic) -> [PartitionKey: SharedOutcome] {
    var outcomes: [PartitionKey: SharedOutcome] = [:]
    if partitions.isEmpty { return outcomes }
    for row in try connection.query(
      """
      SELECT tenant_id, pipeline, period, outcome
      FROM unnest($2::uuid[], $3::text[], $4::text[]) AS wanted (tenant_id, pipeline, period)
      JOIN yearbook.progress p USING (tenant_id, pipeline, period) WHERE p.run_id = $1
      """, [run] + partitions.arrays)
    { outcomes[try row.partitionKey()] = try outcome(row) }
    return outcomes
  }

  private func outcome(_ row: Row) throws(Diagnostic) -> SharedOutcome {
    // An earlier version did not say how.
    try row.optionalString("outcome").flatMap(SharedOutcome.init) ?? .unchanged
  }

  // MARK: - Finishing

  /// Whether somebody asked the run to stop.
  func isCancelled(_ run: String) throws(Diagnostic) -> Bool {
    try connection.query("SELECT is_cancelled FROM yearbook.run WHERE id = $1", [run])
      .only().bool("is_cancelled")
  }

  /// Gives a planned run what its shards measured: sums, and of gauges the largest.
  func sumMeasures(of run: String) throws(Diagnostic) {
    try connection.query(
      """
      UPDATE yearbook.run SET measures = coalesce((
        SELECT jsonb_agg(jsonb_build_object('metric', metric, 'labels', labels, 'is_gauge', is_gauge,
          'value', value) ORDER BY metric, labels)
        FROM (
          SELECT m.value ->> 'metric' AS metric, m.value -> 'labels' AS labels,
            (m.value ->> 'is_gauge')::boolean AS is_gauge,
            CASE WHEN (m.value ->> 'is_gauge')::boolean THEN max((m.value ->> 'value')::float8)
              ELSE sum((m.value ->> 'value')::float8) END AS value
          FROM yearbook.run_shard s CROSS JOIN LATERAL jsonb_array_elements(s.measures) m(value)
          WHERE s.run_id = $1 GROUP BY 1, 2, 3) summed), '[]')
      WHERE id = $1
      """, [run])
  }

  /// What the shards of a run warned about, each code once.
  func shardNotes(of run: String) throws -> [Warning] {
    var notes: [Warning] = []
    for row in try connection.query(
      "SELECT notes::text AS notes FROM yearbook.run_shard WHERE run_id = $1 ORDER BY number", [run]
    ) {
      let told = try JSONDecoder().decode([Warning].self, from: Data(try row.string("notes").utf8))
      for warning in told where !notes.contains(where: { $0.code == warning.code }) {
        notes.append(warning)
      }
    }
    return notes
  }

  /// The releases that a run published and that are still the newest of their partitions.
  func published(by run: String) throws(Diagnostic) -> [OperatorPages.PublishedRelease] {
    var releases: [OperatorPages.PublishedRelease] = []
    for row in try connection.query(
      """
      SELECT slug, pipeline, period, release_id, status FROM yearbook.partition
      WHERE run_id = $1 AND state = 'published' AND release_id IS NOT NULL
        AND status IN ('provisional', 'final', 'restated')
      """, [run])
    {
      guard let status = ReleaseStatus(rawValue: try row.string("status")) else { continue }
      releases.append(
        .init(
          place: ReleasePartition(
            tenant: try row.string("slug"), pipeline: try row.string("pipeline"),
            period: try row.string("period")), release: try row.string("release_id"),
          status: status))
    }
    return releases
  }

  // MARK: - Showing

  /// The shards of a run; none of a run that is not handed out.
  package func runShards(of run: String) throws(Diagnostic) -> [RunShard] {
    var shards: [RunShard] = []
    for row in try connection.query(
      """
      SELECT number, CASE WHEN state = 'running' AND NOT EXISTS (\(Self.holder("s.lock")))
          THEN 'interrupted' ELSE state END AS state,
        (SELECT count(*) FROM yearbook.run_tenant t WHERE t.run_id = s.run_id AND t.shard = s.number)
          AS tenants, partitions, seconds::text AS expected, host,
        (extract(epoch FROM coalesce(finished, now()) - started) * 1000)::bigint AS ms,
        stages_run, stages_found, warnings, problem, hint, doing::text AS doing
      FROM yearbook.run_shard s WHERE run_id = $1 ORDER BY number
      """, [run])
    {
      shards.append(
        RunShard(
          number: try row.int("number"), state: try row.string("state"),
          tenants: try row.int("tenants"), partitions: try row.int("partitions"),
          expected: try row.number("expected"), host: try row.optionalString("host"),
          seconds: try row.optionalInt("ms").map { Double($0) / 1000 },
          stages: (try row.int("stages_run"), try row.int("stages_found")),
          warnings: try row.int("warnings"), problem: try row.optionalString("problem"),
          hint: try row.optionalString("hint"),
          activity: try row.optionalString("doing").flatMap(Self.activity)))
    }
    return shards
  }
}
