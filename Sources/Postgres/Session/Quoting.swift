/// Quotes text for use in a statement.
///
/// PostgreSQL's text cannot contain NUL. A statement with a NUL is refused before it is sent.
package enum Quoting {
  /// `name` as a quoted identifier: `"a ""b"""`.
  package static func identifier(_ name: String) -> String {
    var quoted = "\""
    for character in name.unicodeScalars {
      if character == "\"" { quoted.unicodeScalars.append(character) }
      quoted.unicodeScalars.append(character)
    }
    return quoted + "\""
  }

  /// `text` as a string literal. It is correct with `standard_conforming_strings` on or off.
  package static func literal(_ text: String) -> String {
    var quoted = "'"
    var hasBackslash = false
    for character in text.unicodeScalars {
      if character == "'" || character == "\\" { quoted.unicodeScalars.append(character) }
      if character == "\\" { hasBackslash = true }
      quoted.unicodeScalars.append(character)
    }
    quoted += "'"
    return hasBackslash ? " E" + quoted : quoted
  }

  /// `words` as the text form of an array, for a parameter that is cast to an array. Each word is
  /// quoted; `nil` is NULL.
  package static func array(_ words: some Sequence<String?>) -> String { array(Array(words)) }

  /// `words` as the text form of an array, for a parameter that is cast to an array. Each word is
  /// quoted; `nil` is NULL.
  package static func array(_ words: [String?]) -> String {
    var text: [UInt8] = [UInt8(ascii: "{")]
    for word in words {
      if text.count > 1 { text.append(UInt8(ascii: ",")) }
      guard var word else {
        text.append(contentsOf: "NULL".utf8)
        continue
      }
      text.append(UInt8(ascii: "\""))
      word.withUTF8 { bytes in
        if bytes.contains(where: isSpecialInArray) {
          for byte in bytes {
            if isSpecialInArray(byte) { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
          }
        } else {
          text.append(contentsOf: bytes)
        }
      }
      text.append(UInt8(ascii: "\""))
    }
    text.append(UInt8(ascii: "}"))
    return String(decoding: text, as: UTF8.self)
  }

  private static func isSpecialInArray(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }
}
