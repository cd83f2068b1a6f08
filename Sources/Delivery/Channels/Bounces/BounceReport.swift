import Foundation

/// What a mail server reports about a mail that it could not deliver: RFC 3464, in a mail of
/// RFC 3462; for addresses in other scripts RFC 6533.
///
/// It is text that anybody can have written. Who acts on it must know the message that it names.
package struct BounceReport: Hashable, Sendable {
  /// What is reported of one recipient.
  package struct Recipient: Hashable, Sendable {
    /// The address that was written to, or, where the report does not tell, where the mail ended.
    package var address: String
    /// As `failed`, in lower case.
    package var action: String
    /// RFC 3463, as "5.1.1"; empty if it is malformed.
    package var status: String

    /// Whether nothing will ever be delivered to the address: the mail failed for good, and for a
    /// reason that is in the address, not in the mail, its size or somebody's rules.
    package var isDead: Bool {
      let numbers = status.split(separator: ".").map(String.init)
      guard action == "failed", numbers.count == 3, numbers[0] == "5" else { return false }
      return ["0.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.1", "4.4"]
        .contains(numbers[1] + "." + numbers[2])
    }
  }

  package var recipients: [Recipient]
  /// The `Message-ID` of the mail, without its brackets.
  package var messageID: String?

  /// The beginning of the message's key, if the mail is one of ours: 32 hexadecimal digits.
  package var keyPrefix: String? {
    guard let local = messageID?.prefix(while: { $0 != "@" }), local.utf8.count == 32,
      local.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return String(local)
  }

  /// The most bytes that are looked at, recipients that are taken, and parts that are read.
  private static let most = (bytes: 1 << 20, recipients: 1000, parts: 50)

  /// Reads a mail; `nil` if it is not a report about a delivery.
  package init?(_ mail: [UInt8]) {
    var mail = mail.prefix(Self.most.bytes)
    // A mailbox's own line before a mail.
    if mail.starts(with: "From ".utf8) {
      mail = mail.drop { $0 != 0x0A }.dropFirst()
    }
    let whole = ReceivedPart(mail)
    guard whole.mediaType == "multipart/report", let boundary = whole.parameter("boundary") else {
      return nil
    }
    recipients = []
    var hasStatus = false
    for part in ReceivedPart.parts(whole.body, boundary: boundary, most: Self.most.parts) {
      switch part.mediaType {
      case "message/delivery-status", "message/global-delivery-status":
        hasStatus = true
        for block in part.blocks.dropFirst() {
          guard recipients.count < Self.most.recipients, let found = Recipient(block) else {
            continue
          }
          recipients.append(found)
        }
      case "text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers":
        let id = ReceivedPart(part.decoded[...]).field("message-id") ?? ""
        let bare = id.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
        if !bare.isEmpty, bare.utf8.count <= 998, messageID == nil { messageID = String(bare) }
      default: break
      }
    }
    guard hasStatus else { return nil }
  }
}

extension BounceReport.Recipient {
  /// The fields about one recipient; `nil` if they name nobody.
  init?(_ part: ReceivedPart) {
    let named = [part.field("original-recipient"), part.field("final-recipient")]
    guard let address = named.lazy.compactMap({ $0.flatMap(Self.address) }).first else {
      return nil
    }
    self.address = address
    action = (part.field("action") ?? "").lowercased()
    let word = (part.field("status") ?? "").prefix { !$0.isWhitespace }
    let isStatus =
      word.split(separator: ".").count == 3
      && word.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    status = isStatus ? String(word) : ""
  }

  /// `rfc822; ana@example.org`
  private static func address(_ field: String) -> String? {
    guard let semicolon = field.firstIndex(of: ";") else { return nil }
    let kind = field[..<semicolon].trimmed.lowercased()
    var text = String(field[field.index(after: semicolon)...].trimmed)
    guard kind == "rfc822" || kind == "utf-8" else { return nil }
    if text.hasPrefix("<"), text.hasSuffix(">") { text = String(text.dropFirst().dropLast()) }
    return MailAddress(kind == "utf-8" ? unescaped(text) : text)?.wire
  }

  /// RFC 6533, 3: `\x{E9}` stands for a character.
  private static func unescaped(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      if rest.starts(with: "\\x{".unicodeScalars), let end = rest.firstIndex(of: "}"),
        let value = UInt32(String(rest[..<end].dropFirst(3)), radix: 16),
        let decoded = Unicode.Scalar(value)
      {
        out.append(decoded)
        rest = rest[rest.index(after: end)...]
      } else {
        out.append(scalar)
        rest = rest.dropFirst()
      }
    }
    return String(out)
  }
}

extension Substring {
  /// Without blanks at its ends.
  var trimmed: Substring {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
