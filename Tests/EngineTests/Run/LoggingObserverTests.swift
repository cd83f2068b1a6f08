import Basics
import Diagnostics
import Logging
import Testing

@testable import Engine

@Suite struct LoggingObserverTests {
  /// Keeps what a handler gets.
  private struct Keeping: LogHandler {
    let lines: Box
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      lines.values.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
  }

  private final class Box: Sendable { let values = Locked<[String]>([]) }

  @Test func `Any logger gets lines that act on no terminal`() {
    let evil = "a\u{1B}[41m\r\nb\u{9B}1m\u{202E}c"
    let lines = Box()
    let observer = LoggingObserver(Logger(label: "test") { _ in Keeping(lines: lines) })
    observer.receive(
      .warning(partition: "p t 2025", .init(code: "c", subject: evil, message: evil)))
    observer.receive(
      .progress(stage: "stitch", partition: "p t 2025", done: 1, total: 2, what: evil))
    let fault = Diagnostic(.data, evil, at: .init(file: evil), hint: evil)
    observer.receive(.ended(partition: "p t 2025", .failed(fault), done: 1, total: 1))
    observer.receive(.refused(fault))
    let told = lines.values.withLock { $0 }
    #expect(told.count == 4)
    for line in told {
      #expect(PlainText.isSafe(line), "\(line)")
      #expect(line.contains(#"a\u{1b}[41m\r\nb"#) || line.contains(#"a\\u{1b}[41m"#), "\(line)")
    }
  }
}
