import Basics
package import Diagnostics
import Foundation
import Pipelines
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
        .busy, "another sweep of the workspace is under way", hint: "wait for its end")
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
    var released: Set<SHA256Digest> = []
    for slug in slugs {
      for place in try store.partitions(tenant: slug) {
        guard let head = try store.latest(place) else { continue }
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
    // First the record: whoever looks for a result from now on finds none, and one that was found a moment ago
    // has blobs that look new.
    if !isDry { try record.drop(results: going) }
    outcome.results += going.count
    outcome.blobs += try blobs.sweep(tenant: tenant, olderThan: age, isDry: isDry) {
      digests.contains($0)
    }
  }

  /// The places of the results to keep: the young ones, those all of whose published files are in a newest release,
  /// and those that made what these were made from. Of several that made the same the newest does.
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
