import Basics
import Crypto
package import Diagnostics
import Foundation
package import Transfer

/// Puts messages into a queue that is asked as Amazon's SQS is.
///
/// A message's attribute `Idempotency-Key` is its key. In a queue whose name ends in `.fifo` it is
/// the message's deduplication id too, and one recipient's messages stay in order.
package final class QueueChannel: Channel {
  /// The queue and who asks it.
  package struct Settings: Sendable {
    package var url: EndpointURL
    package var account: SigningAccount
    /// A file with certificates that are trusted instead of the system's.
    package var authorities: String?
    /// Whether the host can be at an address of this machine or of its networks.
    package var isPrivate = false
    package var patience = HTTPTransfer.Patience(connect: 10, stall: 30, total: 60)

    /// A queue at this URL.
    package init(url: EndpointURL, account: SigningAccount) {
      self.url = url
      self.account = account
    }
  }

  private let settings: Settings
  let transfer: HTTPTransfer

  /// The most bytes that a queue takes.
  private static let mostBytes = 256 << 10

  /// A channel without an open connection.
  ///
  /// - Parameter isCancelled: Called repeatedly. If it returns true, what is under way ends.
  package init(
    _ settings: Settings, isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    self.settings = settings
    transfer = try HTTPTransfer(
      patience: settings.patience, authorities: settings.authorities, mostBytes: 64 << 10,
      reachesPrivate: settings.isPrivate, isCancelled: isCancelled)
  }

  /// `HOST:PORT/PATH`: each queue is paced alone.
  package func destination(of message: OutgoingMessage) -> String {
    settings.url.authority + settings.url.template
  }

  /// Puts a JSON body into the queue.
  package func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer {
    guard case .json(let body) = message.content else {
      return .refused(note: "a mail: its template makes another kind of message")
    }
    guard body.count <= Self.mostBytes else {
      return .refused(note: "more than \(Self.mostBytes >> 10) KiB")
    }
    guard let text = String(validating: body, as: UTF8.self) else {
      return .refused(note: "not UTF-8")
    }
    let form = Self.form(text, message, isOrdered: settings.url.template.hasSuffix(".fifo"))
    var headers = [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
    headers += settings.account.headers
    let request = HTTPRequest(
      method: "POST", url: settings.url.origin + settings.url.template, headers: headers,
      body: Array(form.utf8))
    let response: HTTPResponse
    do throws(HTTPTransfer.Failure) {
      response = try transfer.perform(request, signing: settings.account.signing("sqs"))
    } catch {
      return try HTTPAnswers.answer(to: error, host: settings.url.authority)
    }
    return try answer(response, body)
  }

  /// Amazon's query protocol, which all servers of this kind know.
  private static func form(
    _ text: String, _ message: OutgoingMessage, isOrdered: Bool
  ) -> String {
    var fields = [
      ("Action", "SendMessage"), ("Version", "2012-11-05"), ("MessageBody", text),
      ("MessageAttribute.1.Name", "Idempotency-Key"),
      ("MessageAttribute.1.Value.DataType", "String"),
      ("MessageAttribute.1.Value.StringValue", message.key.hex),
    ]
    if isOrdered {
      // The address itself is nothing for a queue's log.
      let group = Basics.SHA256Digest(of: Array(message.recipient.address.utf8)).hex
      fields += [("MessageGroupId", group), ("MessageDeduplicationId", message.key.hex)]
    }
    return fields.map { "\($0)=\(EndpointURL.encoded($1))" }.joined(separator: "&")
  }

  private func answer(
    _ response: HTTPResponse, _ body: [UInt8]
  ) throws(Diagnostic) -> ChannelAnswer {
    let host = settings.url.authority
    let reply = String(decoding: response.body, as: UTF8.self)
    if response.status == 200 {
      // The queue says what it has got.
      let digest = Insecure.MD5.hash(data: body).map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
      guard Self.element("MD5OfMessageBody", reply) == digest else {
        return .uncertain(note: "200 without the digest of what was sent")
      }
      return .accepted(note: "200 \(Self.element("MessageId", reply) ?? "")")
    }
    let code = Self.element("Code", reply) ?? ""
    let said = code.isEmpty ? "\(response.status)" : "\(response.status) \(code)"
    if HTTPAnswers.isTransient(response.status) || Self.isTransient(code) {
      return .later(note: said, after: nil)
    }
    if code.hasSuffix("NonExistentQueue") || code.hasSuffix("QueueDoesNotExist") {
      throw Diagnostic(
        .configuration, "there is no such queue at \(host) (\(said))",
        hint: "create it, or check the channel's `url` and `region`")
    }
    if [401, 403].contains(response.status) || code == "InvalidClientTokenId" {
      throw ChannelFaults.login(host, said)
    }
    return .refused(note: said)
  }

  private static func isTransient(_ code: String) -> Bool {
    ["RequestThrottled", "ThrottlingException", "Throttling", "ServiceUnavailable", "OverLimit"]
      .contains { code.hasSuffix($0) }
  }

  /// The text of the first element of this name, if it is a word of letters, digits and dots.
  private static func element(_ name: String, _ xml: String) -> String? {
    guard let start = xml.range(of: "<\(name)>"),
      let end = xml.range(of: "</\(name)>", range: start.upperBound..<xml.endIndex)
    else { return nil }
    let text = xml[start.upperBound..<end.lowerBound]
    let isWord =
      text.utf8.count <= 100
      && text.utf8.allSatisfy { HeaderText.isLetterOrDigit($0) || ".-_".utf8.contains($0) }
    return isWord ? String(text) : nil
  }
}
