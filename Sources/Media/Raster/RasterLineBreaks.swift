/// Finds where a line of text can end.
enum LineBreaks {
  /// Text for one paragraph. White space becomes single spaces. Control characters and invisible
  /// marks that change the text direction are removed.
  static func clean(_ text: String) -> String {
    var clean = ""
    var waiting = false
    for scalar in text.unicodeScalars {
      // Non-breaking spaces between a number and its unit stay as they are.
      if scalar.properties.isWhitespace, scalar.value != 0xA0, scalar.value != 0x202F {
        waiting = !clean.isEmpty
        continue
      }
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE,
        0xFFFF:
        continue
      default: break
      }
      if waiting { clean.unicodeScalars.append(" ") }
      waiting = false
      clean.unicodeScalars.append(scalar)
    }
    return clean
  }

  /// The text in pieces. A line can end between any two of them. A space belongs to the piece
  /// before it.
  static func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    var piece = ""
    var previous: Character?
    for character in text {
      if let previous, mayBreak(previous, character) {
        pieces.append(piece)
        piece = ""
      }
      piece.append(character)
      previous = character
    }
    if !piece.isEmpty { pieces.append(piece) }
    return pieces
  }

  private static func mayBreak(_ before: Character, _ after: Character) -> Bool {
    if after == " " { return false }
    if before == " " { return true }
    if notAtStart.contains(after) || notAtEnd.contains(before) { return false }
    if "-–—/_.,:".contains(before) { return after.isLetter && before != "." && before != "," }
    return isIdeographic(before) || isIdeographic(after)
  }

  /// A line never begins with closing marks and small kana.
  private static let notAtStart: Set<Character> = Set(
    "、。，．・：；？！)]}〉》」』】〕）］｝ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々゛゜…‥!?,.:;%’”")
  private static let notAtEnd: Set<Character> = Set("([{〈《「『【〔（［｛“‘")

  private static func isIdeographic(_ character: Character) -> Bool {
    guard let value = character.unicodeScalars.first?.value else { return false }
    return (0x3040...0x30FF).contains(value) || (0x3400...0x9FFF).contains(value)
      || (0xAC00...0xD7AF).contains(value) || (0xF900...0xFAFF).contains(value)
      || (0x20000...0x3FFFF).contains(value) || (0xFF66...0xFF9D).contains(value)
  }
}

/// Escapes text for XML.
enum XMLEscape {
  static func text(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
