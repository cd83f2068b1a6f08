import Basics
package import Diagnostics
import Foundation
import Postgres
package import Store

/// Frees what the workspace and the record hold and nobody needs any more.
///
/// Kept are: results of the last days; results from which a tenant's newest releases were made, and what those were
/// made from; pieces such as segments of films, for as long as records are kept; and whatever a run that is under
/// way may be using. What goes could be made again: it costs time, not truth.
package struct WorkspaceSweep {
  /// What is kept how long, in seconds.
  package struct Rule: Sendable {
    /// Results and blobs that no newest release was made from.
    package var superseded = 7 * 86_400
    /// Runs with all that belongs to them, requests, and results of any kind.
    package var records = 400 * 86_400

    /// The defaults: 7 days for results, 400 days for records.
    package init() {}
  }

  /// What went, or would go.
  package struct Outcome: Sendable {
    package var blobs = BlobSweep()
    package var results = 0
    package var runs = 0
    package var requests = 0
    /// Tenants left as they are, because it could not be found out what they need.
    package var faults: [Diagnostic] = []
  }

  private let record: RunRecord
  private let blobs: BlobStore
  private let store: ReleaseStore
  private let rule: Rule

  /// - Throws: `configuration` where the record, the workspace or the store is not configured.
  package init(_ configuration: Configuration, rule: Rule) throws {
    func required(_ value: String?, _ name: String, _ variable: String) throws -> String {
      if let value, !value.isEmpty { return value }
      throw Diagnostic(
        .configuration, "'\(name)' is not configured", at: .init(file: configuration.file),
        hint: "set \(name): in yearbook.yaml, \(variable) in the environment, or --\(name)")
    }
    record = try RunRecord(required(configuration.record, "record", "YEARBOOK_RECORD"))
    blobs = try BlobStore(
      workspace: required(configuration.workspace, "workspace", "YEARBOOK_WORKSPACE"))
    store = try ReleaseStore(root: required(configuration.store, "store", "YEARBOOK_STORE"))
    self.rule = rule
  }

  /// Throws `busy` while another sweep is at work. Runs may be under way.
  package func run(isDry: Bool) throws -> Outcome {
    guard try record.connection.tryLock(AdvisoryKey(["yearbook", "sweep"])) else {
      throw Diagnostic(
        .busy, "another sweep of the workspace is under way",
        hint: "wait until it ends, then run the same command again")
    }
    var outcome = Outcome()
    let age = try max(rule.superseded, record.oldestRunAge().map { $0 + 3600 } ?? 0)
    let slugs = try slugs()
    let tenants = try Set(blobs.tenants()).union(record.tenantsWithResults())
    for tenant in tenants.sorted() {
      do {
        try sweep(tenant, slugs[tenant] ?? [], age, isDry, &outcome)
      } catch let error as Diagnostic where error.code == .io {
        outcome.faults.append(error)
      }
    }
    (outcome.runs, outcome.requests) = try record.dropOld(rule.records, isDry: isDry)
    return outcome
  }

  /// Tenant's id to the slugs it has in the store. One that can't be read stops the sweep: it could be anybody's.
  private func slugs() throws -> [String: [String]] {
    var slugs: [String: [String]] = [:]
    for slug in try store.tenants() {
      if let tenant = try store.tenant(slug: slug) { slugs[tenant.id, default: []].append(slug) }
    }
    return slugs
  }

  private func sweep(
    _ tenant: String, _ slugs: [String], _ age: Int, _ isDry: Bool, _ outcome: inout Outcome
  ) throws {
    let results = try record.sweepable(tenant: tenant, rule, younger: age)
    let sealed = try record.sealedDigests(of: tenant)
    var released: Set<String> = []
    for slug in slugs {
      for place in try store.partitions(tenant: slug) {
        guard let head = try store.latest(place) else { continue }
        for file in try store.details(place, release: head.release).files {
          released.insert(String(file.hash.dropFirst("sha256:".count)))
        }
      }
    }
    for file in sealed where released.contains(file.digest) { released.insert(file.plain) }
    let kept = Self.needed(results, released: released)
    var digests = released.union(try record.keptDigests(of: tenant))
    var going: [String] = []
    for (place, result) in results.enumerated() {
      if kept.contains(place) {
        digests.formUnion(result.files)
        digests.formUnion(result.inputs)
      } else {
        going.append(result.key)
      }
    }
    for file in sealed where digests.contains(file.plain) { digests.insert(file.digest) }
    // First the record: whoever looks for a result from now on finds none, and one that was found a moment ago
    // has blobs that look new.
    if !isDry { try record.drop(results: going) }
    outcome.results += going.count
    outcome.blobs += try blobs.sweep(tenant: tenant, olderThan: age, isDry: isDry) {
      digests.contains($0.hex)
    }
  }

  /// The places of the results to keep: the young ones, those all of whose published files are in a newest release,
  /// and those that made what these were made from. Of several that made the same the newest does.
  private static func needed(_ results: [SweepableResult], released: Set<String>) -> Set<Int> {
    var makers: [String: Int] = [:]
    var publishers: [[String]: Int] = [:]
    var kept: Set<Int> = []
    for (place, result) in results.enumerated() where !result.isAncient {
      for file in result.files { makers[file] = place }
      if result.isYoung { kept.insert(place) }
      if !result.published.isEmpty, released.isSuperset(of: result.published) {
        publishers[result.published] = place
      }
    }
    kept.formUnion(publishers.values)
    var wanted = Set(kept.flatMap { results[$0].inputs })
    while let digest = wanted.popFirst() {
      if let place = makers[digest], kept.insert(place).inserted {
        wanted.formUnion(results[place].inputs)
      }
    }
    return kept
  }
}

