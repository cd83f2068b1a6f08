import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct RollbackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Makes an earlier release the newest again, with the next sequence number.",
    discussion: """
      The next run publishes the platform's data again. Fix the data or the pipeline first, or \
      take the partition out of the schedule.

      A withdrawn partition is shown again, with the release that was withdrawn.

      Examples:
        yearbook rollback acme/annual/2026                the one before the newest
        yearbook rollback acme/annual/2026/20261120t0315
      """)

  @Argument(
    help: "TENANT/PIPELINE/PERIOD for the release before the newest, or TENANT/PIPELINE/PERIOD/ID.",
    completion: Completions.partitions)
  var release: String
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    var address = try ReleaseAddress(release, in: store)
    let newest = try store.latest(address.partition)
    if release.split(separator: "/").count == 3 {
      let isWithdrawn = newest?.isWithdrawn ?? false
      guard
        let before = try store.heads(address.partition).last(where: { head in
          !head.isWithdrawn && (isWithdrawn || head.release != newest?.release)
        })
      else {
        throw Diagnostic(
          .usage, "\(address.partition) has no release before the newest",
          hint: "to list the releases:"
            + " `\(CommandText.yearbook(["releases", address.partition.description], shared))`")
      }
      address.release = before.release
    }
    let head = try store.rollBack(
      address.partition, to: address.release, run: "rollback",
      now: Int(Date().timeIntervalSince1970))
    try configuration.withServer {
      try configuration.renewPages(of: [address.partition.tenant], in: store)
      try configuration.renewShares(of: [address.partition.tenant], in: store)
    }
    try configuration.mirror([address.partition.tenant], in: store)
    Console.standardOutput.line(
      "\(address.partition): the newest is \(head.release) again, sequence \(head.sequence)")
  }
}
