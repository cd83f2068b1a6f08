package import Diagnostics
import Foundation
package import Pipelines
import Postgres

/// Counts of a run's partitions and stages by their outcome.
package struct RunCounts: Sendable, Hashable {
  package var planned = 0
  /// Partitions with a new release.
  package var published = 0
  /// Partitions whose release did not change.
  package var unchanged = 0
  package var failed = 0
  /// Partitions that were not tried, because one that they need failed.
  package var skipped = 0
  package var stagesRun = 0
  /// Stages whose result was found done.
  package var stagesFound = 0
  package var warnings = 0

  /// All counts are zero.
  package init() {}

  package var done: Int { published + unchanged + failed + skipped }

  var values: [String] {
    [planned, published, unchanged, failed, skipped, stagesRun, stagesFound, warnings].map(
      String.init)
  }
}

extension RunRecord {
  /// One run, as commands show it.
  package struct Run: Sendable {
    package var id: String
    package var name: String
    package var moment: String
    /// The command's arguments.
    package var arguments: String
    /// `running`, `done`, `failed` or `interrupted`
    package var state: String
    /// UTC, to the second.
    package var started: String
    package var seconds: Double
    package var counts: RunCounts
    /// What stopped the run as a whole, and what to do about it.
    package var problem: String?
    package var hint: String?
    /// Warnings about the run as a whole.
    package var notes: [Warning] = []
  }

  /// A partition that failed in a run.
  package struct Failure: Sendable {
    package var partition: PartitionKey
    package var slug: String
    package var stage: String
    package var code: String
    package var message: String
    package var hint: String?
  }

  /// The lock that a run's session holds while the run lives. It shows others that the run is
  /// alive.
  static func lock(of run: String) -> AdvisoryKey { AdvisoryKey(["yearbook", "run", run]) }

  /// An identifier that no other run has or will have. This session holds its lock from now on.
  ///
  /// - Parameter make: makes a candidate.
  func takeID(
    at date: Date, _ make: (Date) -> String = RunID.make
  ) throws(Diagnostic) -> String {
    for _ in 0..<100 {
      let id = make(date)
      guard try connection.tryLock(Self.lock(of: id)) else { continue }
      if try connection.query("SELECT FROM yearbook.run WHERE id = $1", [id]).isEmpty { return id }
      try connection.unlock(Self.lock(of: id))
    }
    throw Diagnostic(.bug, "no unused identifier was found for the run")
  }

  /// Records the beginning of a run.
  ///
  /// - Parameter id: from `takeID` of this session.
  func begin(_ id: String, plan: RunPlan, host: String, pid: Int32) throws(Diagnostic) {
    let lock = Self.lock(of: id)
    try markDeadRuns()
    try connection.query(
      """
      DELETE FROM yearbook.progress p USING yearbook.run r
      WHERE r.id = p.run_id AND r.state <> 'running' AND r.finished < now() - interval '1 day'
      """)
    try connection.query(
      "INSERT INTO yearbook.run (id, name, as_of, arguments, state, host, pid, lock, version, planned)"
        + " VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9)",
      [
        id, plan.name, plan.moment.description, plan.arguments, host, String(pid),
        String(lock.value), Yearbook.version, String(plan.partitions.count),
      ])
  }

  /// Marks runs whose process died as interrupted, so that none seems to run for ever.
  func markDeadRuns() throws(Diagnostic) {
    try connection.query(
      """
      UPDATE yearbook.run SET state = 'interrupted', finished = now()
      WHERE state = 'running' AND plan IS NULL AND NOT EXISTS (\(Self.holder("run.lock")))
      """)
    // A planned run has no process of its own. An engine can take hours to start the next task.
    try connection.query(
      """
      UPDATE yearbook.run SET state = 'interrupted', finished = now()
      WHERE state = 'running' AND plan IS NOT NULL
        AND (is_cancelled OR started < now() - interval '2 days') AND NOT EXISTS (
          SELECT FROM yearbook.run_shard s WHERE s.run_id = run.id
            AND (EXISTS (\(Self.holder("s.lock")))
              OR NOT is_cancelled AND greatest(s.started, s.finished) > now() - interval '2 days'))
      """)
  }

  /// A query that has a row if a session holds the advisory lock of this number.
  static func holder(_ lock: String) -> String {
    """
    SELECT FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
      AND ((l.classid::bigint << 32) | l.objid::bigint) = \(lock)
    """
  }

  /// Records the end of a run and frees its lock.
  ///
  /// - Parameters:
  ///   - problem: what stopped the whole run.
  ///   - notes: warnings about the whole run.
  func finish(
    _ id: String, state: String, _ counts: RunCounts, problem: Diagnostic? = nil,
    notes: [Warning] = []
  ) throws {
    let notes = String(decoding: try JSONEncoder().encode(notes), as: UTF8.self)
    try connection.query(
      """
      UPDATE yearbook.run SET state = $2, finished = now(), planned = $3, published = $4,
        unchanged = $5, failed = $6, skipped = $7, stages_run = $8, stages_found = $9, warnings = $10,
        problem = $11, hint = $12, notes = $13, doing = NULL
      WHERE id = $1
      """, [id, state] + counts.values + [problem.map(Self.told), problem?.hint, notes])
    try connection.unlock(Self.lock(of: id))
  }

  /// The problem and its place, without the hint.
  static func told(_ problem: Diagnostic) -> String {
    var problem = problem
    problem.hint = nil
    return problem.description
  }

