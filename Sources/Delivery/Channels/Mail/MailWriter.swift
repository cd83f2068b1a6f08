package import Basics

/// Writes a mail as it travels: RFC 5322 with MIME (RFC 2045 to 2047, 2231) and, for addresses in
/// other scripts, RFC 6532.
///
/// The bytes depend only on what is given, so a second try is the same mail.
package struct MailWriter: Sendable {
  /// From whom all mails are.
  package var from: MailAddress
  /// To whom answers go, if not to `from`.
  package var replyTo: MailAddress?

  /// A writer for mails from this address.
  package init(from: MailAddress, replyTo: MailAddress? = nil) {
    self.from = from
    self.replyTo = replyTo
  }

  /// Why a mail cannot be written. No case holds text of the mail.
  package enum Fault: Error, Hashable {
    /// The recipient has no address, or several, or something that is not one.
    case address
    /// It has no subject.
    case subject
    /// Where to unsubscribe is not an https link.
    case unsubscribe
    /// A picture's content ID is not of letters, digits and `._-`, or two pictures have the same.
    case picture

    /// For people.
    package var reason: String {
      switch self {
      case .address: "the recipient's address is not one mail address"
      case .subject: "the mail has no subject"
      case .unsubscribe: "the link to unsubscribe is not an https link"
      case .picture: "a picture's content ID is not a name, or is there twice"
      }
    }
  }

  /// The recipient's address.
  ///
  /// - Throws: `.address`
  package static func address(
    of recipient: OutgoingMessage.Recipient
  ) throws(Fault) -> MailAddress {
    guard let address = MailAddress(recipient.address, name: recipient.name) else {
      throw .address
    }
    return address
  }

  /// The `Message-ID` of the message with this key, without its brackets. All tries have the same.
  package func messageID(_ key: SHA256Digest) -> String {
    "\(key.hex.prefix(32))@\(from.domain)"
  }

  /// The whole mail; each line ends in CR LF and has at most 998 bytes.
  ///
  /// - Parameter date: Seconds since 1970, as the mail's own date.
  package func write(
    _ mail: MailContent, to recipient: OutgoingMessage.Recipient, key: SHA256Digest, date: Int
  ) throws(Fault) -> [UInt8] {
    let address = try Self.address(of: recipient)
    var header = MailHeader()
    header.add("Date", [MailDate.text(date)])
    header.add("From", Self.mailbox(from))
    if let replyTo { header.add("Reply-To", Self.mailbox(replyTo)) }
    header.add("To", Self.mailbox(address))
    let subject = HeaderText.subject(mail.subject)
    guard !subject.isEmpty else { throw .subject }
    header.add("Subject", subject)
    header.add("Message-ID", ["<\(messageID(key))>"])
    header.add("MIME-Version", ["1.0"])
    // RFC 3834: no out-of-office note answers it.
    header.add("Auto-Submitted", ["auto-generated"])
    let language = recipient.locale
    if !language.isEmpty, language.utf8.count <= 35,
      language.utf8.allSatisfy({ HeaderText.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") })
    {
      header.add("Content-Language", [language])
    }
    if let link = mail.unsubscribe {
      guard Self.isLink(link) else { throw .unsubscribe }
      // RFC 2919: what it is that one leaves. A link without it looks like a forged one to filters.
      header.add("List-Id", ["<messages.\(from.domain)>"])
      header.add("List-Unsubscribe", ["<\(link)>"])
      // RFC 8058: one click is enough.
      header.add("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"])
    }
    let part = try self.part(mail, key)
    var bytes = header.bytes
    bytes.reserveCapacity(bytes.count + part.header.bytes.count + part.body.count + 2)
    bytes.append(contentsOf: part.header.bytes)
    bytes.append(contentsOf: "\r\n".utf8)
    bytes.append(contentsOf: part.body)
    if bytes.last != 0x0A { bytes.append(contentsOf: "\r\n".utf8) }
    return bytes
  }

  private func part(_ mail: MailContent, _ key: SHA256Digest) throws(Fault) -> MailPart {
    func boundary(_ number: Int) -> String { "=_\(key.hex.suffix(32))_\(number)" }
    var part = MailPart.text(mail.text, "plain")
    if var html = mail.html {
      var ids: [String: String] = [:]
      for picture in mail.inline {
        guard Self.isID(picture.name), ids[picture.name] == nil else { throw .picture }
        // RFC 2392: unlike any other mail's.
        let id = "\(picture.name).\(messageID(key))"
        ids[picture.name] = id
      }
      if !ids.isEmpty { html = Self.showing(ids, in: html) }
      var rich = MailPart.text(html, "html")
      if !mail.inline.isEmpty {
        let pictures = mail.inline.map { MailPart.inline($0, id: ids[$0.name] ?? "") }
        rich = .multipart(
          "related", [rich] + pictures, boundary: boundary(3),
          parameters: [("type", "text/html")])
      }
      part = .multipart("alternative", [part, rich], boundary: boundary(2))
    }
    // Without HTML there is no text that shows the pictures.
    let files = (mail.html == nil ? mail.inline : []) + mail.attachments
    guard !files.isEmpty else { return part }
    return .multipart("mixed", [part] + files.map(MailPart.attachment), boundary: boundary(1))
  }

  /// The text with the pictures' ids in place of their names, where a name after `cid:` ends with
  /// a quote or a bracket. In one pass over the bytes: searching for each name as characters took
  /// more than half of the time that a mail takes.
  private static func showing(_ ids: [String: String], in html: String) -> String {
    let bytes = Array(html.utf8)
    let scheme = Array("cid:".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + 128)
    var place = 0
    while place < bytes.count {
      out.append(bytes[place])
      place += 1
      guard bytes[place - 1] == scheme[3], out.suffix(4).elementsEqual(scheme) else { continue }
      let name = bytes[place...].prefix {
        HeaderText.isLetterOrDigit($0) || "._-".utf8.contains($0)
      }
      guard name.endIndex < bytes.count, "\"')".utf8.contains(bytes[name.endIndex]),
        let id = ids[String(decoding: name, as: UTF8.self)]
      else { continue }
      out.append(contentsOf: id.utf8)
      place = name.endIndex
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func mailbox(_ address: MailAddress) -> [String] {
    guard let name = address.name else { return [address.wire] }
    return HeaderText.phrase(name) + ["<\(address.wire)>"]
  }

  private static func isID(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { HeaderText.isLetterOrDigit($0) || "._-".utf8.contains($0) }
      && !name.hasPrefix(".") && !name.hasSuffix(".") && !name.contains("..")
  }

  private static func isLink(_ link: String) -> Bool {
    link.hasPrefix("https://") && link.utf8.count <= 900
      && link.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`{|}".utf8.contains($0) }
  }
}

/// A moment as mails write it: RFC 5322, 3.3.
enum MailDate {
  /// `Sun, 29 Nov 2026 22:07:28 +0000`
  static func text(_ seconds: Int) -> String {
    let date = CivilDate(daysSince1970: Timestamp.dayNumber(seconds))
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let time = Timestamp.rfc3339(seconds).dropFirst(11).dropLast()
    return "\(days[date.weekday]), \(CivilDate.padded(date.day, 2)) \(months[date.month - 1])"
      + " \(CivilDate.padded(date.year, 4)) \(time) +0000"
  }
}
