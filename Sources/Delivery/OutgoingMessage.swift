package import Basics

/// One message to one recipient, as it is handed to a channel. It is made when it is sent and
/// kept nowhere.
package struct OutgoingMessage: Sendable {
  /// The message's identity over all tries: `Message-ID`, `Idempotency-Key`, a file's name.
  package var key: SHA256Digest
  /// For whom.
  package var recipient: Recipient
  /// What it says.
  package var content: Content
  /// When it was queued, in seconds since 1970: the date that a mail bears, in all tries the same.
  /// `nil`: the time of the try.
  package var date: Int?
  /// What it goes without, for people who look after the sending; `nil` if nothing is missing. It
  /// holds no address and no text of the message.
  package var remark: String?

  /// A message with these parts.
  package init(key: SHA256Digest, recipient: Recipient, content: Content) {
    self.key = key
    self.recipient = recipient
    self.content = content
  }

  /// What a message says, by kind of channel.
  package enum Content: Sendable {
    case mail(MailContent)
    /// The body of an HTTP request or of a queue's message.
    case json([UInt8])
  }

  /// One person or one system that is told.
  package struct Recipient: Sendable {
    /// A mail address; for a system, whatever it knows the thing by. It is in no log.
    package var address: String
    /// The person's name, if it may be said.
    package var name: String?
    /// The language that they read, as `pt-BR`.
    package var locale: String

    /// A recipient with these parts.
    package init(address: String, name: String?, locale: String) {
      self.address = address
      self.name = name
      self.locale = locale
    }
  }
}

/// A mail before it is written as MIME: text that a template made, not yet encoded in any way.
package struct MailContent: Sendable {
  package var subject: String
  /// For programs that show no HTML.
  package var text: String
  package var html: String?
  /// Pictures that the HTML names as `cid:ID`.
  package var inline: [File] = []
  package var attachments: [File] = []
  /// Where a recipient says that they want no more of these: an https link that a program can
  /// post to (RFC 8058).
  package var unsubscribe: String?

  /// A mail with these parts.
  package init(subject: String, text: String, html: String?) {
    self.subject = subject
    self.text = text
    self.html = html
  }

  /// A file that goes with a mail.
  package struct File: Sendable {
    /// Its name, or for a picture its content ID.
    package var name: String
    /// As `image/png`.
    package var mediaType: String
    package var bytes: [UInt8]

    /// A file with these parts.
    package init(name: String, mediaType: String, bytes: [UInt8]) {
      self.name = name
      self.mediaType = mediaType
      self.bytes = bytes
    }
  }
}
