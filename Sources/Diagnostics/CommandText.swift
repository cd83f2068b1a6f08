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

  /// A word, quoted if that is necessary.
  package static func quoted(_ word: String) -> String {
    isPlain(word) ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// Whether a shell reads the word as it is, without quotes.
  package static func isPlain(_ word: String) -> Bool {
    !word.isEmpty
      && word.utf8.allSatisfy { byte in
        byte > 0x7f || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || "-_./:=,@+%".utf8.contains(byte)
      }
  }
}
