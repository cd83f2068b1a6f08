import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Store

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a release: its folder, how it was made, its files.",
    discussion: """
      Examples:
        yearbook show acme/annual/2026
        yearbook show acme/annual/2026/20261121t0315 --json
      """)

  @Argument(help: ReleaseAddress.help, completion: Completions.partitions)
  var release: String
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let store = try shared.configuration().openStore()
    let address = try ReleaseAddress(release, in: store)
    let details = try store.details(address.partition, release: address.release)
    let folder = store.path("\(address.partition.path)/releases/\(address.release)")
    if json {
      struct Output: Encodable {
        struct File: Encodable {
          var name, mediatype, hash: String
          var bytes: Int
          var rows: Int?
        }
        var partition, release, folder, title, created: String
        var head: Head?
        var files: [File]
      }
      return try printJSON(
        Output(
          partition: address.partition.description, release: address.release, folder: folder,
          title: details.title, created: details.created, head: address.head,
          files: details.files.map {
            .init(
              name: $0.name, mediatype: $0.mediatype, hash: $0.hash, bytes: $0.bytes, rows: $0.rows)
          }))
    }
    let out = Console.standardOutput
    out.line("\(out.styled(details.title, .bold)), \(address.partition)")
    out.line("release   \(address.release), made \(details.created)")
    if let head = address.head {
      let asOf = head.asOf.map { " as of \($0)" } ?? ""
      out.line(
        "status    \(head.status.rawValue)\(asOf), sequence \(head.sequence), run \(head.run)")
      out.line("manifest  sha256:\(head.tagManifest)")
    }
    out.line("folder    \(folder)")
    let width = details.files.map(\.name.count).max() ?? 0
    for file in details.files {
      let name = file.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let rows = file.rows.map { ", \(Figures.count($0, "row"))" } ?? ""
      out.line("  \(name)  \(Counted.bytes(file.bytes))\(rows)")
    }
    out.line(
      "\(Figures.count(details.files.count, "file")),"
        + " \(Counted.bytes(details.files.reduce(0) { $0.saturatingAdd($1.bytes) }))")
  }
}
