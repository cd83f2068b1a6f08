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
      if let journal = JournalSocket.current, journal.send(try Self.entry(fields, event.level)) {
        return
      }
      try Console.standardError.jsonLine(fields)
    } catch {
      Console.standardError.line("a log line has no JSON form: \(type(of: error))")
    }
  }

  /// The line as an entry of systemd's journal: what collectors parse, and fields of its own.
  private static func entry(
    _ fields: [String: Value], _ level: Logger.Level
  ) throws -> [(name: String, value: String)] {
    func text(_ key: String) -> String? {
      guard case .text(let text)? = fields[key] else { return nil }
      return PlainText.line(text)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = PlainText.json(String(decoding: try encoder.encode(fields), as: UTF8.self))
    let priority =
      switch level {
      case .critical: 2
      case .error: 3
      case .warning: 4
      case .notice: 5
      case .info: 6
      case .debug, .trace: 7
      }
    let partition = ["pipeline", "tenant", "period"].compactMap(text)
    return [
      ("MESSAGE", line), ("PRIORITY", String(priority)), ("SYSLOG_IDENTIFIER", "yearbook"),
    ]
      + [
        ("YEARBOOK_RUN", text("run")), ("YEARBOOK_TRACE", text("trace_id")),
        ("YEARBOOK_PARTITION", partition.count == 3 ? partition.joined(separator: " ") : nil),
        ("YEARBOOK_STAGE", text("stage")), ("YEARBOOK_CODE", text("code")),
      ].compactMap { name, value in value.map { (name, $0) } }
  }
}
