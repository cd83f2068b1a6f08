import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Delivery

/// What a strict mail program reads in a mail: Python's `email`, and rules of our own
/// (Tests/Fixtures/mail_judge.py).
struct JudgedMail: Decodable {
  struct Part: Decodable {
    var type: String
    var text: String?
    var bytes: String?
    var encoding: String?
    var file: String?
    var disposition: String?

    var content: [UInt8] { Data(base64Encoded: bytes ?? "").map(Array.init) ?? [] }
  }

  var faults: [String]
  var names: [String]
  var subject: String
  var from: String
  var to: String?
  var toName: String?
  var messageID: String
  var unsubscribe: String?
  var utf8: Bool
  var date: Double
  var parts: [Part]

  /// Reads mails, all by one program.
  static func read(_ mails: [[UInt8]]) throws -> [JudgedMail] {
    try withTemporaryFolder { folder in
      let paths = mails.indices.map { "\(folder)/\($0).eml" }
      for (path, mail) in zip(paths, mails) { try Data(mail).write(to: URL(filePath: path)) }
      let python = try #require(Places.program("python3"))
      let judged = try Program.run(
        [python, Places.project + "/Tests/Fixtures/mail_judge.py"] + paths)
      #expect(judged.status == 0, "\(judged.output.suffix(2000))")
      return try judged.output.split(separator: "\n").map {
        try JSONDecoder().decode(JudgedMail.self, from: Data($0.utf8))
      }
    }
  }
}

/// A sender, recipients and a key for tests.
enum Letters {
  static let writer: MailWriter = {
    guard let from = MailAddress(mailbox: "Anuário <news@yearbook.example>") else {
      fatalError("the sender is an address")
    }
    return MailWriter(from: from)
  }()
  static let key = SHA256Digest(of: Array("key".utf8))
  static let date = 1_795_990_048

  static func recipient(
    _ address: String = "ana@example.org", name: String? = nil, locale: String = "pt-BR"
  ) -> OutgoingMessage.Recipient {
    .init(address: address, name: name, locale: locale)
  }

  static func mail(
    _ subject: String = "Seu ano", text: String = "Olá", html: String? = nil
  ) -> MailContent {
    MailContent(subject: subject, text: text, html: html)
  }

  static func message(
    _ content: MailContent = mail(), to address: String = "ana@example.org",
    key: SHA256Digest = key
  ) -> OutgoingMessage {
    var message = OutgoingMessage(
      key: key, recipient: recipient(address), content: .mail(content))
    message.date = date
    return message
  }
}
