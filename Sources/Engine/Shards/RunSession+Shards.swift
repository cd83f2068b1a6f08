import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// Runs that an engine hands out: planned once, worked shard by shard, finished once.
extension RunSession {
  /// Records the deadline of a schedule's run.
  func noteDeadline(of run: String, _ name: String, _ record: RunRecord) throws {
    guard let schedule = library.schedule(name) else { return }
    let zone = schedule.zone ?? configuration.operatorZone
    try record.note(due: schedule.due, zone: zone, of: run, name)
  }

  // MARK: - Planning

  /// Plans a run and spreads its tenants over shards, by what their last results took.
  ///
  /// Every shard takes the same moment as now. Tenants that appear later are left to the next run.
  /// An earlier plan of the same name that was never finished is over from now on.
  ///
  /// - Parameter shards: how many; `nil` chooses by the work that is expected.
  /// - Throws: `busy` if another run of the schedule is under way; what planning a run throws.
  package func plan(_ request: Planner.Request, shards: Int?) throws -> ShardPlan {
    let (sources, _) = try openSources(sourceNames(of: request.name), isWhole: false)
    let record = try openRecord()
    let claims = try Claims(configuration.required(.record))
    try claims.refuseStandstill(waiting: Self.standstillSeconds, cancellation)
    guard try claims.takeSchedule(request.name, waiting: 0, cancellation) else {
      throw Diagnostic(
        .busy, "a run of '\(request.name)' is under way",
        hint: "to see its progress: yearbook status")
    }
    let tenants = try SourceTenants(
      of: sources, alsoZone: configuration.operatorZone, record: record, remembers: true)
    let plan = try plan(request, nil, tenants: tenants)
    try refuseFaultyMessages(plan)
    let groups = plan.partitions.groupedByTenant()
    var partitions: [String: Int] = [:]
    for group in groups { partitions[group[0].tenant.id, default: 0] += group.count }
    let weights = try weights(of: partitions, plan, record)
    let seconds = weights.reduce(0) { $0 + $1.seconds }
    let count = min(
      shards ?? ShardPlan.count(seconds: seconds, tenants: weights.count), ShardPlan.most)
    let places = ShardBalance.spread(
      weights, over: count, keeping: try record.lastShards(of: plan.name, count: count))
    var parts = (0..<count).map {
      ShardPlan.Shard(shard: $0, tenants: 0, partitions: 0, seconds: 0)
    }
    for (weight, place) in zip(weights, places) {
      parts[place].tenants += 1
      parts[place].partitions += partitions[weight.tenant] ?? 0
      parts[place].seconds += weight.seconds
    }
    for index in parts.indices { parts[index].seconds = (parts[index].seconds * 10).rounded() / 10 }
    let id = try record.takeID(at: Date())
    try record.connection.transaction {
      try record.add(
        id, plan, PlannedRequest(tenants: request.tenants, periods: request.periods),
        host: ProcessInfo.processInfo.hostName, shards: parts,
        tenants: zip(weights, places).map { ($0.tenant, $1) })
      try record.abandonPlans(of: plan.name, for: id)
      try noteDeadline(of: id, plan.name, record)
    }
    return ShardPlan(run: id, name: plan.name, asOf: plan.moment.description, shards: parts)
  }

  /// Each tenant with what its last results took; one without any is taken as an average one.
  private func weights(
    of partitions: [String: Int], _ plan: RunPlan, _ record: RunRecord
  ) throws -> [ShardBalance.Weight] {
    let names = Set(plan.partitions.map(\.pipeline.name)).sorted()
    let costs = try record.costs(of: names).filter { partitions[$0.key] != nil }
    let known = costs.isEmpty ? 1 : costs.values.reduce(0, +) / Double(costs.count)
    return partitions.map { tenant, count in
      ShardBalance.Weight(
        tenant: tenant,
        seconds: (costs[tenant] ?? known) + Double(count) * Self.secondsOfPartition)
    }.sorted { $0.tenant < $1.tenant }
  }

