public import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages

/// What a stage made under a key: names and digests of files, not the files.
struct StageResult: Sendable {
  struct File: Sendable, Codable, Hashable {
    var name: String
    var mediaType: String
    var isPublished: Bool
    var bytes: Int
    var digest: String
    var table: TableDescription?
  }

  var key: StageKey
  var tenantID: String
  var stage: String
  /// Pipeline and period of a whole stage; none of a piece of one.
  var partition: (pipeline: String, period: String)?
  var inputs: [String: String]
  var files: [File]
  var warnings: [Warning]
  var seconds: Double
}

extension RunRecord {
  /// The result of a key, if one was recorded.
  func result(_ key: StageKey) throws -> (
    files: [StageResult.File], warnings: [Warning], versions: String
  )? {
    let rows = try connection.query(
      "SELECT files, warnings, versions FROM yearbook.result WHERE key = $1", ["\\x" + key.hex])
    guard let row = rows.first else { return nil }
    let decoder = JSONDecoder()
    return (
      try decoder.decode([StageResult.File].self, from: Data(try row.string("files").utf8)),
      try decoder.decode([Warning].self, from: Data(try row.string("warnings").utf8)),
      try row.string("versions")
    )
  }

  /// Records results whose files are durable. A key that is there already keeps its first result, unless
  /// its files are gone, for which `result` was asked: then the new one takes its place.
  func add(_ results: [StageResult], run: String, versions: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    for result in results {
      try connection.query(
        """
        INSERT INTO yearbook.result
          (key, tenant_id, stage, inputs, files, warnings, versions, seconds, run_id, pipeline, period)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (key) DO UPDATE SET files = excluded.files, warnings = excluded.warnings,
          versions = excluded.versions, seconds = excluded.seconds, run_id = excluded.run_id, made = now()
        """,
        [
          "\\x" + result.key.hex, result.tenantID, result.stage, try json(result.inputs),
          try json(result.files), try json(result.warnings), versions, String(result.seconds), run,
          result.partition?.pipeline, result.partition?.period,
        ])
    }
  }
}

// MARK: - Partitions, trials, media

/// The last outcome of a partition.
struct PartitionOutcome: Sendable {
  var pipeline: String
  var tenantID: String
  var slug: String
  var period: String
  var isPublished: Bool
  var status: String?
  var releaseID: String?
  var sequence: Int?
  var moment: String
  var warnings: [Warning]
  /// When its rows were read, microseconds since 1970.
  var snapshot: Int64?
}

extension RunRecord {
  /// Notes the outcomes that differ from what is noted already.
  func add(_ outcomes: [PartitionOutcome], run: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    for outcome in outcomes {
      try connection.query(
        """
        INSERT INTO yearbook.partition AS old
          (pipeline, tenant_id, period, slug, state, status, release_id, as_of, run_id, warnings,
          snapshot, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
          'epoch'::timestamptz + $11::bigint * interval '1 microsecond', $12)
        ON CONFLICT (tenant_id, pipeline, period) DO UPDATE SET
          slug = excluded.slug, state = excluded.state,
          status = coalesce(excluded.status, old.status),
          release_id = coalesce(excluded.release_id, old.release_id), as_of = excluded.as_of,
          run_id = excluded.run_id, warnings = excluded.warnings, changed = now(),
          snapshot = coalesce(excluded.snapshot, old.snapshot),
          sequence = coalesce(excluded.sequence, old.sequence)
        WHERE (old.slug, old.state, old.warnings) IS DISTINCT FROM
            (excluded.slug, excluded.state, excluded.warnings)
          OR old.status IS DISTINCT FROM coalesce(excluded.status, old.status)
          OR old.release_id IS DISTINCT FROM coalesce(excluded.release_id, old.release_id)
          OR old.sequence IS DISTINCT FROM coalesce(excluded.sequence, old.sequence)
        """,
        [
          outcome.pipeline, outcome.tenantID, outcome.period, outcome.slug,
          outcome.isPublished ? "published" : "failed", outcome.status, outcome.releaseID,
          outcome.moment, run,
          String(decoding: try encoder.encode(outcome.warnings), as: UTF8.self),
          outcome.snapshot.map { String($0) },
          outcome.sequence.map { String($0) },
        ])
    }
  }

  /// Whether a partition's release was made from rows that were read after `snapshot`.
  func isNewer(_ partition: RunPlan.Partition, than snapshot: Int64) throws(Diagnostic) -> Bool {
    try !connection.query(
      """
      SELECT FROM yearbook.partition WHERE tenant_id = $1 AND pipeline = $2 AND period = $3
        AND snapshot > 'epoch'::timestamptz + $4::bigint * interval '1 microsecond'
      """,
      [
        partition.tenant.id, partition.pipeline.name, partition.period.description,
        String(snapshot),
      ]
    ).isEmpty
  }

