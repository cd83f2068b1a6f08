import Basics
package import Diagnostics
import Foundation
import Pipelines
import Postgres
package import Store

/// Removes what the workspace and the record no longer need.
///
/// It keeps results of the last days; results from which a tenant's newest releases were made,
/// directly or indirectly; pieces such as segments of films, as long as records are kept; and
/// everything that a run under way can be using. What is removed can be made again: it costs only
/// time.
package struct WorkspaceSweep {
  /// How many seconds things are kept.
  package struct Rule: Sendable {
    /// Results and blobs that no newest release was made from: 7 days.
    package var superseded = 7 * 86_400
    /// Runs with their failures and attempts, requests, and results of any kind: 400 days.
    package var records = 400 * 86_400

    /// The defaults: 7 days for results, 400 days for records.
    package init() {}
  }

  /// What was removed, or would be.
  package struct Outcome: Sendable {
    package var blobs = BlobSweep()
    package var results = 0
    package var runs = 0
    package var requests = 0
    /// Why tenants were skipped: it could not be found out what they need.
    package var faults: [Diagnostic] = []
  }

  private let record: RunRecord
  private let blobs: BlobStore
  private let store: ReleaseStore
  private let rule: Rule

  /// - Throws: `configuration` where the record, the workspace or the store is not configured.
  package init(_ configuration: Configuration, rule: Rule) throws {
    record = try RunRecord(configuration.required(.record))
    blobs = try BlobStore(workspace: configuration.required(.workspace))
    store = try ReleaseStore(root: configuration.required(.store))
    self.rule = rule
  }

  /// Sweeps. Runs can be under way.
  ///
  /// - Throws: `busy` while another sweep is under way.
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

  /// Tenant's id to its slugs in the store. A folder that cannot be read stops the sweep: it could
  /// belong to any tenant.
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
    var released: Set<SHA256Digest> = []
    for slug in slugs {
      for place in try store.partitions(tenant: slug) {
        guard let head = try store.latest(place), !head.isWithdrawn else { continue }
        for file in try store.details(place, release: head.release).files {
          if let digest = file.digest { released.insert(digest) }
        }
      }
    }
    for file in sealed where released.contains(file.digest) { released.insert(file.plain) }
    let kept = Self.needed(results, released: released)
    var digests = released.union(try record.keptDigests(of: tenant))
    var going: [StageKey] = []
    for (place, result) in results.enumerated() {
      if kept.contains(place) {
        digests.formUnion(result.files)
        digests.formUnion(result.inputs)
      } else {
        going.append(result.key)
      }
    }
    for file in sealed where digests.contains(file.plain) { digests.insert(file.digest) }
    // First the record: from now on nobody finds these results. A result that was found just before
    // has blobs that look new, so they are kept.
    if !isDry { try record.drop(results: going) }
    outcome.results += going.count
    outcome.blobs += try blobs.sweep(tenant: tenant, olderThan: age, isDry: isDry) {
      digests.contains($0)
    }
  }

  /// The indices of the results to keep: young results; results whose published files are all in a
  /// newest release; and the results that made their inputs. Of several results with the same
  /// files, only the newest is kept.
  private static func needed(_ results: [SweepableResult], released: Set<SHA256Digest>) -> Set<Int>
  {
    var makers: [SHA256Digest: Int] = [:]
    var publishers: [[SHA256Digest]: Int] = [:]
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
