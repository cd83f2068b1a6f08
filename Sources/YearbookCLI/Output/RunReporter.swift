import ArgumentParser
import Basics
import Engine
import Foundation
import Logging
import Telemetry

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

  @Option(
    help: ArgumentHelp(
      "How log lines are written: text, or json (one object per line). Without --log-level, of info.",
      valueName: "format"),
    completion: .list(LogFormat.allCases.map(\.rawValue)))
  var logFormat: LogFormat?

  func validate() throws {
    if [quiet, json, isLogging].filter({ $0 }).count > 1 {
      throw ValidationError("give only one of --quiet, --json and --log-level or --log-format")
    }
  }

  private var isLogging: Bool { logLevel != nil || logFormat != nil }

  /// Reports as the flags say.
  ///
  /// - Parameter commandFlags: Stand in every command that the reporter tells people to run.
  func reporter(commandFlags: [String]) -> any RunReporter {
    if json { return EventObserver() }
    if isLogging { return LogReporter(level: logLevel ?? .info, format: logFormat ?? .text) }
    return ConsoleObserver(isQuiet: quiet, commandFlags: commandFlags)
  }
}

/// How log lines are written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// Reports a run as log lines.
private final class LogReporter: RunReporter {
  private let logger: Logger
  private let format: LogFormat
  private let observer: Locked<LoggingObserver>

  init(level: Logger.Level, format: LogFormat) {
    var logger =
      switch format {
      case .text: Logger(label: "yearbook") { ConsoleLog(label: $0) }
      case .json: Logger(label: "yearbook") { _ in JSONLog() }
      }
    logger.logLevel = level
    self.logger = logger
    self.format = format
    observer = Locked(LoggingObserver(logger))
  }

  func receive(_ event: RunEvent) {
    if case .began(let run, _, _) = event, format == .json {
      // Every line of a run says which run and trace it belongs to.
      var logger = logger
      logger[metadataKey: "run"] = "\(run)"
      logger[metadataKey: "trace_id"] = "\(TraceIdentity.traceText(run: run))"
      let named = LoggingObserver(logger)
      observer.withLock { $0 = named }
    }
    observer.withLock { $0 }.receive(event)
  }

  func finish(_ summary: RunSummary) {}
}
