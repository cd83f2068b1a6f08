import Basics
import Diagnostics
import Foundation

/// One of the process's output streams.
///
/// Everything that the program prints goes through here, see `PlainText`. Only this type writes to
/// the streams.
struct Console: Sendable {
  static let standardOutput = Console(descriptor: STDOUT_FILENO)
  static let standardError = Console(descriptor: STDERR_FILENO)

  let descriptor: Int32

  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Whether lines can be erased and drawn again: on a terminal that understands the codes for it.
  var canRedraw: Bool {
    isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Colour only on such a terminal, and not if NO_COLOR is set (no-color.org).
  var hasColour: Bool {
    canRedraw && ProcessInfo.processInfo.environment["NO_COLOR"].map(\.isEmpty) ?? true
  }

  /// The width of the terminal in columns; 80 without one.
  var width: Int {
    var size = winsize()
    guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Writes one line. Whatever the text contains, it stays one line, and nothing in it acts on the
  /// terminal, except the styles of `styled`.
  func line(_ text: String = "") {
    write(Self.pieces(text).map { PlainText.line($0.text) + $0.code }.joined() + "\n")
  }

  /// Writes the lines of our own long texts, such as help.
  func lines(_ text: String) { write(PlainText.lines(text) + "\n") }

  /// Writes lines that end with a line feed each, for programs.
  func text(_ text: String) {
    write(PlainText.lines(text.hasSuffix("\n") ? String(text.dropLast()) : text) + "\n")
  }

  /// Writes JSON that is already encoded, and a line feed.
  func line(json: String) { write(PlainText.json(json) + "\n") }

  /// Draws over the last lines of the terminal, or erases them if `lines` is empty. The cursor
  /// stays at the end of what was drawn.
  ///
  /// - Parameters:
  ///   - drawn: How many lines were drawn the last time.
  ///   - lines: Each is cut at the terminal's width: a line that wraps would be two.
  func redraw(over drawn: Int, _ lines: [String]) {
    // To the first column of the first line; then everything below is erased.
    let eraser = "\r" + (drawn > 1 ? "\u{1B}[\(drawn - 1)A" : "") + "\u{1B}[J"
    let width = width - 1
    write(
      (drawn == 0 ? "" : eraser)
        + lines.map { TerminalWidth.prefix(PlainText.line($0), columns: width) }.joined(
          separator: "\n"))
  }

  /// Writes all of the text as it is. Ignores a reader that has gone away.
  private func write(_ text: String) {
    // If it fails, there is nobody to tell.
    Array(text.utf8).withUnsafeBytes { _ = FileDescriptor.write($0, to: descriptor) }
  }

  enum Style: String, CaseIterable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  /// A text for `line` that is shown in a style where there is colour.
  func styled(_ text: String, _ style: Style) -> String {
    hasColour ? Self.mark + style.rawValue + "m" + text + Self.mark + "0m" : text
  }

  /// Stands for `ESC [` until the text is written. It is made by chance for each process, so no
  /// text from elsewhere can contain it.
  private static let mark = String(
    String.UnicodeScalarView(
      (0..<8).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0xF0000...0xFFFFD)) }))
  private static let codes = Style.allCases.map { $0.rawValue + "m" } + ["0m"]

  /// The text between the marks, each piece with the terminal's code that follows it.
  private static func pieces(_ text: String) -> [(text: String, code: String)] {
    let parts = text.components(separatedBy: mark)
    guard parts.count > 1 else { return [(text, "")] }
    // A mark was put where a piece ends. Its code is at the beginning of the next piece.
    var pieces: [(text: String, code: String)] = [(parts[0], "")]
    for part in parts.dropFirst() {
      let code = codes.first { part.hasPrefix($0) } ?? ""
      pieces[pieces.count - 1].code = code.isEmpty ? "" : "\u{1B}[" + code
      pieces.append((String(part.dropFirst(code.count)), ""))
    }
    return pieces
  }

  /// Writes one error of each cause, and how many others have the same.
  func write(causesOf failures: [Diagnostic]) {
    for cause in failures.byCause {
      line(styled("error: ", .red) + cause.first.description)
      if cause.count > 1 {
        line("  and \(Figures.count(cause.count - 1)) more for the same reason")
      }
      if let hint = cause.first.hint { line("  what to do: \(hint)") }
    }
    if failures.count > 1 { line("\(Figures.count(failures.count, "error"))") }
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
