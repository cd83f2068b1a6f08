import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

/// What `status` shows.
struct Status {
  let run: RunRecord.Run
  let failures: [(failure: RunRecord.Failure, stands: Bool)]
  let record: RunRecord
  let choice: RunRecord.Choice
  let shared: SharedOptions

  /// If there are more, they are counted by pipeline and state.
  private static let mostPartitions = 50
  private static let mostOfAGroup = 20

  func print(everyPartition: Bool, everyWarning: Bool) throws {
    let out = Console.standardOutput
    try printRun(out)
    try printActivity(out)
    try printPartitions(out, each: everyPartition)
    try printWarnings(out, each: everyWarning)
    for incident in try record.openIncidents() { out.line(IncidentLine.text(of: incident, out)) }
    printFailures(out)
  }

  private func printRun(_ out: Console) throws {
    let counts = run.counts
    let ahead = try record.partitionsAhead()
    let isSound = ahead == 0 && run.notes.isEmpty
    let style: Console.Style =
      run.state == "done" ? (isSound ? .green : .yellow) : run.state == "running" ? .bold : .red
    out.line(
      "\(out.styled(run.state, style)) run \(run.id) of \(run.name) as of \(run.moment), began"
        + " \(run.started), \(run.state == "running" ? "for" : "took") \(Figures.duration(run.seconds))"
    )
    out.line(
      "\(Figures.count(counts.planned, "partition")): \(Figures.count(counts.published)) published,"
        + " \(Figures.count(counts.unchanged)) unchanged, \(Figures.count(counts.failed)) failed,"
        + " \(Figures.count(counts.skipped)) skipped; stages: \(Figures.count(counts.stagesRun)) run,"
        + " \(Figures.count(counts.stagesFound)) found done")
    for note in run.notes {
      out.line("\(out.styled("warning", .yellow)): \(note.message) (\(note.code))")
    }
    if ahead > 0 {
      out.line(
        "\(out.styled("wrong clock", .red)): the record says of \(Figures.count(ahead, "partition"))"
          + " that the rows were read at a time that has not come yet")
      out.line(
        "  what to do: correct the clocks, then run again: the next run no longer counts these times"
      )
    }
    if let problem = run.problem {
      out.line("\(out.styled("stopped", .red)): \(problem)")
      if let hint = run.hint { out.line("  what to do: \(hint)") }
      out.line("  then: \(CommandText.again(run.arguments, shared))")
    }
  }

  /// What a run that is under way does now.
  private func printActivity(_ out: Console) throws {
    let shards = try record.runShards(of: run.id)
    if !shards.isEmpty { printShards(out, shards) }
    guard run.state == "running", shards.isEmpty else { return }
    let activity = try record.activity(of: run.id)
    if let phase = activity?.phase { out.line("now: \(phase)") }
    for item in activity?.items ?? [] { printItem(out, item) }
    if activity == nil || activity?.phase == nil && activity?.items.isEmpty == true {
      out.line("now: between two stages, or publishing")
    }
  }

  /// How far the tasks of a planned run are.
  private func printShards(_ out: Console, _ shards: [RunRecord.RunShard]) {
    let states = ["done", "running", "failed", "interrupted", "planned"]
    let counts = states.compactMap { state -> String? in
      let count = shards.count { $0.state == state }
      return count == 0 ? nil : "\(Figures.count(count)) \(state)"
    }
    out.line("\(Figures.count(shards.count, "shard")): \(counts.joined(separator: ", "))")
    for shard in shards where shard.state != "done" && shard.state != "planned" {
      let host = shard.host.map { " on \($0)" } ?? ""
      let time = shard.seconds.map { " for \(Figures.duration($0))" } ?? ""
      let style: Console.Style = shard.state == "running" ? .bold : .red
      out.line("  shard \(shard.number) \(out.styled(shard.state, style))\(host)\(time)")
      if shard.state == "running" {
        for item in shard.activity?.items.prefix(1) ?? [] { printItem(out, item) }
      } else {
        if let problem = shard.problem { out.line("    \(problem)") }
        let again = ["run", "--plan", run.id, "--shard", String(shard.number)]
        out.line("    then: \(CommandText.yearbook(again, shared))")
      }
    }
  }

  private func printItem(_ out: Console, _ item: RunActivity.Item) {
    let pieces = item.done.flatMap { done in
      item.total.map {
        ", \(Figures.count(done)) of \(Figures.count($0)) \(item.pieces ?? "pieces")"
      }
    }
    let seconds = max(0, Date().timeIntervalSince(item.began))
    out.line(
      "now: \(item.stage) of \(item.partition)\(pieces ?? ""), for \(Figures.duration(seconds))")
  }

