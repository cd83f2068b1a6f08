import ArgumentParser
import Engine
import Foundation
import Logging

/// Tells a run to whoever started it.
protocol RunReporter: RunObserver {
  /// Called after the last event.
  func finish(_ summary: RunSummary)
}

/// The flags that say how a run is told.
struct ReportingOptions: ParsableArguments {
  @Flag(help: "Print failures alone, and the summary where there are any.")
  var quiet = false
  @Flag(help: "Print events, a JSON object a line.")
  var json = false
  @Option(
    help: ArgumentHelp(
      "Write structured log lines of this level (debug, info, warning, error) instead.",
      valueName: "level"),
    transform: { text in
      if let level = Logger.Level(rawValue: text) { return level }
      throw ValidationError(
        "it is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    })
  var logLevel: Logger.Level?

  func validate() throws {
    if [quiet, json, logLevel != nil].filter({ $0 }).count > 1 {
      throw ValidationError("--quiet, --json and --log-level exclude each other")
    }
  }

  func reporter() -> any RunReporter {
    if json { return EventObserver() }
    if let logLevel { return LogReporter(level: logLevel) }
    return ConsoleObserver(isQuiet: quiet)
  }
}

/// Tells a run in log lines.
private struct LogReporter: RunReporter {
  private let observer: LoggingObserver

  init(level: Logger.Level) {
    var logger = Logger(label: "yearbook") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    observer = LoggingObserver(logger)
  }

  func receive(_ event: RunEvent) { observer.receive(event) }
  func finish(_ summary: RunSummary) {}
}
