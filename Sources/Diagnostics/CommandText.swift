/// The program's own commands, as a person can paste them into a POSIX shell.
package enum CommandText {
  /// `yearbook FLAGS WORDS`, quoted.
  package static func yearbook(_ words: [String], flags: [String] = []) -> String {
    "yearbook " + line(flags + words)
  }

  /// Words, each quoted, with spaces between them.
  package static func line(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }

  /// A word, quoted if that is necessary. Characters that must not be printed as they are become
  /// octal numbers in `$'…'`.
  package static func quoted(_ word: String) -> String {
    if isPlain(word) { return word }
    let isSafe = PlainText.isSafe(word)
    var text = isSafe ? "'" : "$'"
    // By scalars: a quote with a combining mark is a quote for the shell.
    for scalar in word.unicodeScalars {
      if scalar == "'" {
        text += isSafe ? "'\\''" : "\\'"
      } else if scalar == "\\", !isSafe {
        text += "\\\\"
      } else if PlainText.isUnsafe(scalar) {
        // Always three digits: so a digit that follows is not read as one of them.
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
          text += "\\\(byte >> 6)\(byte >> 3 & 7)\(byte & 7)"
        }
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text + "'"
  }

  /// Whether a shell reads the word as it is, without quotes.
  package static func isPlain(_ word: String) -> Bool {
    !word.isEmpty && PlainText.isSafe(word)
      && word.utf8.allSatisfy { byte in
        byte > 0x7f || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || "-_./:=,@+%".utf8.contains(byte)
      }
  }
}