  private func printPartitions(_ out: Console, each: Bool) throws {
    let counts = try record.partitionCounts(choice)
    let total = counts.reduce(0) { $0 + $1.partitions }
    out.line()
    if !each { out.line("the store now:") }
    if total == 0 {
      out.line(
        choice.isAll ? "no partition has ended yet" : "no partition matches")
    } else if each || total <= Self.mostPartitions {
      let partitions = try record.partitions(choice)
      let width = partitions.map { label($0).count }.max() ?? 0
      for partition in partitions {
        let label = label(partition)
        let padding = String(repeating: " ", count: width - label.count)
        let word = partition.isPublished ? "done" : out.styled("failed", .red)
        let status = partition.status?.rawValue
        let state = partition.isPublished ? status ?? "" : "published: \(status ?? "nothing")"
        out.line("  \(label)\(padding)  \(word)  \(state)\(warnings(partition.warnings))")
      }
    } else {
      let width = counts.map(\.pipeline.count).max() ?? 0
      for count in counts {
        let padding = String(repeating: " ", count: width - count.pipeline.count)
        let word = count.isPublished ? "done" : out.styled("failed", .red)
        let state =
          count.isPublished ? count.status ?? "" : "published: \(count.status ?? "nothing")"
        out.line(
          "  \(count.pipeline)\(padding)  \(word)  \(state)  \(Figures.count(count.partitions, "partition"))"
            + " of \(Figures.count(count.tenants, "tenant")): \(periods(count))\(warnings(count.warnings))"
        )
      }
      out.line("  (to list them: --partitions)")
    }
  }

  /// The period, or the first and the last of several.
  private func periods(_ count: RunRecord.PartitionCount) -> String {
    count.periods == 1
      ? count.first
      : "\(count.first) … \(count.last) (\(Figures.count(count.periods, "period")))"
  }

  private func label(_ partition: RunRecord.PartitionState) -> String {
    "\(partition.pipeline) \(partition.slug) \(partition.period)"
  }

  private func warnings(_ count: Int) -> String {
    count > 0 ? ", \(Figures.count(count, "warning"))" : ""
  }

  private func printWarnings(_ out: Console, each: Bool) throws {
    let warnings = try record.warnings(choice)
    guard !warnings.isEmpty else { return }
    out.line()
    for (key, group) in Self.grouped(warnings, by: { [$0.code, $0.message] }) {
      out.line(
        "\(out.styled("warning", .yellow)) \(Figures.count(group.count))×: \(key[1]) (\(key[0]))")
      for warning in each ? group[...] : group.prefix(3) {
        out.line("  \(warning.pipeline) \(warning.slug) \(warning.period): \(warning.subject)")
      }
      if !each, group.count > 3 {
        out.line("  and \(Figures.count(group.count - 3)) more (to list them: --warnings)")
      }
    }
  }

  private func printFailures(_ out: Console) {
    let standing = failures.filter(\.stands).map(\.failure)
    if standing.count < failures.count {
      out.line()
      out.line(
        "\(Figures.count(failures.count - standing.count, "partition")) failed then but"
          + " \(failures.count - standing.count == 1 ? "is" : "are") done now")
    }
    for (key, group) in Self.grouped(standing, by: { [$0.message, $0.hint ?? ""] }) {
      out.line()
      out.line(
        "\(out.styled("failed", .red)) \(Figures.count(group.count, "partition")): \(key[0])")
      for failure in group.prefix(Self.mostOfAGroup) {
        out.line(
          "  \(failure.partition.pipeline) \(failure.slug) \(failure.partition.period),"
            + " \(failure.stage)")
      }
      if group.count > Self.mostOfAGroup {
        out.line("  and \(Figures.count(group.count - Self.mostOfAGroup)) more")
      }
      if !key[1].isEmpty { out.line("  what to do: \(key[1])") }
      out.line("  then: \(retry(group))")
    }
    if run.state == "interrupted" {
      out.line()
      out.line(
        "the run was stopped; finished work is kept. The rest:"
          + " \(CommandText.again(run.arguments, shared))")
    }
  }

  /// The command that retries a group of failures. It names the tenants if there are at most five.
  private func retry(_ group: [RunRecord.Failure]) -> String {
    let tenants = Array(Set(group.map(\.slug))).sorted()
    let flags = tenants.count <= 5 ? tenants.flatMap { ["--tenant", $0] } : []
    return CommandText.yearbook(["retry", run.id] + flags, shared)
  }

