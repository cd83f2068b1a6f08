/// Estimates the width of a text in a sans-serif font, so that labels can be placed without a font.
///
/// The widths are Helvetica's, in thousandths of the font size, rounded up per class of characters.
/// Characters that Unicode calls wide count as one full width. The estimate is rather too wide than
/// too narrow.
package enum TextWidth {
  /// The estimated width, in the unit of `size`.
  package static func of(_ text: String, size: Double) -> Double {
    var width = 0
    for scalar in text.unicodeScalars { width += thousandths(scalar) }
    return Double(width) * size / 1000
  }

  /// The text, or its beginning with an ellipsis, at most `width` wide.
  package static func truncated(_ text: String, to width: Double, size: Double) -> String {
    if of(text, size: size) <= width { return text }
    let room = width - of("…", size: size)
    var kept = ""
    var used = 0.0
    for character in text {
      used += of(String(character), size: size)
      if used > room { break }
      kept.append(character)
    }
    while kept.last == " " { kept.removeLast() }
    return kept + "…"
  }

  private static func thousandths(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<32, 0x200B...0x200F, 0xFE00...0xFE0F, 0x0300...0x036F: 0
    case 0x20, 0x21, 0x2C, 0x2E, 0x3A, 0x3B, 0x49, 0x69, 0x6A, 0x6C, 0x7C, 0x27, 0xA0, 0x202F: 300
    case 0x28, 0x29, 0x2D, 0x2F, 0x66, 0x72, 0x74, 0x5B, 0x5D, 0x60: 360
    case 0x4D, 0x57, 0x6D, 0x77, 0x40, 0x25: 900
    case 0x41...0x5A, 0x26, 0x2212, 0x2B, 0x3C...0x3E: 720
    case 0x21...0x7E: 580
    case 0x80...0x24F, 0x370...0x52F: 640
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      1000
    case 0x2600...0x27BF, 0x1F000...0x1FAFF: 1300
    default: 800
    }
  }
}
