import Foundation
import TestSupport

@testable import Basics
@testable import Delivery

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