  /// Groups by a key, the largest group first.
  private static func grouped<Element>(
    _ all: [Element], by key: (Element) -> [String]
  ) -> [(key: [String], value: [Element])] {
    Dictionary(grouping: all, by: key).sorted { left, right in
      left.value.count == right.value.count
        ? left.key.lexicographicallyPrecedes(right.key) : left.value.count > right.value.count
    }
  }

  func printJSON() throws {
    try Console.standardOutput.json(
      StatusJSON(
        run, failures: failures, partitions: record.partitions(choice),
        warnings: record.warnings(choice), ahead: record.partitionsAhead(),
        activity: record.activity(of: run.id), shards: record.runShards(of: run.id)
      ) { retry([$0]) })
  }
}

/// `status --json`.
private struct StatusJSON: Encodable {
  struct Failure: Encodable {
    var pipeline, tenant, period, stage, code, message: String
    var hint: String?
    var stands: Bool
    var retry: String
  }
  struct Doing: Encodable {
    var stage, partition: String
    var seconds: Double
    var done, total: Int?
    var pieces: String?
  }
  struct Partition: Encodable {
    var pipeline, tenant, period, state: String
    var status: String?
    var release: String?
    var warnings: Int
  }
  struct Warning: Encodable {
    var pipeline, tenant, period, code, subject, message: String
  }
  struct RunWarning: Encodable {
    var code, message: String
  }
  struct Shard: Encodable {
    var shard, tenants, partitions: Int
    var state: String
    var host, problem, hint: String?
    var seconds: Double?
  }

  var run, name, as_of, state, started, arguments: String
  var problem, hint: String?
  var seconds: Double
  var planned, published, unchanged, failed, skipped: Int
  var stages_run, stages_found, warnings: Int
  /// Partitions whose rows were read at a time that has not come yet.
  var partitions_ahead: Int
  var run_warnings: [RunWarning]
  /// What a run that is under way does now.
  var phase: String?
  var doing: [Doing]?
  /// Of a planned run.
  var shards: [Shard]?
  var failures: [Failure]
  var partitions: [Partition]
  var partition_warnings: [Warning]

  init(
    _ run: RunRecord.Run, failures: [(failure: RunRecord.Failure, stands: Bool)],
    partitions: [RunRecord.PartitionState], warnings: [RunRecord.PartitionWarning], ahead: Int,
    activity: RunActivity?, shards: [RunRecord.RunShard], retry: (RunRecord.Failure) -> String
  ) {
    self.run = run.id
    name = run.name
    as_of = run.moment
    state = run.state
    started = run.started
    arguments = run.arguments
    problem = run.problem
    hint = run.hint
    seconds = run.seconds
    planned = run.counts.planned
    published = run.counts.published
    unchanged = run.counts.unchanged
    failed = run.counts.failed
    skipped = run.counts.skipped
    stages_run = run.counts.stagesRun
    stages_found = run.counts.stagesFound
    self.warnings = run.counts.warnings
    partitions_ahead = ahead
    run_warnings = run.notes.map { RunWarning(code: $0.code, message: $0.message) }
    phase = activity?.phase
    doing = activity?.items.map { item in
      Doing(
        stage: item.stage, partition: item.partition,
        seconds: max(0, Date().timeIntervalSince(item.began)), done: item.done,
        total: item.total, pieces: item.pieces)
    }
    self.shards =
      shards.isEmpty
      ? nil
      : shards.map {
        Shard(
          shard: $0.number, tenants: $0.tenants, partitions: $0.partitions, state: $0.state,
          host: $0.host, problem: $0.problem, hint: $0.hint, seconds: $0.seconds)
      }
    self.failures = failures.map { failure, stands in
      Failure(
        pipeline: failure.partition.pipeline, tenant: failure.slug,
        period: failure.partition.period.description,
        stage: failure.stage, code: failure.code, message: failure.message, hint: failure.hint,
        stands: stands, retry: retry(failure))
    }
    self.partitions = partitions.map {
      Partition(
        pipeline: $0.pipeline, tenant: $0.slug, period: $0.period,
        state: $0.isPublished ? "done" : "failed", status: $0.status?.rawValue,
        release: $0.release,
        warnings: $0.warnings)
    }
    partition_warnings = warnings.map {
      Warning(
        pipeline: $0.pipeline, tenant: $0.slug, period: $0.period, code: $0.code,
        subject: $0.subject, message: $0.message)
    }
  }
}
