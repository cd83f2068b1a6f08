import Delivery
import Diagnostics
import Foundation
package import Pipelines
import Store

/// A message as it would be sent now.
package struct MessagePreview: Sendable {
  /// Of a mail; `nil` for a request.
  package var subject: String?
  /// A mail's text, or a request's body.
  package var text: String
  package var html: String?
  package var locale: String
  /// The names and sizes of the files that go with it.
  package var attachments: [(name: String, byteCount: Int)] = []
  /// What it goes without.
  package var remark: String?

  /// Makes a message that waits, was sent or is dead, without sending it.
  ///
  /// - Parameters:
  ///   - key: 64 hexadecimal digits.
  ///   - templates: the folder of templates and messages.
  /// - Throws: `usage` if its address and content were already removed, or what it tells of was
  ///   withdrawn.
  package init(
    _ key: String, _ record: RunRecord, _ configuration: Configuration, library: PipelineLibrary,
    templates: String
  ) throws {
    guard let message = try record.peek(key) else {
      throw Diagnostic(
        .usage, "of this message only its key is kept",
        hint: "what was sent is kept for 'delivery: keep:' in yearbook.yaml")
    }
    let maker = try MessageMaker(
      configuration, templates: try MessageTemplates.cached(folder: templates), library: library,
      store: try ReleaseStore(root: configuration.required(.store)))
    let made: OutgoingMessage
    do {
      made = try maker.make(message)
    } catch let unmade as MessageMaker.Unmade {
      throw Diagnostic(.usage, "the message cannot be sent now: \(unmade.reason)")
    }
    remark = made.remark
    locale = made.recipient.locale
    switch made.content {
    case .mail(let mail):
      (subject, text, html) = (mail.subject, mail.text, mail.html)
      for picture in mail.inline {
        // As a mail program shows it: a browser knows no content IDs.
        let data = Data(picture.bytes).base64EncodedString()
        html = html?.replacing(
          "cid:\(picture.name)", with: "data:\(picture.mediaType);base64,\(data)")
      }
      attachments = mail.attachments.map { ($0.name, $0.bytes.count) }
    case .json(let bytes): text = String(decoding: bytes, as: UTF8.self)
    }
  }
}
