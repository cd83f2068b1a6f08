import Basics
import Diagnostics
import Glibc
import Logging

/// Lines on the standard error output. Each goes through `PlainText`. No line has a header of a
/// request, an address with a signature, or a text that a tenant wrote.
struct ServiceLog: Sendable {
  /// Writes one line.
  func line(_ text: String) {
    let line = PlainText.line("yearbook-serve: " + text) + "\n"
    // If it fails, there is nobody to tell.
    Array(line.utf8).withUnsafeBytes { _ = FileDescriptor.write($0, to: STDERR_FILENO) }
  }

  /// Writes lines of our own on the standard output.
  func answer(_ text: String) {
    Array((PlainText.lines(text) + "\n").utf8).withUnsafeBytes {
      _ = FileDescriptor.write($0, to: STDOUT_FILENO)
    }
  }

  /// For the libraries: only their errors, and never what these are about.
  var logger: Logger { Logger(label: "yearbook-serve", factory: { _ in Quiet(self) }) }

  private struct Quiet: LogHandler {
    let output: ServiceLog
    var logLevel = Logger.Level.error
    var metadata: Logger.Metadata = [:]

    init(_ output: ServiceLog) { self.output = output }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { output.line("\(event.message)") }
  }
}
