/// Valid names in a store: only ASCII that every tool, shell and file system takes as it is.
enum Name {
  /// `[a-z0-9-]{1,63}`: slugs, pipelines, run ids and tenant ids.
  static func isSlug(_ text: some StringProtocol) -> Bool {
    (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2D }
  }

  /// A tenant's slug, or the operator's name.
  static func isOwner(_ text: String) -> Bool {
    isSlug(text) || text == ReleaseTenant.operatorName
  }

  /// A period such as `2026`, `2026-11`, `2026-q4`, `2026-Q4`, `2026-W48` or
  /// `2026-03-01..2026-05-15`.
  static func isPeriod(_ text: some StringProtocol) -> Bool {
    isRange(text)
      || (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy {
          isLetterOrDigit($0) || [0x2D, UInt8(ascii: "Q"), UInt8(ascii: "W")].contains($0)
        }
  }

  /// Two days with two dots between them. No other period has a dot.
  private static func isRange(_ text: some StringProtocol) -> Bool {
    let shape = "0000-00-00..0000-00-00".utf8
    return text.utf8.count == shape.count
      && zip(text.utf8, shape).allSatisfy { byte, wanted in
        wanted == 0x30 ? (0x30...0x39).contains(byte) : byte == wanted
      }
  }

  /// A relative path of `[a-z0-9._-]` parts. No part is empty or starts with a dot.
  static func isPath(_ text: String) -> Bool {
    // In one pass: an unchanged night asks it of each published file.
    var isFirst = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "/"):
        if isFirst { return false }
        isFirst = true
      case UInt8(ascii: ".") where isFirst: return false
      default:
        guard isInFileName(byte) else { return false }
        isFirst = false
      }
    }
    return !isFirst && text.utf8.count <= 255
  }

  /// One part of a path.
  static func isFileName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: ".") else { return false }
    return text.utf8.allSatisfy(isInFileName)
  }

  private static func isInFileName(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }
}