  func add(_ failure: Failure, isTransient: Bool, to run: String) throws(Diagnostic) {
    try connection.query(
      """
      INSERT INTO yearbook.failure
        (run_id, pipeline, tenant_id, slug, period, stage, code, message, hint, is_transient)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT DO NOTHING
      """,
      [
        run, failure.partition.pipeline, failure.partition.tenantID, failure.slug,
        failure.partition.period.description, failure.stage,
        failure.code, failure.message, failure.hint, isTransient ? "t" : "f",
      ])
  }

  /// The last runs, the newest first.
  package func runs(limit: Int) throws(Diagnostic) -> [Run] {
    try markDeadRuns()
    return try runs("", limit: limit)
  }

  /// A run by its id or a prefix of it; `nil` if there is no such run, or the prefix is ambiguous.
  package func run(_ id: String) throws(Diagnostic) -> Run? {
    try markDeadRuns()
    let matching = try runs(id, limit: 2)
    return matching.count == 1 ? matching[0] : nil
  }

  private func runs(_ beginning: String, limit: Int) throws(Diagnostic) -> [Run] {
    var runs: [Run] = []
    for row in try connection.query(
      """
      SELECT id, name, as_of, arguments, state, to_char(started, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started,
        (extract(epoch FROM coalesce(finished, now()) - started) * 1000)::bigint AS ms,
        planned, published, unchanged, failed, skipped, stages_run, stages_found, warnings,
        problem, hint, notes
      FROM yearbook.run WHERE starts_with(id, $1)
      -- What began at a time that has not come yet is not the newest: a clock was wrong.
      ORDER BY \(Self.isAhead("run.started")), run.started DESC, id COLLATE "C" DESC LIMIT $2
      """, [beginning, String(limit)])
    { runs.append(try run(row)) }
    return runs
  }

  private func run(_ row: Row) throws(Diagnostic) -> Run {
    var counts = RunCounts()
    counts.planned = try row.int("planned")
    counts.published = try row.int("published")
    counts.unchanged = try row.int("unchanged")
    counts.failed = try row.int("failed")
    counts.skipped = try row.int("skipped")
    counts.stagesRun = try row.int("stages_run")
    counts.stagesFound = try row.int("stages_found")
    counts.warnings = try row.int("warnings")
    let notes: [Warning]
    do {
      notes = try JSONDecoder().decode([Warning].self, from: Data(try row.string("notes").utf8))
    } catch {
      throw Diagnostic(
        .data, "the run record holds malformed JSON in the column 'notes'",
        hint: "restore the record from a backup, or start with an empty one")
    }
    return Run(
      id: try row.string("id"), name: try row.string("name"), moment: try row.string("as_of"),
      arguments: try row.string("arguments"), state: try row.string("state"),
      started: try row.string("started"),
      seconds: Double(try row.int("ms")) / 1000, counts: counts,
      problem: try row.optionalString("problem"), hint: try row.optionalString("hint"),
      notes: notes)
  }

  /// The failures of a run that no later run has fixed.
  package func standingFailures(of run: String) throws(Diagnostic) -> [Failure] {
    var standing: Set<PartitionKey> = []
    for row in try connection.query(
      "SELECT tenant_id, pipeline, period FROM yearbook.partition WHERE state = 'failed'")
    {
      standing.insert(try row.partitionKey())
    }
    return try failures(of: run).filter { standing.contains($0.partition) }
  }

  /// Those of the runs that have a failure which no later run has fixed.
  func unfixed(_ runs: [String]) throws(Diagnostic) -> Set<String> {
    if runs.isEmpty { return [] }
    var unfixed: Set<String> = []
    for row in try connection.query(
      """
      SELECT DISTINCT f.run_id FROM yearbook.failure f
      JOIN yearbook.partition p USING (pipeline, tenant_id, period)
      WHERE f.run_id = ANY ($1::text[]) AND p.state = 'failed'
      """, [Quoting.array(runs)])
    {
      unfixed.insert(try row.string("run_id"))
    }
    return unfixed
  }

  /// The failures of a run, by tenant.
  package func failures(of run: String) throws(Diagnostic) -> [Failure] {
    var failures: [Failure] = []
    for row in try connection.query(
      """
      SELECT DISTINCT ON (slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C")
        pipeline, tenant_id, slug, period, stage, code, message, hint
      FROM yearbook.failure WHERE run_id = $1
      ORDER BY slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C", attempt DESC
      """, [run])
    {
      failures.append(try failure(row))
    }
    return failures
  }

  private func failure(_ row: Row) throws(Diagnostic) -> Failure {
    Failure(
      partition: try row.partitionKey(), slug: try row.string("slug"),
      stage: try row.string("stage"), code: try row.string("code"),
      message: try row.string("message"), hint: try row.optionalString("hint"))
  }

  /// Partitions whose last outcome is a failure, with its reason.
  func failing() throws(Diagnostic) -> [Failure] {
    var failures: [Failure] = []
    for row in try connection.query(
      """
      SELECT DISTINCT ON (p.slug COLLATE "C", p.pipeline COLLATE "C", p.period COLLATE "C")
        p.pipeline, p.tenant_id, p.slug, p.period, f.stage, f.code, f.message, f.hint
      FROM yearbook.partition p
      JOIN yearbook.failure f USING (pipeline, tenant_id, period)
      WHERE p.state = 'failed'
      ORDER BY p.slug COLLATE "C", p.pipeline COLLATE "C", p.period COLLATE "C",
        f.run_id COLLATE "C" DESC, f.attempt DESC
      """)
    {
      failures.append(try failure(row))
    }
    return failures
  }
}
