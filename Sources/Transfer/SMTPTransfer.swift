import CCurl
package import Diagnostics

/// Hands mails to one SMTP server, one after the other, over a connection that stays open between
/// them. Only one thread can use it.
///
/// libcurl speaks the protocol (RFC 5321), with STARTTLS (RFC 3207), AUTH (RFC 4954), SIZE and
/// SMTPUTF8 (RFC 6531). This says how far each mail came.
package final class SMTPTransfer {
  /// How a connection becomes private.
  package enum Security: String, Sendable, CaseIterable {
    /// From its first byte.
    case tls
    /// By the command STARTTLS, without which nothing is sent.
    case starttls
    /// Never: everybody between here and the server can read and change the mails.
    case none
  }

  /// The server and who asks it. Its description does not contain the password.
  package struct Server: Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int
    package var security: Security
    package var login: (user: String, password: String)?
    /// A file with certificates that are trusted instead of the system's.
    package var authorities: String?
    /// Whether it can be at an address of this machine or of its networks.
    package var isPrivate = false

    /// A server that is asked without a login.
    package init(host: String, port: Int, security: Security) {
      self.host = host
      self.port = port
      self.security = security
    }

    package var description: String { "\(host):\(port)" }

    fileprivate var url: String {
      let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
      return "\(security == .tls ? "smtps" : "smtp")://\(name):\(port)"
    }
  }

  /// What was under way last, in the protocol's order.
  package enum Step: Int, Comparable, Sendable {
    case connection, greeting, hello, startTLS, login, sender, recipient, data, body
    /// All of the mail was sent, with the line that ends it.
    case end

    package static func < (one: Step, other: Step) -> Bool { one.rawValue < other.rawValue }
  }

  /// The server's answer to a command, without its text: that can repeat an address.
  package struct Reply: Hashable, Sendable {
    /// As 250.
    package var code: Int
    /// RFC 3463, as "5.1.1"; empty if there is none.
    package var status: String
    /// What the server calls the mail that it took.
    package var queueID: String?

    /// It can take the mail later.
    package var isTransient: Bool { (400..<500).contains(code) }
    /// It will not take the mail.
    package var isPermanent: Bool { (500..<600).contains(code) }
  }

  /// The mail was not accepted, or nobody knows.
  package struct Failure: Error, Sendable {
    var code: CURLcode
    /// What was under way.
    package var step: Step
    /// The answer to it; `nil` if there was none.
    package var reply: Reply?
    /// All addresses of the host were ones that must not be reached.
    package var isKeptIn = false
    /// The server had closed the connection between two mails, as servers do.
    package var wasStale = false
    /// The mail needs SMTPUTF8, and the server has not got it.
    package var lacksUTF8 = false

    package var isCancelled: Bool { code == CURLE_ABORTED_BY_CALLBACK && !lacksUTF8 }
    package var isUntrusted: Bool { code == CURLE_PEER_FAILED_VERIFICATION }
    /// The file with trusted certificates cannot be read.
    package var lacksAuthorities: Bool { code == CURLE_SSL_CACERT_BADFILE }
    package var lacksTLS: Bool { code == CURLE_USE_SSL_FAILED }
    package var isLoginDenied: Bool { code == CURLE_LOGIN_DENIED }
    /// libcurl's own error text. It contains nothing of the mail.
    package var reason: String { String(cString: curl_easy_strerror(code)) }
  }

  private let handle: TransferHandle
  private let server: Server
  private let patience: HTTPTransfer.Patience
  private let isCancelled: @Sendable () -> Bool
  private var hasUTF8 = false

  /// A transfer without an open connection.
  ///
  /// - Parameter isCancelled: Called repeatedly. If it returns true, the transfer ends.
  package init(
    _ server: Server, patience: HTTPTransfer.Patience,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    handle = try TransferHandle()
    self.server = server
    self.patience = patience
    self.isCancelled = isCancelled
  }

  /// Hands over one mail and waits until the server says that it has it.
  ///
  /// - Parameters:
  ///   - mail: In lines that end in CR LF.
  ///   - needsUTF8: Whether the mail has addresses in other scripts.
  package func send(
    _ mail: [UInt8], from sender: String, to recipient: String, needsUTF8: Bool
  ) throws(Failure) -> Reply {
    let talk = SMTPTalk(
      mail: mail, needsUTF8: needsUTF8, hasUTF8: hasUTF8, isCancelled: isCancelled)
    handle.reset()
    let recipients = curl_slist_append(nil, recipient)
    defer { curl_slist_free_all(recipients) }
    setOptions()
    handle.set(CURLOPT_MAIL_FROM, sender)
    yb_curl_set_pointer(handle.pointer, CURLOPT_MAIL_RCPT, recipients)
    yb_curl_set_size(handle.pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.count))
    let code = withExtendedLifetime(talk) {
      let context = Unmanaged.passUnretained(talk).toOpaque()
      yb_curl_set_pointer(handle.pointer, CURLOPT_READDATA, context)
      yb_curl_set_pointer(handle.pointer, CURLOPT_XFERINFODATA, context)
      yb_curl_set_pointer(handle.pointer, CURLOPT_DEBUGDATA, context)
      yb_curl_set_data(handle.pointer, CURLOPT_READFUNCTION, SMTPTalk.giveMail)
      yb_curl_set_progress(handle.pointer, SMTPTalk.receiveProgress)
      yb_curl_set_debug(handle.pointer, SMTPTalk.listen)
      yb_curl_set_data(handle.pointer, CURLOPT_WRITEFUNCTION, SMTPTalk.ignore)
      return curl_easy_perform(handle.pointer)
    }
    hasUTF8 = talk.hasUTF8
    if code == CURLE_OK, let reply = talk.reply, talk.step == .end { return reply }
    var failure = Failure(code: code, step: talk.step, reply: talk.reply)
    failure.isKeptIn = handle.wasKeptIn
    // Without the extension a server can refuse the address before the mail is asked for.
    failure.lacksUTF8 =
      talk.lacksUTF8
      || (needsUTF8 && !talk.hasUTF8 && talk.step > .login && talk.reply?.isPermanent == true)
    failure.wasStale =
      handle.usedOpenConnection && talk.step < .data && (talk.reply.map { $0.code == 421 } ?? true)
    throw failure
  }

  private func setOptions() {
    handle.set(CURLOPT_URL, server.url)
    handle.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    handle.set(CURLOPT_UPLOAD, 1)
    // The steps are read from what libcurl reports about the talk; it is written nowhere.
    handle.set(CURLOPT_VERBOSE, 1)
    handle.set(CURLOPT_CONNECTTIMEOUT, patience.connect)
    handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, patience.stall)
    handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
    handle.set(CURLOPT_LOW_SPEED_TIME, patience.stall)
    if let total = patience.total { handle.set(CURLOPT_TIMEOUT, total) }
    let security = server.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
    handle.set(CURLOPT_USE_SSL, Int(security.rawValue))
    if let authorities = server.authorities { handle.set(CURLOPT_CAINFO, authorities) }
    if !server.isPrivate { handle.allowPublicOnly() }
    guard let login = server.login else { return }
    handle.set(CURLOPT_USERNAME, login.user)
    handle.set(CURLOPT_PASSWORD, login.password)
  }
}
