import Foundation
import Logging

/// Writes log lines to the standard error, through the console as all other text.
///
/// `2026-11-29T03:15:00Z info yearbook: key=value key="a value" [Engine] message`, with the keys in
/// alphabetical order.
struct ConsoleLog: LogHandler {
  let label: String
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.word("\($0.value)"))" }
    Console.standardError.line(
      "\(Date().formatted(.iso8601)) \(event.level) \(label):\(pairs.joined()) [\(event.source)]"
        + " \(event.message)")
  }

  /// A value as one word: in quotes if it could be read as several, or as another key's.
  private static func word(_ text: String) -> String {
    let isWord =
      !text.isEmpty && !text.unicodeScalars.contains { " \"=\\".unicodeScalars.contains($0) }
    if isWord { return text }
    var word = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { word += "\\" }
      word.unicodeScalars.append(scalar)
    }
    return word + "\""
  }
}
