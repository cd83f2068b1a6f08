import ArgumentParser
import Engine
import Foundation
import Logging

/// Reports a run to whoever started it.
protocol RunReporter: RunObserver {
  /// Called after the last event.
  func finish(_ summary: RunSummary)
}

/// The flags that decide how a run is reported.
struct ReportingOptions: ParsableArguments {
  @Flag(help: "Print only failures, and the summary if there are any.")
  var quiet = false
  @Flag(help: "Print events, one JSON object per line.")
  var json = false
  @Option(
    help: ArgumentHelp(
      "Write structured log lines of this level or higher instead: debug, info, warning or error.",
      valueName: "level"),
    completion: .list(["debug", "info", "warning", "error"]),
    transform: { text in
      if let level = Logger.Level(rawValue: text) { return level }
      throw ValidationError(
        "use one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    })
  var logLevel: Logger.Level?

  func validate() throws {
    if [quiet, json, logLevel != nil].filter({ $0 }).count > 1 {
      throw ValidationError("give only one of --quiet, --json and --log-level")
    }
  }

  /// Reports as the flags say.
  ///
  /// - Parameter commandFlags: Stand in every command that the reporter tells people to run.
  func reporter(commandFlags: [String]) -> any RunReporter {
    if json { return EventObserver() }
    if let logLevel { return LogReporter(level: logLevel) }
    return ConsoleObserver(isQuiet: quiet, commandFlags: commandFlags)
  }
}

/// Reports a run as log lines.
private struct LogReporter: RunReporter {
  private let observer: LoggingObserver

  init(level: Logger.Level) {
    var logger = Logger(label: "yearbook") { ConsoleLog(label: $0) }
    logger.logLevel = level
    observer = LoggingObserver(logger)
  }

  func receive(_ event: RunEvent) { observer.receive(event) }
  func finish(_ summary: RunSummary) {}
}
