import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Telemetry

struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Prints metrics of runs, partitions and queues, read from the record, for monitors.",
    discussion: """
      Nothing has to run for it: the numbers are what the record says now. After each run, and with \
      --send, they go to where `telemetry:` in the configuration says.

      Examples:
        yearbook metrics
        yearbook metrics --file /var/lib/prometheus/node-exporter/yearbook.prom
        yearbook metrics --send        to where the configuration says
      """)

  @Option(
    help: ArgumentHelp(
      "How to write: openmetrics, or prometheus (the older text format).", valueName: "format"),
    completion: .list(MetricText.Format.allCases.map(\.rawValue)),
    transform: { text in
      if let format = MetricText.Format(rawValue: text) { return format }
      throw ValidationError("use openmetrics or prometheus")
    })
  var format: MetricText.Format?
  @Option(
    help: "Replace this file instead, in the format of node_exporter's text files.",
    completion: .file(extensions: ["prom"]))
  var file: String?
  @Flag(help: "Write and send them to where the configuration says; print nothing.")
  var send = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if [send, file != nil, format != nil].filter({ $0 }).count > 1 {
      throw ValidationError("give only one of --format, --file and --send")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let schedules = Self.schedules(configuration)
      if send { return try send(configuration, schedules) }
      let record = try RunRecord(configuration.required(.record))
      let families = try RecordMetrics.read(record, configuration, schedules: schedules)
      if let file {
        try MetricFile.write(MetricText.text(families, .prometheus), to: file)
      } else {
        Console.standardOutput.text(MetricText.text(families, format ?? .openmetrics))
      }
    }
  }

  private func send(_ configuration: Configuration, _ schedules: [Schedule]) throws {
    guard configuration.telemetry.isOn else {
      throw Diagnostic(
        .configuration, "the configuration says nowhere to send metrics to",
        at: .init(file: configuration.file),
        hint: "set telemetry: {file: …}, push or otlp in yearbook.yaml; docs/how-to/watch.md")
    }
    let warnings = TelemetryOutput(configuration, schedules: schedules).send(run: nil)
    Self.report(warnings)
    if !warnings.isEmpty { throw CommandFailure(exitCode: Diagnostic.Code.unavailable.exitCode) }
  }

  /// The schedules; none, with a line that says so, if the pipelines cannot be read. The other
  /// numbers are worth having then, too.
  private static func schedules(_ configuration: Configuration) -> [Schedule] {
    do {
      return try PipelineLibrary(folder: configuration.pipelineFolder()).schedules
    } catch {
      Console.standardError.line(
        "warning: metrics of schedules are missing, because the pipelines cannot be read: yearbook check"
      )
      return []
    }
  }

  /// Sends what others see of a run, after everything else. It never fails.
  static func sendAfterRun(
    _ configuration: Configuration, _ library: PipelineLibrary, run: String?
  ) {
    report(TelemetryOutput(configuration, schedules: library.schedules).send(run: run))
  }

  private static func report(_ warnings: [Warning]) {
    let console = Console.standardError
    for warning in warnings {
      console.line("\(console.styled("warning", .yellow)): \(warning.message)")
    }
  }
}
