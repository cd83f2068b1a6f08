import Markup

/// Texts on their way through the template engine.
///
/// The engine escapes by grapheme, so that a quote with a combining mark would pass it as it is; and a template
/// may ask for a value unescaped. So the five characters that mean something to XML travel as noncharacters, and
/// become references in the finished page: text is data, whatever the template does with it.
enum PageText {
  private static let special = Array("&<>\"'".unicodeScalars)
  /// U+FDD0 and the four after it.
  private static let carriers = (0..<5).compactMap { Unicode.Scalar(0xFDD0 + UInt32($0)) }
  private static let references: [[UInt8]] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].map {
    Array($0.utf8)
  }

  /// A text as the template engine may have it.
  static func carry(_ text: String) -> String {
    let clean = XMLText.sanitized(text)
    let isPlain = !clean.utf8.contains { byte in
      byte == 0xEF || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "<")
        || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }
    if isPlain { return clean }
    var result = String.UnicodeScalarView()
    for scalar in clean.unicodeScalars {
      if let index = special.firstIndex(of: scalar) {
        result.append(carriers[index])
      } else if (0xFDD0...0xFDD4).contains(scalar.value) {
        result.append("\u{FFFD}")
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// The finished page: the carried characters as references.
  static func deliver(_ page: String) -> [UInt8] {
    var page = page
    return page.withUTF8 { bytes in
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count + bytes.count / 32)
      var start = 0
      var index = 0
      while index < bytes.count {
        // U+FDD0…U+FDD4 are EF B7 90…94.
        if bytes[index] == 0xEF, index + 2 < bytes.count, bytes[index + 1] == 0xB7,
          (0x90...0x94).contains(bytes[index + 2])
        {
          result.append(contentsOf: bytes[start..<index])
          result.append(contentsOf: references[Int(bytes[index + 2]) - 0x90])
          index += 3
          start = index
        } else {
          index += 1
        }
      }
      result.append(contentsOf: bytes[start...])
      return result
    }
  }
}