/// A recorded result, as far as a sweep looks at it.
struct SweepableResult {
  var key: String
  /// Digests of all files, and of those that are published.
  var files: [String]
  var published: [String]
  /// Whatever looks like a digest among what decided it.
  var inputs: [String]
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
      func words(_ column: String) throws(Diagnostic) -> [String] {
        (try row.optionalString(column) ?? "").split(separator: " ").map(String.init)
      }
      results.append(
        SweepableResult(
          key: try row.string("key"), files: try words("files"), published: try words("published"),
          inputs: try words("inputs"), isYoung: try row.bool("is_young"),
          isAncient: try row.bool("is_ancient")))
    }
    return results
  }

  /// The encrypted files of a tenant, by the digests of their content and of themselves.
  func sealedDigests(of tenant: String) throws(Diagnostic) -> [(plain: String, digest: String)] {
    var files: [(plain: String, digest: String)] = []
    for row in try connection.query(
      "SELECT encode(plain, 'hex') AS plain, encode(digest, 'hex') AS digest FROM yearbook.sealed"
        + " WHERE tenant_id = $1", [tenant])
    { files.append((try row.string("plain"), try row.string("digest"))) }
    return files
  }

  func drop(results keys: [String]) throws(Diagnostic) {
    guard !keys.isEmpty else { return }
    try connection.query(
      "DELETE FROM yearbook.result WHERE key = ANY ($1::bytea[])",
      [Quoting.array(keys.map { "\\x" + $0 })])
  }

  /// Drops ended runs, with their failures and attempts, and answered requests, older than so many seconds.
  func dropOld(_ seconds: Int, isDry: Bool) throws(Diagnostic) -> (runs: Int, requests: Int) {
    let verb = isDry ? "SELECT" : "DELETE"
    let runs = try connection.query(
      "\(verb) FROM yearbook.run WHERE state <> 'running'"
        + " AND started < now() - $1::bigint * interval '1 second'", [String(seconds)]
    ).affected
    let requests = try connection.query(
      "\(verb) FROM yearbook.reports WHERE is_request AND status IN ('published', 'failed')"
        + " AND created_date < now() - $1::bigint * interval '1 second'", [String(seconds)]
    ).affected
    return (runs, requests)
  }
}