  /// What a partition costs at least: reading, comparing, publishing.
  private static let secondsOfPartition = 0.005

  // MARK: - Working

  /// Works on one shard of a planned run, then on what other shards have not begun.
  ///
  /// - Returns: How it ended. `failed` and `skipped` count only partitions of this shard.
  /// - Throws: `usage` if there is no such run or shard, or if a later run has taken its place;
  ///   `busy` if another task works on the shard; what a run throws.
  package func work(
    onShard number: Int, of id: String, policy: RunPolicy = RunPolicy()
  ) throws -> RunSummary {
    let record = try openRecord()
    let (known, request) = try planned(id, record)
    if try record.isCancelled(id) {
      throw Diagnostic(
        .usage, "the run \(id) was cancelled", hint: "plan another: yearbook plan \(known.name)")
    }
    let claims = try Claims(configuration.required(.record))
    try claims.refuseStandstill(
      waiting: max(Self.standstillSeconds, Double(policy.waitSeconds)), cancellation)
    guard try claims.shareSchedule(known.name, waiting: Double(policy.waitSeconds), cancellation)
    else {
      throw Diagnostic(
        .busy, "another run of '\(known.name)' is under way",
        hint: "--wait 10m waits for it; to see its progress: yearbook status")
    }
    let isSchedule = library.schedule(known.name) != nil
    if let later = try record.laterRun(than: known, isSchedule: isSchedule) {
      throw Diagnostic(
        .usage, "the run \(id) is over: \(later) has begun since",
        hint: "work on that one; what failed in \(id) is retried by: yearbook retry \(id)")
    }
    let (sources, _) = try openSources(sourceNames(of: known.name), isWhole: false)
    let tenants = try SourceTenants(
      of: sources, alsoZone: configuration.operatorZone, record: record, remembers: true)
    var plan = try plan(request, nil, tenants: tenants)
    try refuseFaultyMessages(plan)
    plan.isSchedule = false
    let shards = try record.shards(of: id)
    let all = plan.partitions
    plan.partitions = all.filter { shards[$0.tenant.id] == number }
    let task = ShardTask(
      run: id, number: number, shards: shards,
      others: all.filter { shards[$0.tenant.id].map { $0 != number } ?? false })
    let run = try Run(
      self, plan: plan, sources: sources, record: record, claims: claims, policy: policy,
      share: .shard(task))
    return try run.execute(refusing: [])
  }

  private func planned(
    _ id: String, _ record: RunRecord
  ) throws -> (run: RunRecord.Run, request: Planner.Request) {
    guard let (run, asked) = try record.planned(id) else {
      throw Diagnostic(
        .usage, "the record has no planned run \(id)",
        hint: "plan one: yearbook plan nightly --shards auto --json")
    }
    guard let moment = RunMoment(run.moment) else {
      throw Diagnostic(.bug, "the run's as_of in the record cannot be read")
    }
    var request = Planner.Request(name: run.name, moment: moment)
    request.tenants = asked.tenants
    request.periods = asked.periods
    request.arguments = run.arguments
    return (run, request)
  }

  // MARK: - Finishing

