import Basics
import Diagnostics
import Foundation

/// One of the process's output streams, written to as bytes.
struct Console: Sendable {
  static let standardOutput = Console(descriptor: STDOUT_FILENO)
  static let standardError = Console(descriptor: STDERR_FILENO)

  let descriptor: Int32

  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Colour only on a terminal, and not if NO_COLOR is set (no-color.org).
  var hasColour: Bool {
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"].map(\.isEmpty) ?? true
      && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// The width of the terminal in columns; 80 without one.
  var width: Int {
    var size = winsize()
    guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Writes all of the text. Ignores a reader that has gone away.
  func write(_ text: String) {
    // If it fails, there is nobody to tell.
    Array(text.utf8).withUnsafeBytes { _ = FileDescriptor.write($0, to: descriptor) }
  }

  func line(_ text: String = "") { write(text + "\n") }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  func styled(_ text: String, _ style: Style) -> String {
    hasColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Prints what is wrong, where, and what to do, one block per diagnostic.
  func write(report diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics {
      line(styled("error: ", .red) + diagnostic.description)
      if let underlying = diagnostic.underlying {
        let text = "\(underlying)"
        if !diagnostic.message.contains(text) { line("  cause: \(text)") }
      }
      if let hint = diagnostic.hint { line("  what to do: \(hint)") }
    }
    if diagnostics.count > 1 { line("\(diagnostics.count) errors") }
  }
}
