package import Diagnostics
import Yams

/// Collects the faults of one YAML file, so that all of them are reported at once.
///
/// Confined to the thread that reads the file.
package final class SpecReader {
  /// The file's path, as messages show it.
  package let file: String
  /// The faults so far.
  package private(set) var diagnostics: [Diagnostic] = []

  package init(file: String) { self.file = file }

  /// The root of `text`. If the text is empty or not YAML, that is reported, and the result is
  /// `nil`.
  package func parse(_ text: String) -> SpecNode? {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        report("the file is empty", line: 1, column: 1)
        return nil
      }
      return SpecNode(node: node, reader: self)
    } catch let error as YamlError {
      report(error)
    } catch {
      report("not readable as YAML", line: 1, column: 1)
    }
    return nil
  }

  /// Adds a diagnostic at a place of this file.
  package func report(_ message: String, line: Int?, column: Int?, hint: String? = nil) {
    diagnostics.append(
      Diagnostic(
        .configuration, SpecReader.shown(message),
        at: .init(file: file, line: line, column: column), hint: hint))
  }

  /// A message that repeats text from the file: without what a terminal would obey, and cut at a
  /// length.
  static func shown(_ message: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in message.unicodeScalars.prefix(500) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: shown.append("\u{FFFD}")
      default: shown.append(scalar)
      }
    }
    return String(shown) + (message.unicodeScalars.count > 500 ? "…" : "")
  }

  /// Throws all faults, in the order of the file's lines.
  package func finish() throws(Diagnostics) {
    guard !diagnostics.isEmpty else { return }
    throw Diagnostics(
      diagnostics.enumerated().sorted {
        ($0.element.subject.line ?? 0, $0.element.subject.column ?? 0, $0.offset)
          < ($1.element.subject.line ?? 0, $1.element.subject.column ?? 0, $1.offset)
      }.map(\.element))
  }

  private func report(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      report("not YAML: \(problem)", line: mark.line, column: mark.column)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\($0)" }.sorted().joined(separator: ", ")
      report("a key appears twice: \(names)", line: context.mark.line, column: context.mark.column)
    default:
      report("not readable as YAML", line: 1, column: 1)
    }
  }
}
