import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Shows which stages a run would run, and which inputs of their keys changed.",
    discussion: """
      Example:
        yearbook explain annual --tenant acme --period 2026
      """)

  @Argument(help: "The name of a pipeline or a schedule.", completion: Completions.runnable)
  var name: String
  @Option(
    help: "A tenant's slug; can be given several times (default: all active tenants).",
    completion: Completions.tenants)
  var tenant: [String] = []
  @Option(
    help: "A period: \(Period.forms); can be given several times.",
    completion: Completions.periods)
  var period: [String] = []
  @Option(help: ArgumentHelp("The moment that the run takes as now.", valueName: "date"))
  var asOf: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      var request = Planner.Request(name: name, moment: try RunCommand.moment(asOf))
      request.tenants = tenant
      request.periods = period
      let forecasts = try ForecastReport.make(
        request, configuration, policy: RunPolicy(), threads: 1)
      try json ? forecasts.printJSON() : forecasts.printStages()
    }
  }
}

/// What a run would do, as `explain` and `run --dry-run` print it.
struct ForecastReport {
  let forecasts: [Forecast]
  let threads: Int

  static func make(
    _ request: Planner.Request, _ configuration: Configuration, only: Set<PartitionKey>? = nil,
    policy: RunPolicy, threads: Int
  ) throws -> ForecastReport {
    let session = RunSession(
      configuration: configuration,
      library: try PipelineLibrary(folder: configuration.pipelineFolder()),
      templates: try configuration.templateFolder(), threads: threads,
      cancellation: Signals.cancellation, observer: ConsoleObserver(isQuiet: true))
    var forecasts: [Forecast] = []
    try session.forecast(request, only: only, policy: policy) { forecasts.append($0) }
    return ForecastReport(forecasts: forecasts, threads: threads)
  }

  private func label(_ forecast: Forecast) -> String {
    "\(forecast.pipeline) \(forecast.slug) \(forecast.period)"
  }

  /// Every stage of every partition.
  func printStages() {
    for forecast in forecasts {
      out.line(out.styled(label(forecast), .bold))
      if let failure = forecast.failure { out.line("  extract    fails: \(failure)") }
      if let rows = forecast.rows { out.line("  extract    \(Self.text(rows))") }
      for stage in forecast.stages {
        let name = stage.name + String(repeating: " ", count: max(1, 11 - stage.name.count))
        out.line("  \(name)\(Self.text(stage))")
      }
    }
  }

  /// Only what would run, and the expected time.
  func printPlan() {
    for forecast in forecasts where forecast.works || forecast.failure != nil {
      let stages = forecast.stages.filter { $0.verdict != .found }
        .map { "\($0.name) (\(Self.text($0)))" }
      out.line("\(label(forecast)): \(forecast.failure ?? stages.joined(separator: "; "))")
    }
    var kinds: [String: (count: Int, seconds: Double, known: Int)] = [:]
    for stage in forecasts.flatMap(\.stages) where stage.verdict != .found {
      var kind = kinds[stage.name] ?? (0, 0, 0)
      kind.count += 1
      if let seconds = stage.seconds { kind = (kind.count, kind.seconds + seconds, kind.known + 1) }
      kinds[stage.name] = kind
    }
    let working = forecasts.count { $0.works }
    out.line(
      "\(Figures.count(forecasts.count, "partition")): \(working) would be worked on,"
        + " \(forecasts.count - working) found done")
    for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) {
      let cost =
        kind.known == 0
        ? "no history to estimate the time from"
        : "about \(Figures.duration(kind.seconds * Double(kind.count) / Double(kind.known)))"
          + " of work, estimated from the history of \(kind.known == kind.count ? "all" : "some")"
      out.line("  \(Figures.count(kind.count, name + " stage")), \(cost)")
    }
  }

  private var out: Console { .standardOutput }

  private static func text(_ rows: Forecast.Rows) -> String {
    switch rows {
    case .same: "no row has changed"
    case .read(nil): "would read the rows: never done for this partition"
    case .read(let changed?): "would read the rows: changed \(changed.joined(separator: ", "))"
    }
  }

  private static func text(_ stage: Forecast.Stage) -> String {
    switch stage.verdict {
    case .found: "found done"
    case .follows(let other): "would run after \(other)"
    case .fails(let reason): "fails: \(reason)"
    case .runs(nil): "would run: never done for this partition"
    case .runs(let changed?) where changed.isEmpty: "would run: its result's files are gone"
    case .runs(let changed?): "would run: changed \(changed.joined(separator: ", "))"
    }
  }

  func printJSON() throws {
    struct Output: Encodable {
      struct Stage: Encodable {
        var stage, verdict: String
        var changed: [String]?
        var seconds: Double?
      }
      var pipeline, tenant, period: String
      var failure: String?
      var rows: String?
      var changed_rows: [String]?
      var stages: [Stage]
    }
    let output = forecasts.map { forecast in
      var changedRows: [String]?
      if case .read(let changed?) = forecast.rows { changedRows = changed }
      return Output(
        pipeline: forecast.pipeline, tenant: forecast.slug, period: forecast.period.description,
        failure: forecast.failure, rows: forecast.rows.map { $0 == .same ? "same" : "read" },
        changed_rows: changedRows,
        stages: forecast.stages.map { stage in
          var changed: [String]?
          if case .runs(let names) = stage.verdict { changed = names }
          return .init(
            stage: stage.name, verdict: Self.word(stage.verdict), changed: changed,
            seconds: stage.seconds)
        })
    }
    try out.json(output)
  }

  private static func word(_ verdict: Forecast.Verdict) -> String {
    switch verdict {
    case .found: "found"
    case .runs: "runs"
    case .follows: "follows"
    case .fails: "fails"
    }
  }
}
