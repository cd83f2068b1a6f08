import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct WithdrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Takes published partitions back; without --yes it only lists them.",
    discussion: """
      A new head says that the partition is withdrawn. The tenant's pages, the catalogs, the \
      record and the mirror follow. What was shared of it is taken back for good. Runs leave the partition alone, also with new data. If the \
      command was interrupted, give it again.

      The releases stay in the store, so that they can be shown again, until `yearbook prune` \
      removes them. Whoever knows the address of a file can read it until then.

      To show the same release again, use `yearbook rollback`. To publish the platform's data \
      again, use `yearbook run PIPELINE --tenant T --period P --force`.

      Examples:
        yearbook withdraw --tenant acme --pipeline annual --period 2025
        yearbook withdraw --tenant acme --pipeline annual --period 2025 --yes
      """)

  @Option(
    help: "A tenant's slug; can be given several times.", completion: Completions.owners)
  var tenant: [String] = []
  @Option(help: "A pipeline; can be given several times.", completion: Completions.pipelines)
  var pipeline: [String] = []
  @Option(help: "A period; can be given several times.", completion: Completions.periods)
  var period: [String] = []
  @Option(
    help: ArgumentHelp(
      "Why, in one line that readers see on the page and in latest.json.", valueName: "text"))
  var reason: String?
  @Flag(help: "Withdraw them.")
  var yes = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for (flag, values) in [("tenant", tenant), ("pipeline", pipeline), ("period", period)]
    where values.isEmpty {
      throw ValidationError("name the partitions: --\(flag) is missing")
    }
    guard let reason else { return }
    let isLine = reason.unicodeScalars.allSatisfy { scalar in
      ![.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
    guard isLine, (1...200).contains(reason.count) else {
      throw ValidationError("--reason must be one line of 1 to 200 characters")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let heads = try chosen(in: store)
    if !yes { return try tell(heads) }
    try configuration.withServer {
      try store.tryWriting()
      let front = try configuration.storeFront(store)
      try front.checkWithdrawal(of: heads.map(\.partition))
      let withdrawn = try withdraw(heads.map(\.partition), in: store)
      var failures: [Diagnostic] = []
      // Each of these must reach as many readers as it can, whatever the others meet.
      for step in steps(withdrawn, configuration, store, front) {
        do {
          try step()
        } catch let error as Diagnostic {
          failures.append(error)
        } catch let errors as Diagnostics {
          failures += errors.all
        }
      }
      try tell(withdrawn)
      guard let first = failures.first else { return }
      Console.standardError.write(causesOf: failures)
      Console.standardError.line("to finish, give the same command again")
      throw CommandFailure(exitCode: first.code.exitCode)
    }
  }

  private typealias Chosen = (partition: ReleasePartition, head: Head)

  /// The chosen partitions that have a release, or had one.
  private func chosen(in store: ReleaseStore) throws -> [Chosen] {
    var chosen: [Chosen] = []
    for slug in tenant {
      for partition in try ReleaseAddress.partitions(tenant: slug, in: store)
      where pipeline.contains(partition.pipeline) && period.contains(partition.period) {
        if let head = try store.newest(partition) { chosen.append((partition, head)) }
      }
    }
    guard chosen.isEmpty else { return chosen }
    let all = try tenant.flatMap { try store.partitions(tenant: $0).map(\.description) }
    throw Diagnostic(
      .usage, "the store has no such partition",
      hint: NearestWords.hint(for: "\(tenant[0])/\(pipeline[0])/\(period[0])", in: all)
        ?? "to list what is published: \(CommandText.yearbook(["releases", tenant[0]], shared))")
  }

  private func withdraw(
    _ partitions: [ReleasePartition], in store: ReleaseStore
  ) throws -> [Chosen] {
    try partitions.map { partition in
      let (head, _) = try store.withdraw(
        partition, reason: reason, run: "withdraw", now: Int(Date().timeIntervalSince1970))
      return (partition, head)
    }
  }

  /// What must follow the heads.
  private func steps(
    _ withdrawn: [Chosen], _ configuration: Configuration, _ store: ReleaseStore,
    _ front: StoreFront
  ) -> [() throws -> Void] {
    let slugs = Array(Set(withdrawn.map(\.partition.tenant))).sorted()
    return [
      { try front.renew(tenants: slugs, record: nil) },
      {
        guard let conninfo = configuration.record else { return }
        let record = try RunRecord(conninfo)
        for entry in withdrawn { try record.note(withdrawn: entry.head, of: entry.partition) }
        // With what is failing, which only the record knows.
        try front.renew(tenants: [], record: conninfo)
      },
      { try configuration.renewShares(of: slugs, in: store) },
      { try configuration.mirror(slugs, in: store) },
    ]
  }

  private struct Line: Encodable {
    var partition, release, status: String
    var sequence: Int
    var reason: String?
    var withdrawn: Bool
  }

  private func tell(_ heads: [Chosen]) throws {
    if json {
      return try printJSON(
        heads.map { entry in
          Line(
            partition: entry.partition.description, release: entry.head.release,
            status: entry.head.status.rawValue, sequence: entry.head.sequence,
            reason: entry.head.reason, withdrawn: entry.head.isWithdrawn)
        })
    }
    let out = Console.standardOutput
    for (partition, head) in heads {
      let told = "\(head.status.rawValue), sequence \(head.sequence), \(head.created.prefix(10))"
      out.line("\(partition)/\(head.release): \(told)")
    }
    let open = heads.count { !$0.head.isWithdrawn }
    if open > 0 {
      out.line("\(Figures.count(open, "partition")) would be withdrawn")
      return out.line("to withdraw them, give the same command with --yes")
    }
    out.line(
      "\(Figures.count(heads.count, "partition")) withdrawn; the files are still in the store")
    out.line(
      "to remove them now: "
        + CommandText.yearbook(
          ["prune", "--withdrawn"] + Set(tenant).sorted().flatMap { ["--tenant", $0] }
            + ["--grace", "0s", "--yes"], shared))
  }
}
