import Foundation
import Mustache

/// Text on its way into a message.
enum MessageText {
  /// What a template makes, and so how a value in it is escaped.
  enum Kind: Sendable {
    case text, html, json

    /// The first line of a template, which selects the escaping.
    var pragma: String {
      _ = Self.registered
      switch self {
      case .text: return "{{% CONTENT_TYPE:TEXT}}\n"
      case .html: return "{{% CONTENT_TYPE:MESSAGE_HTML}}\n"
      case .json: return "{{% CONTENT_TYPE:MESSAGE_JSON}}\n"
      }
    }

    private static let registered: Bool = {
      MustacheContentTypes.register(EscapedHTML(), named: "MESSAGE_HTML")
      MustacheContentTypes.register(EscapedJSON(), named: "MESSAGE_JSON")
      return true
    }()
  }

  private struct EscapedHTML: MustacheContentType {
    func escapeText(_ text: String) -> String { MessageText.escaped(text) }
  }

  private struct EscapedJSON: MustacheContentType {
    func escapeText(_ text: String) -> String {
      var result = String.UnicodeScalarView()
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
        case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
        case _
        where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028
          || scalar.value == 0x2029:
          let digits = String(scalar.value, radix: 16)
          result.append(
            contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
              .unicodeScalars)
        default: result.append(scalar)
        }
      }
      return String(result)
    }
  }

  /// A text on one line: what is not seen, and could begin a line of a header, is a blank.
  static func line(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// With references instead of the five special characters. Scalar by scalar: a quote with a
  /// combining mark is a quote.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The line that ends a mail's text. What comes below it is small print. Mail programs know it
  /// with a space behind it (RFC 3676, 4.3), which editors of templates would remove.
  private static let end = "--"

  /// A text as it is sent: one empty line between paragraphs, whatever sections of the template
  /// were left out, and the line that mail programs know.
  static func sent(_ text: String) -> String {
    var lines: [Substring] = []
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let isEmpty = line.allSatisfy(\.isWhitespace)
      if isEmpty, lines.last?.isEmpty ?? true { continue }
      lines.append(isEmpty ? "" : line == end ? end + " " : line)
    }
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A plain text as HTML: paragraphs, lists of lines that begin with "- ", a table if all of these
  /// lines are names and values, a button for a line with a colon above an address, and small print
  /// below a line "--".
  static func html(_ text: String) -> String {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard let place = lines.firstIndex(where: { $0 == end }) else { return blocks(lines[...]) }
    let small = blocks(lines[(place + 1)...], isSmall: true)
    return "\(blocks(lines[..<place]))\n<div class=\"small\">\n\(small)\n</div>"
  }

  private static func blocks(_ lines: ArraySlice<Substring>, isSmall: Bool = false) -> String {
    lines.split(whereSeparator: { $0.allSatisfy(\.isWhitespace) }).map { group in
      let lines = group.map { String($0) }
      if lines.allSatisfy({ $0.hasPrefix("- ") }) {
        return list(lines.map { String($0.dropFirst(2)) })
      }
      if lines.count == 2, isAddress(lines[1]), lines[0].hasSuffix(":") {
        // "Open it:" and the address on the next line.
        let label = escaped(String(lines[0].dropLast()))
        let kind = isSmall ? "" : " class=\"button\""
        return "<p><a\(kind) href=\"\(escaped(lines[1]))\">\(label)</a></p>"
      }
      return "<p>\(lines.map(linked).joined(separator: "<br>"))</p>"
    }.joined(separator: "\n")
  }

  private static func list(_ lines: [String]) -> String {
    let pairs = lines.compactMap { line -> (name: String, value: String)? in
      guard let colon = line.range(of: ": ", options: .backwards) else { return nil }
      let value = String(line[colon.upperBound...])
      return value.count > 24 || isAddress(value)
        ? nil : (String(line[..<colon.lowerBound]), value)
    }
    guard pairs.count == lines.count else {
      return "<ul>\(lines.map { "<li>\(linked($0))</li>" }.joined())</ul>"
    }
    let rows = pairs.map {
      "<tr><th scope=\"row\">\(escaped($0.name))</th><td>\(escaped($0.value))</td></tr>"
    }
    return "<table class=\"figures\">\(rows.joined())</table>"
  }

  private static func isAddress(_ text: String) -> Bool {
    ["https://", "http://", "file://"].contains(where: text.hasPrefix)
      && !text.contains { $0.isWhitespace || "<>\"".contains($0) }
  }

  /// A line with its addresses as links.
  private static func linked(_ line: String) -> String {
    line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let text = escaped(String(word))
      return isAddress(String(word)) ? "<a href=\"\(text)\">\(text)</a>" : text
    }.joined(separator: " ")
  }
}
