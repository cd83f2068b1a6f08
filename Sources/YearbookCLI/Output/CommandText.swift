import Foundation

/// The program's own commands, as a person can paste them.
enum CommandText {
  /// `yearbook … WORDS` with --config, --pipelines and --templates as they were given. It never
  /// contains a connection string.
  static func yearbook(_ words: [String], _ shared: SharedOptions) -> String {
    yearbook(words, flags: flags(shared))
  }

  /// `yearbook FLAGS WORDS`, quoted for a shell.
  static func yearbook(_ words: [String], flags: [String]) -> String {
    (["yearbook"] + flags + words).map(quoted).joined(separator: " ")
  }

  /// The flags among the shared ones that a pasted command needs, as they were given.
  static func flags(_ shared: SharedOptions) -> [String] {
    var flags: [String] = []
    for (flag, value) in [
      ("--config", shared.config), ("--pipelines", shared.pipelines),
      ("--templates", shared.templates),
    ] {
      if let value { flags += [flag, value] }
    }
    return flags
  }

  /// A word quoted for a POSIX shell.
  static func quoted(_ word: String) -> String {
    isPlain(word) ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// Whether a shell reads the word as it is, without quotes.
  static func isPlain(_ word: String) -> Bool {
    !word.isEmpty
      && word.utf8.allSatisfy { byte in
        byte > 0x7f || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || "-_./:=,@+%".utf8.contains(byte)
      }
  }
}
