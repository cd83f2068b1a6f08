import ArgumentParser
import Diagnostics
import Engine

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists runs, the newest first.",
    discussion: """
      Examples:
        yearbook runs
        yearbook runs --limit 100 --state failed
      """)

  @Option(help: "List at most this many runs.")
  var limit = 20
  @Option(help: "Only runs of this pipeline or schedule.", completion: Completions.runnable)
  var name: String?
  @Option(
    help: "Only runs that are running, done, failed or interrupted.",
    completion: .list(["running", "done", "failed", "interrupted"]))
  var state: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...100_000).contains(limit) else {
      throw ValidationError("--limit must be a number from 1 to 100000")
    }
    if let state, !["running", "done", "failed", "interrupted"].contains(state) {
      throw ValidationError("--state must be running, done, failed or interrupted")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      let isPicking = name != nil || state != nil
      let runs = try record.runs(limit: isPicking ? 100_000 : limit).filter {
        (name == nil || $0.name == name) && (state == nil || $0.state == state)
      }.prefix(limit)
      if json { return try Console.standardOutput.json(runs.map(Line.init)) }
      let out = Console.standardOutput
      if runs.isEmpty {
        return out.line(isPicking ? "no run matches" : "nothing has run yet")
      }
      let width = runs.map(\.name.count).max() ?? 0
      for run in runs {
        let style: Console.Style =
          run.state == "done" ? .green : run.state == "running" ? .bold : .red
        let state = out.styled(run.state, style) + pad(run.state, 11)
        let counts = run.counts
        out.line(
          "\(run.id)  \(run.name)\(pad(run.name, width))  \(state)  \(run.started)"
            + "  \(Figures.duration(run.seconds)): \(Figures.count(counts.published)) published,"
            + " \(Figures.count(counts.unchanged)) unchanged"
            + (counts.failed + counts.skipped > 0
              ? ", \(Figures.count(counts.failed)) failed, \(Figures.count(counts.skipped)) skipped"
              : "")
            + (counts.warnings > 0 ? ", \(Figures.count(counts.warnings, "warning"))" : ""))
      }
    }
  }

  private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count))
  }

  private struct Line: Encodable {
    var run, name, as_of, state, started, arguments: String
    var seconds: Double
    var planned, published, unchanged, failed, skipped: Int
    var stages_run, stages_found, warnings: Int

    init(_ run: RunRecord.Run) {
      self.run = run.id
      name = run.name
      as_of = run.moment
      state = run.state
      started = run.started
      arguments = run.arguments
      seconds = run.seconds
      planned = run.counts.planned
      published = run.counts.published
      unchanged = run.counts.unchanged
      failed = run.counts.failed
      skipped = run.counts.skipped
      stages_run = run.counts.stagesRun
      stages_found = run.counts.stagesFound
      warnings = run.counts.warnings
    }
  }
}
