import Diagnostics
import Foundation
import Logging

/// Writes log lines to the standard error as JSON objects, one per line, for collectors of logs
/// (docs/events.md, "Log lines").
struct JSONLog: LogHandler {
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// What is a number in JSON too.
  private static let numbers: Set<String> = [
    "seconds", "done", "total", "rows", "bytes", "partitions", "tenants", "tables", "unchanged",
    "objects", "planned", "published", "failed", "skipped", "stages_run", "stages_found",
    "warnings",
  ]

  private enum Value: Encodable {
    case text(String)
    case number(Double)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      }
    }
  }

  func log(event: LogEvent) {
    var fields: [String: Value] = [:]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      let text = "\(value)"
      if Self.numbers.contains(key), let number = Double(text), number.isFinite {
        fields[key] = .number(number)
      } else {
        fields[key] = .text(text)
      }
    }
    fields["time"] = .text(
      Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    fields["level"] = .text("\(event.level)")
    // A failure's metadata can have a message of its own.
    if let more = fields["message"] { fields["detail"] = more }
    fields["message"] = .text(PlainText.line("\(event.message)"))
    do {
      try Console.standardError.jsonLine(fields)
    } catch {
      Console.standardError.line("a log line has no JSON form: \(type(of: error))")
    }
  }
}
