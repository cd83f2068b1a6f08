import Glibc
import Markup
import Mustache

/// Carries texts through the template engine.
///
/// The engine escapes by grapheme, so it would not escape a quote with a combining mark; and a
/// template can ask for a value without escaping. So the five special characters of XML are
/// replaced with noncharacters, and become references in the finished page. Text stays data,
/// whatever the template does. Finished markup, such as a table, does not pass through the engine:
/// a mark stands for it, and its bytes are inserted at the end.
enum PageText {
  private static let special = Array("&<>\"'".unicodeScalars)
  /// U+FDD0 and the four after it. The next two are the mark of a block, then the mark of a line.
  private static let carriers = (0..<5).compactMap { Unicode.Scalar(0xFDD0 + UInt32($0)) }
  private static let references: [[UInt8]] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].map {
    Array($0.utf8)
  }

  /// A text in the form that is safe for the template engine.
  static func carry(_ text: String) -> String {
    if XMLText.isPlain(text) { return text }
    let clean = XMLText.sanitized(text)
    var result = String.UnicodeScalarView()
    for scalar in clean.unicodeScalars {
      if let index = special.firstIndex(of: scalar) {
        result.append(carriers[index])
      } else if (0xFDD0...0xFDD8).contains(scalar.value) {
        result.append("\u{FFFD}")
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// The mark for finished markup: U+FDD5, the number of the block, U+FDD6.
  static func mark(ofBlock number: Int) -> String {
    String(
      decoding: [0xEF, 0xB7, 0x95] + Array(String(number).utf8) + [0xEF, 0xB7, 0x96], as: UTF8.self)
  }

  /// The finished page: noncharacters become references, and marks become blocks.
  static func deliver(_ page: String, blocks: [[UInt8]] = []) -> [UInt8] {
    var marks: [TemplateMark] = []
    return deliver(page, blocks: blocks, marks: &marks)
  }

  /// The finished page, and the marks of its templates' lines, which it no longer contains.
  static func deliver(
    _ page: String, blocks: [[UInt8]], marks: inout [TemplateMark]
  ) -> [UInt8] {
    var page = page
    return page.withUTF8 { bytes in
      var result: [UInt8] = []
      result.reserveCapacity(bytes.count + bytes.count / 32 + blocks.reduce(0) { $0 + $1.count })
      var start = 0
      var index = 0
      while let next = bytes[index...].firstPlace(of: 0xEF) {
        index = next + 1
        // U+FDD0…U+FDD8 are EF B7 90…98.
        guard next + 2 < bytes.count, bytes[next + 1] == 0xB7,
          (0x90...0x98).contains(bytes[next + 2])
        else { continue }
        result.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<next]))
        index = next + 3
        if bytes[next + 2] < 0x95 {
          result.append(contentsOf: references[Int(bytes[next + 2]) - 0x90])
        } else if bytes[next + 2] == 0x97 {
          let template = number(in: bytes, at: &index)
          index += 1
          let line = number(in: bytes, at: &index)
          marks.append(TemplateMark(offset: result.count, template: template, line: line))
          index = min(index + 3, bytes.count)
        } else {
          let number = number(in: bytes, at: &index)
          // The end of the mark.
          index = min(index + 3, bytes.count)
          if blocks.indices.contains(number) { result.append(contentsOf: blocks[number]) }
        }
        start = index
      }
      result.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
      return result
    }
  }
}

extension PageText {
  private static func number(in bytes: UnsafeBufferPointer<UInt8>, at index: inout Int) -> Int {
    var number = 0
    while index < bytes.count, let digit = bytes[index].decimalDigit {
      number = number * 10 + digit
      index += 1
    }
    return number
  }
}

/// Makes the template engine escape the values of a page by bytes. Its own escaping works by
/// graphemes and does not see a quote with a combining mark.
struct PageEscape: MustacheContentType {
  /// The first line of a template, which selects this escaping.
  static let pragma: String = {
    MustacheContentTypes.register(PageEscape(), named: "PAGE")
    return "{{% CONTENT_TYPE:PAGE}}\n"
  }()
  static let lines = 1

  func escapeText(_ text: String) -> String {
    XMLText.isPlain(text) ? text : XMLText.escaped(text)
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  /// The index of the first byte of this value.
  fileprivate func firstPlace(of byte: UInt8) -> Int? {
    let rest = UnsafeBufferPointer(rebasing: self)
    guard let first = rest.baseAddress, let found = memchr(first, Int32(byte), rest.count) else {
      return nil
    }
    return startIndex + (UnsafeRawPointer(found) - UnsafeRawPointer(first))
  }
}

extension UInt8 {
  fileprivate var decimalDigit: Int? {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self) - 48 : nil
  }
}
