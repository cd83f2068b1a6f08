import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct ReleasesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "releases",
    abstract: "Lists releases: the newest of each partition, or all of one partition.",
    discussion: """
      Examples:
        yearbook releases
        yearbook releases acme
        yearbook releases acme/annual/2026
      """)

  @Argument(
    help: "A tenant, or TENANT/PIPELINE/PERIOD (default: all tenants).",
    completion: Completions.partitions)
  var place: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  private struct Line: Encodable {
    var partition, release, status, created, run: String
    var as_of: String?
    var sequence: Int
    var newest: Bool
  }

  func run() throws {
    let store = try shared.configuration().openStore()
    var lines: [Line] = []
    if let place, place.contains("/") {
      let partition = try ReleaseAddress.partition(place, in: store)
      let newest = try store.latest(partition)?.sequence
      for head in try store.heads(partition) {
        lines.append(line(partition, head, newest: head.sequence == newest))
      }
    } else {
      let partitions =
        if let place {
          try ReleaseAddress.partitions(tenant: place, in: store)
        } else {
          try store.owners().flatMap { try store.partitions(tenant: $0) }
        }
      for partition in partitions {
        if let head = try store.latest(partition) {
          lines.append(line(partition, head, newest: true))
        }
      }
    }
    if json { return try printJSON(lines) }
    let out = Console.standardOutput
    let width = max(9, lines.map(\.partition.count).max() ?? 0)
    if !lines.isEmpty {
      let title = "partition".padding(toLength: width, withPad: " ", startingAt: 0)
      let release = "release".padding(
        toLength: lines.map(\.release.count).max() ?? 0, withPad: " ", startingAt: 0)
      out.line(out.styled("\(title)  \(release)  status, sequence, published", .dim))
    }
    for line in lines {
      let name = line.partition.padding(toLength: width, withPad: " ", startingAt: 0)
      out.line(
        "\(name)  \(line.release)  \(line.status), \(line.sequence), \(line.created.prefix(10))"
          + (line.newest && place?.contains("/") == true ? ", the newest" : ""))
    }
    out.line(Figures.count(lines.count, "release"))
  }

  private func line(_ partition: ReleasePartition, _ head: Head, newest: Bool) -> Line {
    Line(
      partition: partition.description, release: head.release, status: head.status.rawValue,
      created: head.created, run: head.run, as_of: head.asOf, sequence: head.sequence,
      newest: newest)
  }
}
