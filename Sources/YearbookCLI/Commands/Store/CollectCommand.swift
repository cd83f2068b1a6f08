import ArgumentParser
import Basics
import Diagnostics
import Engine
import Store

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Removes results that are no longer needed from the workspace and the record.",
    discussion: """
      It keeps the results of the last days, the results that the newest releases were made from, \
      pieces of films, and what a run under way can be using. Everything that it removes can be \
      made again. To remove releases from the store, use `yearbook prune`.

      Examples:
        yearbook gc --dry-run
        yearbook gc --keep 2d
      """)

  @Option(
    help: ArgumentHelp(
      "How long to keep results that no newest release was made from; at least 2h.",
      valueName: "time"))
  var keep = "7d"
  @Option(
    help: ArgumentHelp("How long to keep runs, requests and all results.", valueName: "time"))
  var records = "400d"
  @Flag(help: "Show what would be removed; remove nothing.")
  var dryRun = false
  @Flag(help: "Print only errors.")
  var quiet = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for (flag, text) in [("--keep", keep), ("--records", records)]
    where DurationText.seconds(text) == nil {
      throw ValidationError("\(flag) must be a time such as 12h or 7d")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      var rule = WorkspaceSweep.Rule()
      rule.superseded = DurationText.seconds(keep) ?? rule.superseded
      rule.records = DurationText.seconds(records) ?? rule.records
      let outcome = try WorkspaceSweep(configuration, rule: rule).run(isDry: dryRun)
      if json {
        try Console.standardOutput.json(Output(outcome))
      } else if !quiet {
        let verb = dryRun ? "would free" : "freed"
        let blobs = outcome.blobs
        Console.standardOutput.line(
          "\(verb) \(Counted.bytes(blobs.freedBytes)) in \(Figures.count(blobs.freedCount, "blob"));"
            + " \(Counted.bytes(blobs.keptBytes)) in \(Figures.count(blobs.keptCount, "blob"))"
            + " \(dryRun ? "would stay" : "stay")")
        Console.standardOutput.line(
          "record: \(Figures.count(outcome.results, "result")), \(Figures.count(outcome.runs, "run"))"
            + " and \(Figures.count(outcome.requests, "request"))"
            + " \(dryRun ? "would be removed" : "removed")")
      }
      if !outcome.faults.isEmpty {
        Console.standardError.write(causesOf: outcome.faults)
        throw CommandFailure(exitCode: Diagnostic.Code.io.exitCode)
      }
    }
  }

  private struct Output: Encodable {
    var freed_bytes, freed_blobs, kept_bytes, kept_blobs, results, runs, requests: Int
    var faults: [String]

    init(_ outcome: WorkspaceSweep.Outcome) {
      freed_bytes = outcome.blobs.freedBytes
      freed_blobs = outcome.blobs.freedCount
      kept_bytes = outcome.blobs.keptBytes
      kept_blobs = outcome.blobs.keptCount
      results = outcome.results
      runs = outcome.runs
      requests = outcome.requests
      faults = outcome.faults.map(\.description)
    }
  }
}
