import Basics
package import Diagnostics
import Foundation
import Pipelines
import Postgres
package import Store

/// The last outcome of a partition.
struct PartitionOutcome: Sendable {
  var partition: PartitionKey
  var slug: String
  var isPublished: Bool
  var status: ReleaseStatus?
  var releaseID: String?
  var sequence: Int?
  var moment: String
  var warnings: [Warning]
  /// When its rows were read, microseconds since 1970.
  var snapshot: Int64?
  /// The digest of what is published, if people are told of it.
  var content: SHA256Digest?
}

extension RunRecord {
  /// Records the outcomes that differ from the recorded ones. Of several outcomes of one partition,
  /// the last counts.
  func add(_ outcomes: [PartitionOutcome], run: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let ordered = Dictionary(outcomes.map { ($0.partition, $0) }) { _, last in last }
      .sorted { $0.key < $1.key }.map(\.value)
    for part in ordered.parts(of: Self.rowsAtOnce) {
      try connection.queryPrepared(
        """
        INSERT INTO yearbook.partition AS old
          (pipeline, tenant_id, period, slug, state, status, release_id, as_of, run_id, warnings,
          snapshot, sequence, content)
        SELECT p, t, d, g, e, s, r, a, $1, w::jsonb,
          'epoch'::timestamptz + m * interval '1 microsecond', q, c::bytea
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
          $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[])
          AS u (t, p, d, g, e, s, r, a, w, m, q, c)
        ON CONFLICT (tenant_id, pipeline, period) DO UPDATE SET
          slug = excluded.slug, state = excluded.state,
          status = coalesce(excluded.status, old.status),
          release_id = coalesce(excluded.release_id, old.release_id), as_of = excluded.as_of,
          run_id = excluded.run_id, warnings = excluded.warnings, changed = now(),
          snapshot = coalesce(excluded.snapshot, old.snapshot),
          sequence = coalesce(excluded.sequence, old.sequence),
          content = coalesce(excluded.content, old.content)
        WHERE (old.slug, old.state, old.warnings) IS DISTINCT FROM
            (excluded.slug, excluded.state, excluded.warnings)
          OR old.status IS DISTINCT FROM coalesce(excluded.status, old.status)
          OR old.release_id IS DISTINCT FROM coalesce(excluded.release_id, old.release_id)
          OR old.sequence IS DISTINCT FROM coalesce(excluded.sequence, old.sequence)
          OR old.content IS DISTINCT FROM coalesce(excluded.content, old.content)
        """,
        [
          run
        ] + part.map(\.partition).arrays + [
          Quoting.array(part.map(\.slug)),
          Quoting.array(part.map { $0.isPublished ? "published" : "failed" }),
          Quoting.array(part.map { $0.status?.rawValue }), Quoting.array(part.map(\.releaseID)),
          Quoting.array(part.map(\.moment)),
          Quoting.array(
            try part.map {
              $0.warnings.isEmpty
                ? "[]" : String(decoding: try encoder.encode($0.warnings), as: UTF8.self)
            }),
          Quoting.array(part.map { $0.snapshot.map { String($0) } }),
          Quoting.array(part.map { $0.sequence.map { String($0) } }),
          Quoting.array(part.map { $0.content.map { "\\x" + $0.hex } }),
        ])
    }
  }

  /// What the record knows of a partition before work on it begins. It is read while its claim is
  /// held, so it includes what other runs made.
  struct Outlook {
    /// Whether its release was made from rows that were read later than this run's.
    var isNewer: Bool
    /// The newest result of each stage, by its name.
    var results: [String: RecordedResult]
    /// The digest of what was published last, if people are told of it.
    var content: SHA256Digest?
  }

  /// What the record knows of a partition whose rows were not read.
  struct Newest: Sendable {
    /// The newest result of each stage, by its name.
    var results: [String: RecordedResult] = [:]
    /// The digest of what was published last, if people are told of it.
    var content: SHA256Digest?
  }

  /// The condition that a time is ahead of this server's clock by more than is tolerated. Such a
  /// time is wrong, and nothing is compared with it.
  static func isAhead(_ column: String) -> String {
    "coalesce(\(column) > now() + interval '\(Clocks.toleratedSeconds) seconds', false)"
  }

  /// Forgets when rows were read, where that is at a time that has not come yet.
  ///
  /// - Returns: A warning, if there were any.
  func forgetTimesAhead() throws(Diagnostic) -> [Warning] {
    let count = try connection.query(
      "UPDATE yearbook.partition SET snapshot = NULL WHERE \(Self.isAhead("snapshot"))"
    ).affected
    if count == 0 { return [] }
    return [
      Warning(
        code: "snapshot-ahead", subject: "clock",
        message:
          "the record said of \(count) \(count == 1 ? "partition" : "partitions") that the rows were"
          + " read at a time that has not come yet, as a clock was wrong; nothing is compared with"
          + " these times any more")
    ]
  }

  /// - Parameter snapshot: when this run read the partition's rows, by this server's clock.
  func outlook(
    of partition: PartitionKey, snapshot: Int64
  ) throws(Diagnostic) -> Outlook {
    let rows = try connection.queryPrepared(
      """
      SELECT coalesce(p.snapshot > 'epoch'::timestamptz + $4::bigint * interval '1 microsecond', false)
          AND NOT \(Self.isAhead("p.snapshot")) AS is_newer,
        encode(p.content, 'hex') AS content, stage, encode(key, 'hex') AS key, files, warnings, versions
      FROM (SELECT) AS one LEFT JOIN (
        SELECT snapshot, content FROM yearbook.partition
        WHERE tenant_id = $1 AND pipeline = $2 AND period = $3
      ) AS p ON true LEFT JOIN (
        SELECT DISTINCT ON (stage) stage, key, files, warnings, versions FROM yearbook.result
        WHERE tenant_id = $1 AND pipeline = $2 AND period = $3 ORDER BY stage DESC, made DESC
      ) AS newest ON true
      """,
      partition.values + [String(snapshot)])
    var outlook = Outlook(isNewer: false, results: [:])
    for row in rows {
      outlook.isNewer = try row.bool("is_newer")
      outlook.content = try row.optionalString("content").flatMap { SHA256Digest(hex: $0) }
      guard let stage = try row.optionalString("stage") else { continue }
      outlook.results[stage] = try RecordedResult(row)
    }
    return outlook
  }

