import Basics
package import Diagnostics
import Foundation
import Glibc
package import Transfer

/// Sends mails through Amazon's Simple Email Service: version 2 of its API, `SendEmail` with the
/// whole mail as this program writes it.
///
/// The service replaces `Message-ID` by its own, which the answer's note names. It has no key
/// under which it would know a mail again: one whose answer was lost can arrive twice.
package final class SESChannel: Channel {
  /// The service and who asks it.
  package struct Settings: Sendable {
    package var url: EndpointURL
    package var account: SigningAccount
    package var writer: MailWriter
    /// To whom the service sends reports about mails that cannot be delivered; `nil`: as the
    /// account says.
    package var bounces: MailAddress?
    /// A file with certificates that are trusted instead of the system's.
    package var authorities: String?
    /// Whether the host can be at an address of this machine or of its networks.
    package var isPrivate = false
    package var patience = HTTPTransfer.Patience(connect: 10, stall: 60, total: 120)

    /// The service at this URL, with mails from the writer's sender.
    package init(url: EndpointURL, account: SigningAccount, writer: MailWriter) {
      self.url = url
      self.account = account
      self.writer = writer
    }
  }

  private let settings: Settings
  private let transfer: HTTPTransfer
  private let now: @Sendable () -> Int

  /// A channel without an open connection.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970, for messages without a date.
  ///   - isCancelled: Called repeatedly. If it returns true, what is under way ends.
  package init(
    _ settings: Settings, now: @escaping @Sendable () -> Int = { time(nil) },
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    self.settings = settings
    self.now = now
    transfer = try HTTPTransfer(
      patience: settings.patience, authorities: settings.authorities, mostBytes: 64 << 10,
      reachesPrivate: settings.isPrivate, isCancelled: isCancelled)
  }

  /// `HOST:PORT`
  package func destination(of message: OutgoingMessage) -> String { settings.url.authority }

  /// Hands the mail to the service.
  package func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer {
    guard case .mail(let content) = message.content else {
      return .refused(note: "not a mail: its template makes another kind of message")
    }
    let body: [UInt8]
    do {
      let address = try MailWriter.address(of: message.recipient)
      guard !address.isInternational else {
        return .refused(note: "the service cannot take addresses in other scripts (SMTPUTF8)")
      }
      let mail = try settings.writer.write(
        content, to: message.recipient, key: message.key, date: message.date ?? now())
      body = try self.body(mail, to: address)
    } catch let fault as MailWriter.Fault {
      return .refused(note: fault.reason)
    } catch {
      throw Diagnostic(.bug, "a mail cannot be written as JSON", underlying: error)
    }
    let request = HTTPRequest(
      method: "POST", url: settings.url.origin + "/v2/email/outbound-emails",
      headers: [(name: "Content-Type", value: "application/json")] + settings.account.headers,
      body: body)
    let response: HTTPResponse
    do throws(HTTPTransfer.Failure) {
      response = try transfer.perform(request, signing: settings.account.signing("ses"))
    } catch {
      return try HTTPAnswers.answer(to: error, host: settings.url.authority)
    }
    return try answer(response)
  }

  /// What `SendEmail` is asked.
  private struct Sending: Encodable {
    struct Destination: Encodable { var ToAddresses: [String] }
    struct Content: Encodable { var Raw: Raw }
    struct Raw: Encodable { var Data: Data }
    var FromEmailAddress: String
    var FeedbackForwardingEmailAddress: String?
    var Destination: Destination
    var Content: Content
  }

  private func body(_ mail: [UInt8], to address: MailAddress) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(
      try encoder.encode(
        Sending(
          FromEmailAddress: settings.writer.from.wire,
          FeedbackForwardingEmailAddress: settings.bounces?.wire,
          Destination: .init(ToAddresses: [address.wire]),
          Content: .init(Raw: .init(Data: Data(mail))))))
  }

  private struct Reply: Decodable {
    var MessageId: String?
    var __type: String?
  }

  private func answer(_ response: HTTPResponse) throws(Diagnostic) -> ChannelAnswer {
    let reply = try? JSONDecoder().decode(Reply.self, from: Data(response.body))
    if response.status == 200 {
      guard let id = reply?.MessageId.flatMap(Self.word) else {
        return .uncertain(note: "200 without the mail's id")
      }
      return .accepted(note: "200 \(id)")
    }
    // `Name:address of a description`, or `prefix#Name`.
    let kind = (response.headers["x-amzn-errortype"] ?? reply?.__type)
      .flatMap { $0.split(separator: ":").first?.split(separator: "#").last }
      .flatMap { Self.word(String($0)) }
    let said = kind.map { "\(response.status) \($0)" } ?? "\(response.status)"
    if HTTPAnswers.isTransient(response.status) || kind?.contains("Throttling") == true {
      return .later(note: said, after: nil)
    }
    let host = settings.url.authority
    if [401, 403].contains(response.status) { throw ChannelFaults.login(host, said) }
    if let kind, Self.faults.contains(kind) || refusesSender(response, kind) {
      throw Diagnostic(
        .configuration, "\(host) sends nothing from the channel's sender (\(said))",
        hint:
          "verify the domain of `from` in the channel's region, and see whether the account may send"
      )
    }
    return .refused(note: said)
  }

  /// What is wrong with the account, and so with all mails.
  private static let faults: Set<String> = [
    "AccountSuspendedException", "MailFromDomainNotVerifiedException", "NotFoundException",
    "SendingPausedException",
  ]

  /// A refusal that names the sender: its domain is not verified. One that names the recipient is
  /// about this mail.
  private func refusesSender(_ response: HTTPResponse, _ kind: String) -> Bool {
    let text = String(decoding: response.body, as: UTF8.self)
    return kind.hasPrefix("MessageRejected") && text.contains(settings.writer.from.wire)
  }

  /// The text, if it is a word of letters, digits and dashes.
  private static func word(_ text: String) -> String? {
    let isWord =
      !text.isEmpty && text.utf8.count <= 100
      && text.utf8.allSatisfy { HeaderText.isLetterOrDigit($0) || "-._".utf8.contains($0) }
    return isWord ? text : nil
  }
}
