/// Makes any text safe for terminals and logs, and for people who read them.
///
/// Object keys, periods, names of files and messages of other programs can contain bytes that move
/// the cursor, start a forged line, or show the text in another order than it has. All text passes
/// through here before it is written to a terminal or a log.
package enum PlainText {
  /// The most characters (Unicode scalars) of one line.
  package static let limit = 4000

  /// One line: `\n`, `\r` and `\t` for these characters, `\u{1b}` for other unsafe ones.
  ///
  /// What is longer than `limit` Unicode scalars is cut; an ellipsis stands for the rest.
  package static func line(_ text: String, limit: Int = limit) -> String {
    if text.utf8.count <= limit, text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return text }
    var safe = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      if count == limit {
        safe.append("…")
        break
      }
      count += 1
      if isUnsafe(scalar) {
        safe.append(contentsOf: escape(scalar).unicodeScalars)
      } else {
        safe.append(scalar)
      }
    }
    return String(safe)
  }

  /// Several lines: like `line`, but line feeds stay.
  package static func lines(_ text: String) -> String {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line(String($0)) }.joined(separator: "\n")
  }

  /// JSON that reads as the same value, with the unsafe characters in its strings as `\u202e`.
  ///
  /// - Parameter json: well-formed. Its line feeds stay: they stand between values.
  package static func json(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: { $0 != "\n" && isUnsafe($0) }) else { return json }
    var safe = String.UnicodeScalarView()
    for scalar in json.unicodeScalars {
      if scalar != "\n", isUnsafe(scalar) {
        let digits = String(scalar.value, radix: 16)
        safe.append(contentsOf: "\\u".unicodeScalars)
        safe.append(contentsOf: repeatElement("0", count: 4 - digits.count))
        safe.append(contentsOf: digits.unicodeScalars)
      } else {
        safe.append(scalar)
      }
    }
    return String(safe)
  }

  /// Whether a text can be written as it is: it has no unsafe character.
  package static func isSafe(_ text: some StringProtocol) -> Bool {
    !text.unicodeScalars.contains(where: isUnsafe)
  }

  /// Whether a character must never be written as it is: control characters (C0, DEL, C1), line
  /// and paragraph separators, and the characters that change the direction of the text. All of
  /// them are below U+FFFF.
  package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
}