  /// Records tries at stages.
  func add(_ attempts: [StageAttempt], run: String) throws(Diagnostic) {
    for attempt in attempts {
      let partition = attempt.partition
      try connection.query(
        """
        INSERT INTO yearbook.attempt (run_id, tenant_id, slug, pipeline, period, stage, number, began,
          seconds, code, message, hint)
        VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8), $9, $10, $11, $12)
        """,
        [
          run, partition.tenant.id, partition.tenant.slug, partition.pipeline.name,
          partition.period.description, attempt.stage, String(attempt.number),
          String(attempt.began.timeIntervalSince1970), String(attempt.seconds),
          attempt.failure?.code.description, attempt.failure?.message, attempt.failure?.hint,
        ])
    }
  }

  /// Records that partitions of a schedule's run have ended, for those that share it.
  func add(ended partitions: [RunPlan.Partition], run: String) throws(Diagnostic) {
    guard !partitions.isEmpty else { return }
    func list(_ values: [String]) -> String { "{" + values.joined(separator: ",") + "}" }
    // Ids, names of pipelines and periods need no quoting in an array's text.
    try connection.query(
      """
      INSERT INTO yearbook.progress (run_id, tenant_id, pipeline, period, is_done)
      SELECT $1, t, p, d, true FROM unnest($2::uuid[], $3::text[], $4::text[]) AS u(t, p, d)
      ON CONFLICT DO NOTHING
      """,
      [
        run, list(partitions.map(\.tenant.id)), list(partitions.map(\.pipeline.name)),
        list(partitions.map(\.period.description)),
      ])
  }

  /// The partitions of a schedule's run that have ended: tenant's id, pipeline, period.
  func ended(in run: String) throws(Diagnostic) -> Set<[String]> {
    var ended: Set<[String]> = []
    for row in try connection.query(
      "SELECT tenant_id, pipeline, period FROM yearbook.progress WHERE run_id = $1", [run])
    {
      ended.insert([
        try row.string("tenant_id"), try row.string("pipeline"), try row.string("period"),
      ])
    }
    return ended
  }

  func hasPassedTrial(_ fingerprint: String) throws(Diagnostic) -> Bool {
    try !connection.query(
      "SELECT FROM yearbook.trial WHERE fingerprint = $1", ["\\x" + fingerprint]
    ).isEmpty
  }

  func addTrial(_ fingerprint: String, pipeline: String) throws(Diagnostic) {
    try connection.query(
      "INSERT INTO yearbook.trial (fingerprint, pipeline) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      ["\\x" + fingerprint, pipeline])
  }

  /// The digest of a media object that has not changed since it was read.
  func mediaDigest(tenant: String, key: String, size: Int64, modified: Int64) throws(Diagnostic)
    -> String?
  {
    try connection.query(
      "SELECT encode(digest, 'hex') AS digest FROM yearbook.media"
        + " WHERE tenant_id = $1 AND object_key = $2 AND size = $3 AND modified_ns = $4",
      [tenant, key, String(size), String(modified)]
    ).first.map { row throws(Diagnostic) in try row.string("digest") }
  }

  func addMedia(
    tenant: String, key: String, size: Int64, modified: Int64, digest: String
  ) throws(Diagnostic) {
    try connection.query(
      """
      INSERT INTO yearbook.media (tenant_id, object_key, size, modified_ns, digest)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant_id, object_key) DO UPDATE SET size = excluded.size,
        modified_ns = excluded.modified_ns, digest = excluded.digest
      """, [tenant, key, String(size), String(modified), "\\x" + digest])
  }
}

extension RunRecord {
  /// The last outcome of a partition, as it is told to people.
  public struct PartitionState: Sendable {
    public var pipeline: String
    public var slug: String
    public var period: String
    public var isPublished: Bool
    public var status: String?
    public var release: String?
    public var warnings: Int
  }

  /// All partitions by tenant, pipeline and period.
  public func partitions() throws(Diagnostic) -> [PartitionState] {
    var partitions: [PartitionState] = []
    for row in try connection.query(
      """
      SELECT pipeline, slug, period, state, status, release_id, warnings FROM yearbook.partitions
      ORDER BY slug COLLATE "C", pipeline COLLATE "C", period COLLATE "C"
      """)
    {
      partitions.append(
        PartitionState(
          pipeline: try row.string("pipeline"), slug: try row.string("slug"),
          period: try row.string("period"), isPublished: try row.string("state") == "published",
          status: try row.optionalString("status"), release: try row.optionalString("release_id"),
          warnings: try row.int("warnings")))
    }
    return partitions
  }
}
