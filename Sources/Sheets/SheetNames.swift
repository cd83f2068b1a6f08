/// Names of sheets as spreadsheets allow them.
enum SheetNames {
  /// The most UTF-16 units of a name.
  static let longest = 31

  /// Names for sheets with these titles: without `[ ] : * ? / \`, with no apostrophe at either end,
  /// at most 31 UTF-16 units long, and each once, whether letters are capital or not.
  static func unique(_ titles: [String]) -> [String] {
    // Excel keeps this one for itself.
    var taken: Set<String> = ["history"]
    return titles.map { title in
      let plain = allowed(title)
      var name = cut(plain, to: longest)
      var number = 1
      while !taken.insert(name.lowercased()).inserted {
        number += 1
        let end = " (\(number))"
        name = cut(plain, to: longest - end.utf16.count) + end
      }
      return name
    }
  }

  private static func allowed(_ title: String) -> String {
    let text = String(
      String.UnicodeScalarView(
        title.unicodeScalars.map { scalar -> Unicode.Scalar in
          switch scalar {
          case "[": "("
          case "]": ")"
          case ":", "*", "?", "/", "\\": "-"
          default: scalar.value < 32 || scalar.value == 127 ? " " : scalar
          }
        }))
    return trimmed(text[...])
  }

  private static func cut(_ name: String, to most: Int) -> String {
    var left = most
    return trimmed(
      name.prefix { character in
        left -= character.utf16.count
        return left >= 0
      })
  }

  /// Without blanks and apostrophes at the ends; never empty.
  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first == "'" || first == " " { text.removeFirst() }
    while let last = text.last, last == "'" || last == " " { text.removeLast() }
    return text.isEmpty ? "-" : String(text)
  }
}
