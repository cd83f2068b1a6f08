import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

/// A recorded result, as far as a sweep looks at it.
struct SweepableResult {
  var key: StageKey
  /// Digests of all files, and of those that are published.
  var files: [SHA256Digest]
  var published: [SHA256Digest]
  /// Whatever looks like a digest among what decided it.
  var inputs: [SHA256Digest]
  /// Not superseded for long, or a piece.
  var isYoung: Bool
  /// Older than records are kept.
  var isAncient: Bool
}

extension RunRecord {
  /// Seconds since the beginning of the oldest run that is under way.
  func oldestRunAge() throws(Diagnostic) -> Int? {
    try markDeadRuns()
    return try connection.query(
      "SELECT extract(epoch FROM now() - min(started))::bigint AS age FROM yearbook.run"
        + " WHERE state = 'running'"
    ).only().optionalInt("age")
  }

  func tenantsWithResults() throws(Diagnostic) -> [String] {
    var tenants: [String] = []
    for row in try connection.query("SELECT DISTINCT tenant_id FROM yearbook.result") {
      tenants.append(try row.string("tenant_id"))
    }
    return tenants
  }

  func sweepable(
    tenant: String, _ rule: WorkspaceSweep.Rule, younger age: Int
  ) throws(Diagnostic) -> [SweepableResult] {
    var results: [SweepableResult] = []
    for row in try connection.query(
      """
      SELECT encode(key, 'hex') AS key,
        stage LIKE '% piece' OR made > now() - $2::bigint * interval '1 second' AS is_young,
        made < now() - $3::bigint * interval '1 second' AS is_ancient,
        (SELECT string_agg(f.value ->> 'digest', ' ') FROM jsonb_array_elements(files) f) AS files,
        (SELECT string_agg(f.value ->> 'digest', ' ') FROM jsonb_array_elements(files) f
          WHERE (f.value ->> 'isPublished')::boolean) AS published,
        (SELECT string_agg(i.value, ' ') FROM jsonb_each_text(inputs) i
          WHERE i.value ~ '^[0-9a-f]{64}$') AS inputs
      FROM yearbook.result WHERE tenant_id = $1 ORDER BY made, key
      """, [tenant, String(age), String(rule.records)])
    {
      func digests(_ column: String) throws(Diagnostic) -> [SHA256Digest] {
        (try row.optionalString(column) ?? "").split(separator: " ")
          .compactMap { SHA256Digest(hex: $0) }
      }
      results.append(
        SweepableResult(
          key: StageKey(try row.digest("key")), files: try digests("files"),
          published: try digests("published"),
          inputs: try digests("inputs"), isYoung: try row.bool("is_young"),
          isAncient: try row.bool("is_ancient")))
    }
    return results
  }

  /// The encrypted files of a tenant, by the digests of their content and of themselves.
  func sealedDigests(of tenant: String) throws(Diagnostic) -> [(
    plain: SHA256Digest, digest: SHA256Digest
  )] {
    var files: [(plain: SHA256Digest, digest: SHA256Digest)] = []
    for row in try connection.query(
      "SELECT encode(plain, 'hex') AS plain, encode(digest, 'hex') AS digest FROM yearbook.sealed"
        + " WHERE tenant_id = $1", [tenant])
    { files.append((try row.digest("plain"), try row.digest("digest"))) }
    return files
  }

  func drop(results keys: [StageKey]) throws(Diagnostic) {
    guard !keys.isEmpty else { return }
    try connection.query(
      "DELETE FROM yearbook.result WHERE key = ANY ($1::bytea[])",
      [Quoting.array(keys.map { "\\x" + $0.hex })])
  }

  /// Drops ended runs, with their failures and attempts, and answered requests, older than so many
  /// seconds.
  func dropOld(_ seconds: Int, isDry: Bool) throws(Diagnostic) -> (runs: Int, requests: Int) {
    let verb = isDry ? "SELECT" : "DELETE"
    let runs = try connection.query(
      "\(verb) FROM yearbook.run WHERE state <> 'running'"
        + " AND started < now() - $1::bigint * interval '1 second'", [String(seconds)]
    ).affected
    let requests = try connection.query(
      "\(verb) FROM yearbook.reports WHERE is_request"
        + " AND status IN ('published', 'failed', 'cancelled')"
        + " AND created_date < now() - $1::bigint * interval '1 second'", [String(seconds)]
    ).affected
    return (runs, requests)
  }
}
