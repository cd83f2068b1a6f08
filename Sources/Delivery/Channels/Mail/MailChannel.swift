package import Diagnostics
import Glibc
package import Transfer

/// Sends mails to one SMTP server, which takes them on from there.
package final class MailChannel: Channel {
  private let server: SMTPTransfer.Server
  private let transfer: SMTPTransfer
  private let writer: MailWriter
  /// To whom reports about mails that cannot be delivered go.
  private let bounces: MailAddress
  private let now: @Sendable () -> Int

  /// A channel without an open connection.
  ///
  /// - Parameters:
  ///   - bounces: The sender that servers are told, if it is not the mails' own.
  ///   - now: Seconds since 1970, for messages without a date.
  ///   - isCancelled: Called repeatedly. If it returns true, what is under way ends.
  package init(
    _ server: SMTPTransfer.Server, writer: MailWriter, bounces: MailAddress? = nil,
    patience: HTTPTransfer.Patience = .init(), now: @escaping @Sendable () -> Int = { time(nil) },
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    self.server = server
    self.writer = writer
    self.bounces = bounces ?? writer.from
    self.now = now
    transfer = try SMTPTransfer(server, patience: patience, isCancelled: isCancelled)
  }

  /// `HOST:PORT`
  package func destination(of message: OutgoingMessage) -> String { server.description }

  /// Hands the mail to the server; once more at once if it had closed the connection meanwhile.
  package func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer {
    guard case .mail(let content) = message.content else {
      return .refused(note: "not a mail: its template makes another kind of message")
    }
    let bytes: [UInt8]
    let address: MailAddress
    do throws(MailWriter.Fault) {
      address = try MailWriter.address(of: message.recipient)
      bytes = try writer.write(
        content, to: message.recipient, key: message.key, date: message.date ?? now())
    } catch {
      return .refused(note: error.reason)
    }
    var tries = 0
    while true {
      tries += 1
      do throws(SMTPTransfer.Failure) {
        let reply = try transfer.send(
          bytes, from: bounces.wire, to: address.wire, needsUTF8: address.isInternational)
        return .accepted(note: Self.note(reply))
      } catch {
        // Servers close connections that were idle, or after some number of mails.
        if error.wasStale, tries == 1 { continue }
        return try answer(to: error)
      }
    }
  }

  /// What a failure means for this message, or for all.
  private func answer(to failure: SMTPTransfer.Failure) throws(Diagnostic) -> ChannelAnswer {
    let host = server.description
    if failure.isKeptIn { throw ChannelFaults.keptIn(server.host) }
    if failure.isUntrusted { throw ChannelFaults.untrusted(host) }
    if failure.lacksAuthorities { throw ChannelFaults.authorities(host) }
    if failure.lacksUTF8 {
      return .refused(note: "the server cannot take addresses in other scripts (SMTPUTF8)")
    }
    if failure.lacksTLS, failure.reply?.isTransient != true { throw noTLS }
    guard let reply = failure.reply else {
      if failure.isLoginDenied {
        throw ChannelFaults.login(host, "no way to log in that both know")
      }
      let note = failure.isCancelled ? "told to stop" : "\(failure.step.name): \(failure.reason)"
      return failure.step == .end ? .uncertain(note: note) : .later(note: note, after: nil)
    }
    let said = Self.note(reply)
    if reply.isTransient { return .later(note: said, after: nil) }
    guard reply.isPermanent else {
      // It said yes, and then the talk broke off.
      let note = "\(failure.step.name): \(failure.reason)"
      return .later(note: note, after: nil)
    }
    switch failure.step {
    case .connection, .greeting, .hello:
      throw Diagnostic(
        .configuration, "\(host) does not talk to this machine (\(said))",
        hint: "let it accept mails from here, or name another server")
    case .startTLS: throw noTLS
    case .login: throw ChannelFaults.login(host, said)
    case .sender where !Self.isOfOneMail(reply):
      throw Diagnostic(
        .configuration, "\(host) does not take mails from the channel's sender (\(said))",
        hint: "check `from`, `bounces` and `login` of the channel")
    case .recipient where reply.code == 530:
      throw ChannelFaults.login(host, said)
    case .sender, .recipient, .data, .body, .end: return .refused(note: said)
    }
  }

  private var noTLS: Diagnostic {
    Diagnostic(
      .configuration, "\(server) offers no encryption (STARTTLS), so nothing was sent",
      hint: "use the port for TLS with `tls: tls`, or let the server offer STARTTLS")
  }

  /// Whether a refusal of the sender is about this mail: its size, or its addresses' script.
  private static func isOfOneMail(_ reply: SMTPTransfer.Reply) -> Bool {
    reply.code == 552 || ["5.2.3", "5.3.4", "5.6.7", "5.6.9"].contains(reply.status)
  }

  /// The codes and what they mean. The server's own words can repeat an address.
  private static func note(_ reply: SMTPTransfer.Reply) -> String {
    let codes = reply.status.isEmpty ? "\(reply.code)" : "\(reply.code) \(reply.status)"
    if let id = reply.queueID { return "\(codes) queued as \(id)" }
    return DeliveryStatus.meaning(reply.status).map { "\(codes) \($0)" } ?? codes
  }
}

extension SMTPTransfer.Step {
  /// For people.
  fileprivate var name: String {
    switch self {
    case .connection: "no connection"
    case .greeting: "no greeting"
    case .hello: "broken off after EHLO"
    case .startTLS: "broken off at STARTTLS"
    case .login: "broken off at the login"
    case .sender: "broken off at MAIL FROM"
    case .recipient: "broken off at RCPT TO"
    case .data: "broken off at DATA"
    case .body: "broken off within the mail"
    case .end: "all was sent and the answer was lost"
    }
  }
}
