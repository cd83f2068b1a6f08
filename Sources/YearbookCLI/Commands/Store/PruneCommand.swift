import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Store

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Removes old releases by a rule; without --yes it only lists them.",
    discussion: """
      The newest release always stays, unless it was withdrawn. A release that was replaced less than --grace ago stays \
      too, because somebody can be reading it. --keep-monthly 12 keeps the last release of each of \
      the last 12 months that have releases. A release stays if any rule keeps it. Shares whose last day has passed are taken back.

      Examples:
        yearbook prune --keep-last 3 --keep-monthly 12
        yearbook prune --keep-last 1 --tenant acme --yes
      """)

  @Option(help: "Keep this many of the newest releases of each partition.")
  var keepLast: Int = 1
  @Option(help: "Keep the last release of each of this many days.")
  var keepDaily: Int = 0
  @Option(help: "Keep the last release of each of this many weeks.")
  var keepWeekly: Int = 0
  @Option(help: "Keep the last release of each of this many months.")
  var keepMonthly: Int = 0
  @Option(help: "Keep the last release of each of this many years.")
  var keepYearly: Int = 0
  @Option(help: "How long a replaced release stays, such as 90m, 24h or 7d.")
  var grace: String = "24h"
  @Option(
    help: "A tenant's slug; can be given several times (default: all).",
    completion: Completions.owners)
  var tenant: [String] = []
  @Flag(help: "Only partitions that were withdrawn: all their releases go.")
  var withdrawn = false
  @Flag(help: "Remove them.")
  var yes = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard keepLast >= 1 else {
      throw ValidationError("--keep-last must be at least 1: the newest release always stays")
    }
    guard [keepDaily, keepWeekly, keepMonthly, keepYearly].allSatisfy({ $0 >= 0 }) else {
      throw ValidationError(
        "--keep-daily, --keep-weekly, --keep-monthly and --keep-yearly must not be negative")
    }
    guard seconds != nil else {
      throw ValidationError("--grace must be a time such as 90m, 24h or 7d")
    }
  }

  private var seconds: Int? { DurationText.seconds(grace) }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let rule = PruneRule(
      last: keepLast, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly,
      yearly: keepYearly, grace: seconds ?? 0)
    let slugs = tenant.isEmpty ? try store.owners() : tenant
    let partitions = try slugs.flatMap { try ReleaseAddress.partitions(tenant: $0, in: store) }
      .filter { try !withdrawn || store.newest($0)?.isWithdrawn ?? false }
    let now = Int(Date().timeIntervalSince1970)
    var failures: [Diagnostic] = []
    var pruned: [PrunedPartition] = []
    if yes {
      try store.tryWriting()
      for outcome in store.prune(partitions, by: rule, now: now) {
        switch outcome {
        case .success(let partition): pruned.append(partition)
        case .failure(let failure): failures.append(failure)
        }
      }
    } else {
      pruned = try partitions.map { try store.prunable($0, by: rule, now: now) }
    }
    let older = pruned.reduce(0) { $0 + $1.keptCount } - pruned.count { $0.keptCount > 0 }
    if failures.isEmpty || !pruned.isEmpty { try tell(pruned.filter { !$0.isEmpty }) }
    if !json, older > 0 {
      Console.standardOutput.line(
        "\(Figures.count(older, "older release")) kept by the rule, or replaced less than \(grace) ago (--grace)"
      )
    }
    if yes { try configuration.renewShares(of: slugs, in: store) }
    if yes { try configuration.mirror(slugs, in: store, grace: seconds) }
    if let first = failures.first {
      Console.standardError.write(causesOf: failures)
      throw CommandFailure(exitCode: first.code.exitCode)
    }
  }

  private func tell(_ pruned: [PrunedPartition]) throws {
    if json {
      struct Line: Encodable {
        var partition: String
        var releases, leftovers, lost: [String]
        var kept, bytes: Int
        var removed: Bool
      }
      return try printJSON(
        pruned.map {
          Line(
            partition: $0.partition.description, releases: $0.releases, leftovers: $0.leftovers,
            lost: $0.lost, kept: $0.keptCount, bytes: $0.freedBytes, removed: yes)
        })
    }
    let out = Console.standardOutput
    for partition in pruned {
      for release in partition.releases { out.line("\(partition.partition)/\(release)") }
      for release in partition.leftovers {
        out.line("\(partition.partition)/\(release), which was never published or is half removed")
      }
      for release in partition.lost {
        out.line("\(partition.partition)/\(release), whose files were lost before")
      }
    }
    let count = pruned.reduce(0) { $0 + $1.count }
    guard count > 0 else { return out.line("nothing to remove") }
    let bytes = Counted.bytes(pruned.reduce(0) { $0.saturatingAdd($1.freedBytes) })
    out.line(
      "\(Figures.count(count, "release")), \(bytes), \(yes ? "removed" : "would be removed")")
    if !yes { out.line("to remove them, give the same command with --yes") }
  }
}
