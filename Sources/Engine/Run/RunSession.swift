package import Basics
import Diagnostics
import Extraction
import Foundation
package import Pipelines
import Stages
import Store

/// Everything a run needs, opened once: the source, the record, the workspace and the store.
package struct RunSession {
  let configuration: Configuration
  let library: PipelineLibrary
  let templates: String
  let threads: Int
  let cancellation: Cancellation
  let observer: any RunObserver
  /// Whether the run is part of an erasure, which keeps all other runs away.
  var isErasing = false

  /// - Parameters:
  ///   - templates: the folder of templates and messages.
  ///   - threads: how many stages run side by side.
  package init(
    configuration: Configuration, library: PipelineLibrary, templates: String, threads: Int,
    cancellation: Cancellation, observer: any RunObserver
  ) {
    self.configuration = configuration
    self.library = configuration.telling(library)
    self.templates = templates
    self.threads = threads
    self.cancellation = cancellation
    self.observer = observer
  }

  /// Runs a request. Failures of partitions are in the summary. What stops the whole run is thrown:
  /// `usage`, `configuration`, `unavailable`, `busy`, `io`.
  ///
  /// - Parameter only: the partitions to run; `nil` runs all.
  package func run(
    _ request: Planner.Request, only: Set<PartitionKey>? = nil, policy: RunPolicy = RunPolicy()
  ) throws -> RunSummary {
    let needed = sourceNames(of: request.name)
    let (sources, unreached) = try openSources(needed, isWhole: only != nil)
    let record = try openRecord()
    let claims = try Claims(configuration.required(.record))
    if !isErasing {
      try claims.refuseStandstill(
        waiting: max(Self.standstillSeconds, Double(policy.waitSeconds)), cancellation)
    }
    var request = request
    var leader: RunRecord.Run?
    // A retry of some partitions of a schedule is not a run of the schedule.
    if only == nil, library.schedule(request.name) != nil {
      leader = try lead(request.name, claims, record, policy)
      // Runs that share work use the same moment as “now”.
      if let leader, let moment = RunMoment(leader.moment) { request.moment = moment }
    }
    let tenants = try SourceTenants(
      of: sources, alsoZone: configuration.operatorZone, record: record,
      remembers: true)
    var plan = try plan(request, only, tenants: tenants)
    try refuseFaultyMessages(plan)
    if leader != nil { plan.takeUpBackwards() }
    let run = try Run(
      self, plan: plan, sources: sources, record: record, claims: claims, policy: policy,
      share: leader.map { .joined($0.id) } ?? .alone)
    // Tenants without a valid slug are reported only if all tenants were asked for.
    return try run.execute(
      refusing: unreached + (request.tenants.isEmpty && only == nil ? tenants.nameless : []))
  }

  /// Erasures are rare and mostly short: a run from cron waits for one instead of failing.
  static let standstillSeconds = 10.0

  /// Takes a schedule's lock and returns `nil`; or returns the run under way, if it can be joined.
  private func lead(
    _ name: String, _ claims: Claims, _ record: RunRecord, _ policy: RunPolicy
  ) throws -> RunRecord.Run? {
    if try claims.takeSchedule(
      name, waiting: Double(policy.waitSeconds), cancellation)
    {
      return nil
    }
    let running = try record.runs(limit: 50).first { $0.name == name && $0.state == "running" }
    if policy.joins, let running { return running }
    let which = running.map { " (\($0.id), since \($0.started))" } ?? ""
    throw Diagnostic(
      .busy, "another run of '\(name)' is under way\(which)",
      hint: "--wait 10m waits for it; --join shares its work; to see its progress: yearbook status"
    )
  }

  /// Throws the parameters that messages of the run's pipelines name and do not get: they would
  /// fail every tenant of a language, after all the work before the page.
  func refuseFaultyMessages(_ plan: RunPlan) throws {
    let templates = try PageTemplates.cached(folder: templates)
    let names = Set(plan.partitions.map(\.pipeline.name))
    let faults = library.pipelines.filter { names.contains($0.name) }
      .flatMap(templates.unknownParameters)
    if !faults.isEmpty { throw Diagnostics(faults) }
    try refuseFaultyDelivery(names)
  }

  func plan(
    _ request: Planner.Request, _ only: Set<PartitionKey>?, tenants: SourceTenants
  ) throws -> RunPlan {
    try configuration.refuseUnknownTenants(among: tenants.slugs.union(slugsElsewhere(tenants)))
    try configuration.refuseSharedMedia(among: tenants.slugs)
    // Ask the store, not the record: a lost release must be made again.
    let store = try ReleaseStore(root: configuration.required(.store))
    let planner = Planner(library: library, configuration: configuration, tenants: tenants) {
      slug, pipeline, period throws(Diagnostic) in
      // A damaged release does not stop the plan. The next publishing of its partition repairs it.
      let head = try store.newest(
        ReleasePartition(tenant: slug, pipeline: pipeline, period: period.description))
      return head.map { $0.status != .provisional } ?? false
    }
    var request = request
    if only != nil { request.isPicked = true }
    var plan = try planner.plan(request)
    if let only {
      plan.isSchedule = false
      plan.partitions = plan.partitions.filter { only.contains($0.key) }
    }
    return plan
  }

  /// Mirrors the changes, if there is a mirror. Returns `nil` if there was nothing to do.
  ///
  /// A schedule's run also mirrors what earlier runs could not. Other runs mirror only their
  /// tenants.
  func mirrorChanges(_ plan: RunPlan, _ store: ReleaseStore) -> MirrorSummary? {
    do throws(Diagnostic) {
      let mirroring = try Mirroring(configuration, store: store, cancellation: cancellation)
      let slugs = plan.isSchedule ? nil : Array(Set(plan.partitions.map(\.tenant.slug))).sorted()
      let summary = mirroring?.changes(of: slugs)
      if let summary, plan.isSchedule { Upkeep.note(summary, configuration) }
      guard let summary, summary.tenants > 0 || !summary.failures.isEmpty else { return nil }
      return summary
    } catch {
      return MirrorSummary(failures: [error])
    }
  }

  /// Makes shares what they must be after a run: of all tenants after a schedule's, otherwise of
  /// the run's tenants.
  func renewShares(_ plan: RunPlan, _ store: ReleaseStore) -> [Warning] {
    do {
      let slugs =
        plan.isSchedule
        ? try store.tenants() : Array(Set(plan.partitions.map(\.tenant.slug))).sorted()
      let shares = try Shares(
        configuration, store: store, library: library, templates: templates)
      let renewal = shares.renew(tenants: slugs, now: Int(Date().timeIntervalSince1970))
      return renewal.failures.prefix(1).map { first in
        Warning(
          code: "shares-not-renewed", subject: first.subject.tenant ?? "",
          message: "\(Counted.text(renewal.failures.count, "share")) could not be renewed:"
            + " \(first.message)")
      }
    } catch {
      return [
        Warning(
          code: "shares-not-renewed", subject: "",
          message: "the shares could not be renewed: \(error)")
      ]
    }
  }

  func openRecord() throws -> RunRecord {
    try RunRecord(configuration.required(.record))
  }
}
