import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares what is published with its manifests; exit code 1 where they differ.",
    discussion: """
      Examples:
        yearbook verify
        yearbook verify --deep --tenant acme
      """)

  @Flag(help: "Read and hash every byte, not only names and sizes.")
  var deep = false
  @Option(help: "Only this tenant.")
  var tenant: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    let root = try configuration.required(configuration.store, "store", "YEARBOOK_STORE")
    guard FileManager.default.fileExists(atPath: root) else {
      throw Diagnostic(
        .unavailable, "there is no store at \(root)", hint: "mount it, or name another with --store"
      )
    }
    let store = try ReleaseStore(root: root)
    if let tenant, try !store.tenants().contains(tenant) {
      throw Diagnostic(
        .usage, "the store has no tenant '\(tenant)'",
        hint: NearestWords.hint(for: tenant, in: try store.tenants()))
    }
    let found = try store.verify(tenant: tenant, deep: deep)
    try json ? printJSON(found) : print(found)
    if !found.isSound { throw CommandFailure(exitCode: 1) }
  }

  private func print(_ found: Verification) {
    let out = Console.standardOutput
    for fault in found.faults {
      let word = fault.isHarmless ? "harmless" : out.styled("fault", .red)
      out.line("\(word) \(fault.kind): \(fault.path)")
    }
    let faults = found.faults.count { !$0.isHarmless }
    out.line(
      "\(Figures.count(found.releaseCount, "release")), \(Figures.count(found.fileCount, "file")),"
        + " \(Figures.bytes(found.byteCount)) \(deep ? "read" : "looked at"): "
        + (faults == 0
          ? out.styled("all as published", .green)
          : out.styled(Figures.count(faults, "fault"), .red)))
    if faults > 0 {
      out.line(
        "what to do: restore the folders named above from a backup, or remove them and run the pipelines again"
      )
    }
  }

  private func printJSON(_ found: Verification) throws {
    struct Output: Encodable {
      struct Fault: Encodable {
        var kind, path: String
        var harmless: Bool
      }
      var releases, files, bytes: Int
      var sound: Bool
      var faults: [Fault]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let output = Output(
      releases: found.releaseCount, files: found.fileCount, bytes: found.byteCount,
      sound: found.isSound,
      faults: found.faults.map {
        .init(kind: $0.kind.description, path: $0.path, harmless: $0.isHarmless)
      })
    Console.standardOutput.line(String(decoding: try encoder.encode(output), as: UTF8.self))
  }
}
