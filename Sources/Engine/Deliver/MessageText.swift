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

  /// A plain text as HTML: paragraphs, lists of lines that begin with "- ", and a button for an
  /// address that is alone in its paragraph.
  static func html(_ text: String) -> String {
    var blocks: [String] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for group in lines.split(whereSeparator: { $0.allSatisfy(\.isWhitespace) }) {
      let lines = group.map { String($0) }
      if lines.allSatisfy({ $0.hasPrefix("- ") }) {
        let items = lines.map { "<li>\(linked(String($0.dropFirst(2))))</li>" }
        blocks.append("<ul>\(items.joined())</ul>")
      } else if lines.count == 2, isAddress(lines[1]), lines[0].hasSuffix(":") {
        // "Open it:" and the address on the next line.
        let label = escaped(String(lines[0].dropLast()))
        blocks.append("<p><a class=\"button\" href=\"\(escaped(lines[1]))\">\(label)</a></p>")
      } else {
        blocks.append("<p>\(lines.map(linked).joined(separator: "<br>"))</p>")
      }
    }
    return blocks.joined(separator: "\n")
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