  /// The newest results of many partitions, with their files in brief.
  func newestResults(
    of partitions: [PartitionKey]
  ) throws(Diagnostic) -> [PartitionKey: Newest] {
    var results: [PartitionKey: Newest] = [:]
    for row in try connection.queryPrepared(
      """
      SELECT r.tenant_id, r.pipeline, r.period, r.stage, encode(r.key, 'hex') AS key, r.warnings,
        r.versions, \(RecordedResult.briefFiles("r.files")) AS files
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      CROSS JOIN LATERAL (
        SELECT DISTINCT ON (stage) * FROM yearbook.result
        WHERE tenant_id = t AND pipeline = p AND period = d ORDER BY stage DESC, made DESC
      ) AS r
      """, partitions.arrays)
    {
      results[try row.partitionKey(), default: Newest()].results[try row.string("stage")] =
        try RecordedResult(brief: row)
    }
    for row in try connection.queryPrepared(
      """
      SELECT tenant_id, pipeline, period, encode(content, 'hex') AS content
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      JOIN yearbook.partition ON tenant_id = t AND pipeline = p AND period = d
      WHERE content IS NOT NULL
      """, partitions.arrays)
    {
      results[try row.partitionKey(), default: Newest()].content = try row.digest("content")
    }
    return results
  }

  /// Those of many partitions whose release was made from rows that were read later.
  ///
  /// - Parameter partitions: with the moment at which this run read their rows.
  func newer(
    than partitions: [(key: PartitionKey, snapshot: Int64)]
  ) throws(Diagnostic) -> Set<PartitionKey> {
    var newer: Set<PartitionKey> = []
    for row in try connection.queryPrepared(
      """
      SELECT tenant_id, pipeline, period
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS u (t, p, d, m)
      JOIN yearbook.partition ON tenant_id = t AND pipeline = p AND period = d
      WHERE snapshot > 'epoch'::timestamptz + m * interval '1 microsecond'
        AND NOT \(Self.isAhead("snapshot"))
      """,
      partitions.map(\.key).arrays + [Quoting.array(partitions.map { String($0.snapshot) })])
    { newer.insert(try row.partitionKey()) }
    return newer
  }

  /// Records attempts at stages.
  func add(_ attempts: [StageAttempt], run: String) throws(Diagnostic) {
    for part in attempts.parts(of: Self.rowsAtOnce) {
      try connection.queryPrepared(
        """
        INSERT INTO yearbook.attempt (run_id, tenant_id, slug, pipeline, period, stage, number, began,
          seconds, code, message, hint)
        SELECT $1, t, g, p, d, s, n, to_timestamp(b), c, e, m, h
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[],
          $8::float8[], $9::real[], $10::text[], $11::text[], $12::text[])
          AS u (t, p, d, g, s, n, b, c, e, m, h)
        """,
        [
          run
        ] + part.map(\.partition.key).arrays + [
          Quoting.array(part.map(\.partition.tenant.slug)),
          Quoting.array(part.map(\.stage)), Quoting.array(part.map { String($0.number) }),
          Quoting.array(part.map { String($0.began.timeIntervalSince1970) }),
          Quoting.array(part.map { String($0.seconds) }),
          Quoting.array(part.map { $0.failure?.code.description }),
          Quoting.array(part.map { $0.failure?.message }),
          Quoting.array(part.map { $0.failure?.hint }),
        ])
    }
  }

  /// Records that partitions of a schedule's run have ended, for the runs that share it.
  ///
  /// What failed can end well later, when its run shard is worked on again.
  func add(ended partitions: [EndedPartition], run: String) throws(Diagnostic) {
    guard !partitions.isEmpty else { return }
    try connection.query(
      """
      INSERT INTO yearbook.progress AS known (run_id, tenant_id, pipeline, period, is_done, outcome)
      SELECT DISTINCT ON (t, p, d) $1, t, p, d, true, o
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS u(t, p, d, o)
      ON CONFLICT (run_id, tenant_id, pipeline, period) DO UPDATE SET outcome = excluded.outcome
      WHERE known.outcome IN ('failed', 'skipped')
      """,
      [run] + partitions.map(\.key).arrays + [Quoting.array(partitions.map(\.outcome.rawValue))])
  }
}

/// A partition of a shared run that has ended.
struct EndedPartition: Sendable {
  var key: PartitionKey
  var outcome: SharedOutcome
}

extension RunRecord {
  /// The last outcome of a partition, as commands show it.
  package struct PartitionState: Sendable {
    package var pipeline: String
    package var slug: String
    package var period: String
    package var isPublished: Bool
    package var status: ReleaseStatus?
    package var release: String?
    package var warnings: Int
  }

  /// All partitions by tenant, pipeline and period.
  package func partitions() throws(Diagnostic) -> [PartitionState] {
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
          status: try row.optionalString("status").flatMap(ReleaseStatus.init),
          release: try row.optionalString("release_id"),
          warnings: try row.int("warnings")))
    }
    return partitions
  }
}
