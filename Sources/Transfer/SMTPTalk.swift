import CCurl

/// What is said between libcurl and an SMTP server about one mail: how far it came.
final class SMTPTalk {
  private let mail: [UInt8]
  private var given = 0
  private let needsUTF8: Bool
  private let isCancelled: @Sendable () -> Bool
  private(set) var step = SMTPTransfer.Step.connection
  /// The answer to the last command; `nil` while there is none.
  private(set) var reply: SMTPTransfer.Reply?
  /// Whether the server offers SMTPUTF8. It says so once a connection.
  private(set) var hasUTF8: Bool
  private(set) var lacksUTF8 = false
  /// Whether libcurl says goodbye; the answer to that means nothing.
  private var isOver = false

  init(
    mail: [UInt8], needsUTF8: Bool, hasUTF8: Bool, isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.mail = mail
    self.needsUTF8 = needsUTF8
    self.hasUTF8 = hasUTF8
    self.isCancelled = isCancelled
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> SMTPTalk? {
    context.map { Unmanaged<SMTPTalk>.fromOpaque($0).takeUnretainedValue() }
  }

  static let giveMail: yb_curl_data = { room, size, count, context in
    // CURL_READFUNC_ABORT, a macro.
    let abort = 0x1000_0000
    guard let talk = from(context), let room else { return abort }
    // Before the first byte of the mail: the server has taken nothing yet.
    if talk.needsUTF8, !talk.hasUTF8 {
      talk.lacksUTF8 = true
      return abort
    }
    let piece = min(size * count, talk.mail.count - talk.given)
    talk.mail.withUnsafeBytes { bytes in
      UnsafeMutableRawPointer(room).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[talk.given..<talk.given + piece])
          .baseAddress ?? UnsafeRawPointer(room), byteCount: piece)
    }
    talk.given += piece
    // libcurl knows the size and need not ask once more: with the last byte all is given.
    talk.step = talk.given == talk.mail.count ? .end : .body
    talk.reply = nil
    return piece
  }

  static let receiveProgress: yb_curl_progress = { context, _, _, _, _ in
    from(context)?.isCancelled() == true ? 1 : 0
  }

  static let ignore: yb_curl_data = { _, size, count, _ in size * count }

  static let listen: yb_curl_debug = { _, kind, bytes, count, context in
    guard let talk = from(context), let bytes else { return 0 }
    let line = UnsafeRawBufferPointer(start: bytes, count: count)
    if kind == CURLINFO_HEADER_OUT {
      talk.hear(command: line)
    } else if kind == CURLINFO_HEADER_IN {
      talk.hear(reply: line)
    }
    return 0
  }

  private static let commands: [(word: String, step: SMTPTransfer.Step)] = [
    ("EHLO ", .hello), ("HELO ", .hello), ("STARTTLS", .startTLS), ("AUTH ", .login),
    ("MAIL FROM", .sender), ("RCPT TO", .recipient), ("DATA", .data),
  ]

  /// A command was sent. Only its word is looked at: the rest can be an address or a password.
  private func hear(command line: UnsafeRawBufferPointer) {
    if line.starts(with: "QUIT".utf8) { isOver = true }
    guard step < .body else { return }
    guard let found = Self.commands.first(where: { line.starts(with: $0.word.utf8) }) else {
      return
    }
    // What a client says within AUTH is base64, which has no spaces, but can begin like a command.
    if step == .login, found.step == .startTLS || found.step == .data { return }
    step = found.step
    reply = nil
    if found.step == .hello { hasUTF8 = false }
  }

  private func hear(reply line: UnsafeRawBufferPointer) {
    guard !isOver, line.count >= 3, let code = Int(String(decoding: line.prefix(3), as: UTF8.self))
    else {
      return
    }
    let text = String(decoding: line.dropFirst(4).prefix(200), as: UTF8.self)
    if step == .connection {
      step = .greeting
    } else if step == .hello, text.uppercased().hasPrefix("SMTPUTF8") {
      hasUTF8 = true
    }
    // More lines follow.
    if line.count > 3, line[3] == UInt8(ascii: "-") { return }
    reply = SMTPTransfer.Reply(
      code: code, status: Self.status(text), queueID: code == 250 ? Self.queueID(text) : nil)
  }

  /// RFC 3463: a class, a subject and a detail.
  private static func status(_ text: String) -> String {
    let word = text.prefix { $0 != " " && !$0.isNewline }
    let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
    let isStatus =
      numbers.count == 3
      && numbers.allSatisfy { (1...3).contains($0.utf8.count) && $0.allSatisfy(\.isASCIIDigit) }
    return isStatus ? String(word) : ""
  }

  /// What follows "queued as", if it is one word of letters and digits.
  private static func queueID(_ text: String) -> String? {
    guard let found = text.firstRange(of: "queued as ") else { return nil }
    let word = text[found.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
    return (1...40).contains(word.utf8.count) ? String(word) : nil
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
