/// Escapes text for XML and HTML, for element content and quoted attributes.
package enum XMLText {
  /// Appends UTF-8 `text` with `& < > " '` escaped.
  ///
  /// Characters that XML 1.0 forbids even as references become U+FFFD: control characters except
  /// TAB, LF and CR, and U+FFFE and U+FFFF. So no text can make a page ill-formed. CR becomes LF,
  /// as in a parser, because HTML allows no reference to CR.
  @inlinable
  package static func escape(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
    let isDone: Void? = text.withContiguousStorageIfAvailable { escape($0, to: &bytes) }
    if isDone == nil { Array(text).withUnsafeBufferPointer { escape($0, to: &bytes) } }
  }

  /// The same for bytes in one piece. Most of a text needs no escape and is copied at once.
  package static func escape(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    var start = 0
    for index in text.indices where isSpecial[Int(text[index])] {
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
      start = index + 1
      let byte = text[index]
      switch byte {
      case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
      case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
      case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
      case UInt8(ascii: "\""): bytes.append(contentsOf: "&quot;".utf8)
      case UInt8(ascii: "'"): bytes.append(contentsOf: "&#39;".utf8)
      case 13: bytes.append(10)
      case 0..<9, 11, 12, 14..<32, 127: bytes.append(contentsOf: replacement)
      case 0xBE, 0xBF:
        bytes.append(byte)
        // EF BF BE and EF BF BF are the last two places of the plane, which are not characters.
        if bytes.count >= 3, bytes[bytes.count - 2] == 0xBF, bytes[bytes.count - 3] == 0xEF {
          bytes.removeLast(3)
          bytes.append(contentsOf: replacement)
        }
      default: bytes.append(byte)
      }
    }
    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
  }

  /// Whether a byte needs special treatment.
  private static let isSpecial: [Bool] = (0...255).map { (byte: UInt8) in
    byte < 32 && byte != 9 && byte != 10
      || [0x22, 0x26, 0x27, 0x3C, 0x3E, 0x7F, 0xBE, 0xBF].contains(byte)
  }

  /// Whether escaping leaves a text unchanged: it has none of `& < > " '`, no control characters
  /// except TAB and LF, and no byte that begins a noncharacter.
  package static func isPlain(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      for byte in bytes {
        if byte > 0x3E {
          if byte == 0xEF || byte == 0x7F { return false }
        } else if isMarkup(byte) || (byte < 32 && byte != 9 && byte != 10) {
          return false
        }
      }
      return true
    }
  }

  /// Whether a byte is one of `& < > " '`.
  private static func isMarkup(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x26, 0x27, 0x3C, 0x3E: true
    default: false
    }
  }

  /// The escaped text.
  package static func escaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    escape(text.utf8, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text with U+FFFD in place of characters that XML 1.0 forbids. It is not escaped, for a
  /// template engine that escapes it itself.
  package static func sanitized(_ text: String) -> String {
    let isClean = !text.utf8.contains {
      ($0 < 32 && $0 != 9 && $0 != 10) || $0 == 0xEF || $0 == 127
    }
    if isClean { return text }
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 13: clean.append("\n")
      case 0..<9, 11, 12, 14..<32, 127, 0xFFFE, 0xFFFF: clean.append("\u{FFFD}")
      default: clean.append(scalar)
      }
    }
    return String(clean)
  }

  private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
}
