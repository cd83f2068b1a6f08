import Foundation

/// The program's own commands, as a person can copy them.
enum CommandText {
  /// `yearbook … WORDS` with the flags that say where everything is, as they were given; never a connection string.
  static func yearbook(_ words: [String], _ shared: SharedOptions) -> String {
    var parts = ["yearbook"]
    for (flag, value) in [
      ("--config", shared.config), ("--pipelines", shared.pipelines),
      ("--templates", shared.templates),
    ] {
      if let value { parts += [flag, value] }
    }
    return (parts + words).map(quoted).joined(separator: " ")
  }

  /// A word as a shell reads it back.
  static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        byte > 0x7f || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || "-_./:=,@+%".utf8.contains(byte)
      }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

/// A duration of a command line: `90s`, `10m`, `26h`, `2d`.
enum DurationText {
  static func seconds(_ text: String) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      (0...100_000).contains(count)
    else { return nil }
    return count * unit
  }
}
