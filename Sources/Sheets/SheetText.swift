/// Texts as a workbook's XML has them.
enum SheetText {
  /// The most UTF-16 units of a cell.
  static let longest = 32_767

  /// Appends a cell's text to `xml`, escaped.
  ///
  /// What XML 1.0 cannot hold becomes U+FFFD: control characters, U+FFFE and U+FFFF, and bytes that
  /// are not UTF-8, such as lone surrogates. Line ends become LF, as spreadsheets have them. A text
  /// that is too long ends with `…`.
  ///
  /// - Returns: its width in digits of the font, of its longest line, and whether it was cut.
  static func append(
    _ text: ArraySlice<UInt8>, to xml: inout [UInt8]
  ) -> (width: Int, isCut: Bool) {
    if isPlain(text) {
      xml += text
      return (text.count, false)
    }
    // Repairs what is not UTF-8.
    return append(String(decoding: text, as: UTF8.self), to: &xml)
  }

  /// Whether all of it is ASCII that means nothing in XML or to a spreadsheet's reader.
  private static func isPlain(_ text: ArraySlice<UInt8>) -> Bool {
    text.count <= longest
      && text.withUnsafeBufferPointer { bytes in
        for byte in bytes where byte < 0x20 || byte > 0x7E || isSpecial(byte) { return false }
        return true
      }
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func append(_ text: String, to xml: inout [UInt8]) -> (width: Int, isCut: Bool) {
    let isCut = text.utf16.count > longest
    var left = isCut ? longest - 1 : longest
    var width = 0
    var widest = 0
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let next = scalars.index(after: index)
      let units = scalar.value > 0xFFFF ? 2 : 1
      if units > left { break }
      left -= units
      switch scalar {
      case "\r" where next < scalars.endIndex && scalars[next] == "\n": break
      case "\n", "\r":
        xml.append(10)
        widest = max(widest, width)
        width = 0
      case "\t":
        xml.append(9)
        width += 4
      case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}":
        xml += "\u{FFFD}".utf8
      case "&": xml += "&amp;".utf8
      case "<": xml += "&lt;".utf8
      case ">": xml += "&gt;".utf8
      case "_" where isEscape(scalars[next...]):
        // To a reader, `_x0041_` stands for A, and `_x005F_` for the underscore itself.
        xml += "_x005F_".utf8
      default: xml += scalar.utf8
      }
      if scalar.value >= 32 { width += isWide(scalar) ? 2 : 1 }
      index = next
    }
    if isCut { xml += "…".utf8 }
    return (max(widest, width), isCut)
  }

  /// Whether `x0041_` follows.
  private static func isEscape(_ rest: Substring.UnicodeScalarView) -> Bool {
    let next = Array(rest.prefix(6))
    return next.count == 6 && next[0] == "x" && next[5] == "_"
      && next[1...4].allSatisfy { $0.isASCII && Character($0).isHexDigit }
  }

  /// Whether a character is as wide as two digits: of Chinese, Japanese and Korean, and emoji.
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }

  /// The text of an attribute.
  static func attribute(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default:
        let isNone = scalar.value < 32 || scalar.value == 127 || scalar.value & 0xFFFE == 0xFFFE
        escaped.unicodeScalars.append(isNone ? "\u{FFFD}" : scalar)
      }
    }
    return escaped
  }
}

/// Numbers as a workbook's XML has them.
enum SheetNumber {
  /// The most significant digits that spreadsheets keep.
  static let mostDigits = 15

  /// What a number in plain decimal notation, `-1234.50`, takes as a cell.
  ///
  /// - Returns: whether spreadsheets keep all its digits, and the width of what stands before its
  ///   point, with separators of thousands.
  static func measure(_ digits: ArraySlice<UInt8>) -> (isExact: Bool, width: Int) {
    var significant = 0
    // Zeros that count only if another digit follows.
    var zeros = 0
    var whole = 0
    var sign = 0
    var sawPoint = false
    for byte in digits {
      switch byte {
      case UInt8(ascii: "-"): sign = 1
      case UInt8(ascii: "."): sawPoint = true
      case UInt8(ascii: "0"):
        if significant > 0 { zeros += 1 }
        if !sawPoint { whole += 1 }
      default:
        significant += zeros + 1
        zeros = 0
        if !sawPoint { whole += 1 }
      }
    }
    return (significant <= mostDigits, sign + whole + max(0, whole - 1) / 3)
  }
}
