import Basics
package import Diagnostics
import Glibc
package import Transfer

/// Calls a web service with each message: a webhook, a CRM.
///
/// Each call bears the message's key as `Idempotency-Key`, and with a secret the signature of
/// Standard Webhooks. Redirects are followed to the same scheme, host and port only.
package final class HTTPChannel: Channel {
  /// How messages are called out.
  package struct Settings: Sendable {
    package var method = "POST"
    /// `{recipient}` and `{key}` in it stand for the message's, percent-encoded.
    package var url: EndpointURL
    package var headers: [(name: String, value: String)] = []
    /// Statuses that mean yes; without any, 200 to 299.
    package var expected: Set<Int> = []
    /// With them, calls are signed; while a secret is replaced, with the old and the new one.
    package var webhookSecrets: [WebhookSecret] = []
    /// A file with certificates that are trusted instead of the system's.
    package var authorities: String?
    /// Whether the host can be at an address of this machine or of its networks.
    package var isPrivate = false
    package var patience = HTTPTransfer.Patience(connect: 10, stall: 30, total: 60)
    /// The longest answer that is read, in bytes. Only its status and header count.
    package var mostBytes = 64 << 10

    /// Calls of one URL.
    package init(url: EndpointURL) { self.url = url }
  }

  private let settings: Settings
  private let now: @Sendable () -> Int
  let transfer: HTTPTransfer

  private static let mostRedirects = 3

  /// A channel without an open connection.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - isCancelled: Called repeatedly. If it returns true, what is under way ends.
  package init(
    _ settings: Settings, now: @escaping @Sendable () -> Int = { time(nil) },
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    self.settings = settings
    self.now = now
    transfer = try HTTPTransfer(
      patience: settings.patience, authorities: settings.authorities,
      mostBytes: settings.mostBytes, reachesPrivate: settings.isPrivate, isCancelled: isCancelled)
  }

  /// `HOST:PORT`
  package func destination(of message: OutgoingMessage) -> String { settings.url.authority }

  /// Calls the service with a JSON body.
  package func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer {
    guard case .json(let body) = message.content else {
      return .refused(note: "a mail: its template makes another kind of message")
    }
    var url = settings.url
    var path = url.filled(recipient: message.recipient.address, key: message.key.hex)
    for _ in 0...Self.mostRedirects {
      let request = HTTPRequest(
        method: settings.method, url: url.origin + path, headers: headers(message.key, body),
        body: body)
      let response: HTTPResponse
      do throws(HTTPTransfer.Failure) {
        response = try transfer.perform(request, signing: nil)
      } catch {
        if let reply = error.reply, !error.isCancelled {
          return try answer(reply)
        }
        return try HTTPAnswers.answer(to: error, host: url.authority)
      }
      // Only these two repeat the request as it was.
      guard response.status == 307 || response.status == 308 else { return try answer(response) }
      guard let next = url.redirected(response.headers["location"] ?? "") else {
        return .refused(note: "\(response.status) to another place, which is not followed")
      }
      url = next
      path = next.template
    }
    return .refused(note: "more than \(Self.mostRedirects) redirects")
  }

  private func headers(
    _ key: SHA256Digest, _ body: [UInt8]
  ) -> [(name: String, value: String)] {
    var headers = settings.headers
    func add(_ name: String, _ value: String) {
      if !headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
        headers.append((name, value))
      }
    }
    add("Content-Type", "application/json")
    add("User-Agent", "Yearbook")
    add("Accept", "application/json")
    headers.append(("Idempotency-Key", key.hex))
    if !settings.webhookSecrets.isEmpty {
      let id = "msg_" + key.hex
      let time = now()
      let signatures = settings.webhookSecrets.map { $0.signature(id: id, time: time, body) }
      headers.append(("webhook-id", id))
      headers.append(("webhook-timestamp", String(time)))
      headers.append(("webhook-signature", signatures.joined(separator: " ")))
    }
    return headers
  }

  private func answer(_ response: HTTPResponse) throws(Diagnostic) -> ChannelAnswer {
    let status = response.status
    let isExpected =
      settings.expected.isEmpty
      ? (200..<300).contains(status) : settings.expected.contains(status)
    if isExpected { return .accepted(note: "\(status)") }
    if [401, 407].contains(status) {
      throw ChannelFaults.login(settings.url.authority, "\(status)")
    }
    if HTTPAnswers.isTransient(status) {
      let after = response.headers["retry-after"].flatMap { RetryAfter.seconds($0, now: now()) }
      return .later(note: "\(status)", after: after)
    }
    return .refused(note: "\(status)")
  }
}

/// What statuses and failures of HTTP mean for a message.
enum HTTPAnswers {
  /// Whether the server can be asked the same again.
  static func isTransient(_ status: Int) -> Bool {
    [408, 425, 429].contains(status) || (500...599).contains(status)
  }

  /// What a call without a whole answer means.
  static func answer(
    to failure: HTTPTransfer.Failure, host: String
  ) throws(Diagnostic) -> ChannelAnswer {
    if failure.isKeptIn { throw ChannelFaults.keptIn(host) }
    if failure.isUntrusted { throw ChannelFaults.untrusted(host) }
    if failure.lacksAuthorities { throw ChannelFaults.authorities(host) }
    let note = failure.isCancelled ? "told to stop" : failure.reason
    return failure.wasSent ? .uncertain(note: note) : .later(note: note, after: nil)
  }
}

/// The field `Retry-After`: RFC 9110, 10.2.3.
enum RetryAfter {
  /// No server is believed that asks for more.
  static let most = 7 * 86_400

  /// How many seconds to wait, from a number or a date; `nil` for anything else.
  static func seconds(_ text: String, now: Int) -> Int? {
    let text = text.drop { $0 == " " }.prefix { $0 != " " || text.contains(",") }
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      guard !text.isEmpty else { return nil }
      return min(Int(text) ?? most, most)
    }
    return date(text).map { min(max(0, $0 - now), most) }
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  private static func date(_ text: Substring) -> Int? {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: words[2]),
      words[1].count == 2, words[3].count == 4
    else { return nil }
    let day = "\(words[3])-\(CivilDate.padded(month + 1, 2))-\(words[1])"
    return Timestamp.seconds("\(day)T\(words[4])Z")
  }
}
