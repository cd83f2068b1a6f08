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
    (1...255).contains(text.utf8.count)
      && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        isFileName(String($0))
      }
  }

  /// One part of a path.
  static func isFileName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: ".") else { return false }
    return text.utf8.allSatisfy { byte in
      isLetterOrDigit(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }
}