  /// Ends a planned run: counts what its shards did, renews the operator's pages, mirrors.
  ///
  /// It can be called again, for example after a failed shard was worked on once more.
  ///
  /// - Returns: How the whole run ended. If partitions are left, `problem` names the shards.
  /// - Throws: `busy` while a task works on one of the shards; `usage` if there is no such run.
  package func finish(_ id: String) throws -> RunSummary {
    let record = try openRecord()
    let (known, request) = try planned(id, record)
    guard try record.connection.tryLock(RunRecord.lock(of: id)) else {
      throw Diagnostic(.busy, "the run \(id) is being finished", hint: "wait until it is")
    }
    let states = try record.runShards(of: id)
    let busy = states.filter { $0.state == "running" }.map(\.number)
    if !busy.isEmpty {
      throw Diagnostic(
        .busy,
        "\(Self.shards(busy)) of the run \(id) \(busy.count == 1 ? "is" : "are") being worked on",
        hint: "finish it when they have ended: yearbook status \(id)")
    }
    let (sources, unreached) = try openSources(sourceNames(of: known.name), isWhole: false)
    let tenants = try SourceTenants(
      of: sources, alsoZone: configuration.operatorZone, record: record, remembers: true)
    var plan = try plan(request, nil, tenants: tenants)
    let shards = try record.shards(of: id)
    let outcomes = try record.outcomes(in: id)
    plan.partitions = plan.partitions.filter { shards[$0.tenant.id] != nil }
    let left = plan.partitions.filter { outcomes[$0.key] == nil }
    // Tenants without a valid slug are reported only if all tenants were asked for.
    let refused = request.tenants.isEmpty ? unreached + tenants.nameless : []
    let summary = try summary(
      of: known, outcomes, left: left, shards, refused, states: states,
      isCancelled: record.isCancelled(id))
    try record.sumMeasures(of: id)
    try end(summary, plan, record, notes: record.shardNotes(of: id))
    return try tell(summary, plan, record)
  }

  private func summary(
    of run: RunRecord.Run, _ outcomes: [PartitionKey: SharedOutcome], left: [RunPlan.Partition],
    _ shards: [String: Int], _ refused: [Diagnostic], states: [RunRecord.RunShard],
    isCancelled: Bool
  ) -> RunSummary {
    var counts = RunCounts()
    counts.planned = outcomes.count + left.count + refused.count
    counts.published = outcomes.values.count { $0 == .published }
    counts.unchanged = outcomes.values.count { $0 == .unchanged }
    counts.failed = outcomes.values.count { $0 == .failed } + refused.count
    counts.skipped = outcomes.values.count { $0 == .skipped }
    counts.stagesRun = states.reduce(0) { $0 + $1.stages.run }
    counts.stagesFound = states.reduce(0) { $0 + $1.stages.found }
    counts.warnings = states.reduce(0) { $0 + $1.warnings }
    var problem: Diagnostic?
    if !left.isEmpty, !isCancelled {
      let numbers = Set(left.compactMap { shards[$0.tenant.id] }).sorted()
      problem = Diagnostic(
        .unavailable,
        "\(Counted.text(left.count, "partition")) of \(Self.shards(numbers)) \(left.count == 1 ? "is" : "are") left",
        hint: "run "
          + (numbers.count == 1 ? "it" : "them")
          + " again, then finish the run again: yearbook run --plan \(run.id) --shard \(numbers[0])"
      )
    }
    return RunSummary(
      run: run.id, name: run.name, moment: RunMoment(run.moment) ?? .instant(0), counts: counts,
      seconds: run.seconds, stageSeconds: [:], failures: refused, wasInterrupted: isCancelled,
      problem: problem)
  }

  /// The pages that all tenants share, and the mirror.
  private func tell(
    _ summary: RunSummary, _ plan: RunPlan, _ record: RunRecord
  ) throws -> RunSummary {
    let store = try configuration.releaseStore(configuration.required(.store))
    let pages = OperatorPages(
      store: store, templates: try PageTemplates.ofStore(folder: templates))
    let published = try record.published(by: summary.run)
    if !published.isEmpty || summary.state != "done" {
      try pages.tell(
        summary, published: published, failures: try record.failures(of: summary.run))
    }
    try pages.renew(nil, copies: [:], record)
    var summary = summary
    if summary.wasInterrupted { return summary }
    for warning in renewShares(plan, store) {
      observer.receive(.warning(partition: "run", warning))
    }
    summary.mirroring = mirrorChanges(plan, store)
    return summary
  }

  /// `shard 3`, `the shards 3, 5 and 7`
  private static func shards(_ numbers: [Int]) -> String {
    if numbers.count == 1 { return "shard \(numbers[0])" }
    let shown = numbers.prefix(10).map(String.init)
    let rest = numbers.count - shown.count
    return rest > 0
      ? "the shards \(shown.joined(separator: ", ")) and \(rest) more"
      : "the shards \(shown.dropLast().joined(separator: ", ")) and \(shown.last ?? "")"
  }
}
