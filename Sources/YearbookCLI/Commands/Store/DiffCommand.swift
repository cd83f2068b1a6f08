import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract:
      "Shows the figures and files that differ between two releases; exit code 1 if any differ.",
    discussion: """
      A single release is compared with the one before it.

      Examples:
        yearbook diff acme/annual/2026
        yearbook diff acme/annual/2026/20261120t0315 acme/annual/2026
      """)

  @Argument(help: ReleaseAddress.help, completion: Completions.partitions)
  var first: String
  @Argument(
    help: "The release to compare it with, in the same form.", completion: Completions.partitions)
  var second: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  private struct Difference: Encodable {
    struct Figure: Encodable {
      var name: String
      var before, after: String?
    }
    struct File: Encodable {
      var name: String
      /// `added`, `removed` or `changed`
      var change: String
      var bytes_before, bytes_after: Int?
    }
    var before, after: String
    var figures: [Figure] = []
    var files: [File] = []
    var unchanged = 0
  }

  func run() throws {
    let store = try shared.configuration().openStore()
    var old = try ReleaseAddress(first, in: store)
    let new: ReleaseAddress
    if let second {
      new = try ReleaseAddress(second, in: store)
    } else {
      new = old
      let heads = try store.heads(old.partition).filter {
        $0.sequence < (new.head?.sequence ?? 0) && $0.release != new.release
      }
      guard let before = heads.last else {
        throw Diagnostic(
          .usage, "\(new.partition) has no release before \(new.release)",
          hint: "name a second release to compare it with")
      }
      old.release = before.release
    }
    let difference = try compare(old, new, store)
    json ? try printJSON(difference) : print(difference)
    if !difference.files.isEmpty { throw CommandFailure(exitCode: 1) }
  }

  private func compare(
    _ old: ReleaseAddress, _ new: ReleaseAddress, _ store: ReleaseStore
  ) throws -> Difference {
    func files(_ address: ReleaseAddress) throws -> [String: ReleaseDetails.File] {
      let details = try store.details(address.partition, release: address.release)
      return Dictionary(details.files.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }
    let (before, after) = (try files(old), try files(new))
    var difference = Difference(
      before: "\(old.partition)/\(old.release)", after: "\(new.partition)/\(new.release)")
    for name in Set(before.keys).union(after.keys).sorted() {
      let (one, other) = (before[name], after[name])
      if one?.hash == other?.hash {
        difference.unchanged += 1
        continue
      }
      difference.files.append(
        .init(
          name: name, change: one == nil ? "added" : other == nil ? "removed" : "changed",
          bytes_before: one?.bytes, bytes_after: other?.bytes))
    }
    let figures = (try figures(old, store), try figures(new, store))
    for name in Set(figures.0.keys).union(figures.1.keys).sorted()
    where figures.0[name] != figures.1[name] {
      difference.figures.append(
        .init(name: name, before: figures.0[name], after: figures.1[name]))
    }
    return difference
  }

  /// The figures of a release's report model, by name and currency; empty without such a file.
  private func figures(_ address: ReleaseAddress, _ store: ReleaseStore) throws -> [String: String]
  {
    struct Model: Decodable {
      struct Amount: Decodable { var currency, value, text: String? }
      struct Figure: Decodable {
        var name: String
        var amounts: [Amount]
      }
      var figures: [Figure]
    }
    let path = "\(address.partition.path)/releases/\(address.release)/data/report.json"
    guard let data = FileManager.default.contents(atPath: store.path(path)) else { return [:] }
    let model: Model
    do {
      model = try JSONDecoder().decode(Model.self, from: data)
    } catch {
      throw Diagnostic(.io, "\(path) is not a report model", hint: "run `yearbook verify --deep`")
    }
    var figures: [String: String] = [:]
    for figure in model.figures {
      for amount in figure.amounts {
        let name = ([figure.name] + [amount.currency].compactMap { $0 }).joined(separator: " ")
        figures[name] = amount.value ?? amount.text
      }
    }
    return figures
  }

  private func print(_ difference: Difference) {
    let out = Console.standardOutput
    out.line("\(difference.before) → \(difference.after)")
    for figure in difference.figures {
      out.line("  \(figure.name): \(figure.before ?? "–") → \(figure.after ?? "–")")
    }
    for file in difference.files {
      let sizes = [file.bytes_before, file.bytes_after].compactMap { $0 }.map(Counted.bytes)
      out.line("  \(file.change) \(file.name), \(sizes.joined(separator: " → "))")
    }
    out.line(
      "\(Figures.count(difference.figures.count, "figure")) and"
        + " \(Figures.count(difference.files.count, "file")) differ,"
        + " \(Figures.count(difference.unchanged)) \(difference.unchanged == 1 ? "is" : "are") the same"
    )
  }
}
