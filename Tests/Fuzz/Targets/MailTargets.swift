import Basics
import Delivery

/// A report about a mail that could not be delivered names only addresses and keys, if anything.
func checkBounce(_ bytes: [UInt8]) throws {
  guard let report = BounceReport(bytes) else { return }
  for recipient in report.recipients {
    try FuzzTarget.require(
      MailAddress(recipient.address)?.wire == recipient.address, "an address that is not one")
    try FuzzTarget.require(
      recipient.status.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) },
      "a status of other characters")
  }
  if let prefix = report.keyPrefix {
    try FuzzTarget.require(
      SHA256Digest(hex: prefix + prefix) != nil, "a key that is not hexadecimal")
  }
}

/// Whatever text is put into a mail, its header has the same fields, and no line is too long.
func checkMail(_ bytes: [UInt8]) throws {
  let text = String(decoding: bytes.prefix(2000), as: UTF8.self)
  guard let from = MailAddress("news@yearbook.example", name: text) else {
    throw Violation(description: "a name makes the address another")
  }
  var mail = MailContent(subject: "S" + text, text: text, html: text)
  mail.attachments = [.init(name: text, mediaType: text, bytes: bytes)]
  for (address, isOurs) in [("ana@example.org", true), (text, false)] {
    let recipient = OutgoingMessage.Recipient(address: address, name: text, locale: text)
    let written: [UInt8]
    do throws(MailWriter.Fault) {
      written = try MailWriter(from: from).write(
        mail, to: recipient, key: SHA256Digest(of: bytes), date: 0)
    } catch {
      try FuzzTarget.require(!isOurs, "refused: \(error.reason)")
      continue
    }
    try checkLines(written)
  }
}

private func checkLines(_ mail: [UInt8]) throws {
  var isHeader = true
  var names: [String] = []
  for line in mail.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
    try FuzzTarget.require(line.last == 0x0D, "a line that does not end in CR LF")
    try FuzzTarget.require(line.count <= 999, "a line of \(line.count) bytes")
    try FuzzTarget.require(!line.dropLast().contains(0x0D), "CR within a line")
    if line.count == 1 { isHeader = false }
    guard isHeader, line.first != 0x20 else { continue }
    names.append(String(decoding: line.prefix { $0 != 0x3A }, as: UTF8.self))
  }
  let known: Set = [
    "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Auto-Submitted",
    "Content-Language", "Content-Type",
  ]
  try FuzzTarget.require(Set(names).count == names.count, "a field twice")
  try FuzzTarget.require(known.isSuperset(of: names), "another field: \(names)")
}
