import Foundation
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics
@testable import Transfer

/// A mail server of the tests and channels to it.
struct MailScene {
  let server: FaultyServer
  let certificate: TestCertificate
  let security: SMTPTransfer.Security

  init(_ security: SMTPTransfer.Security = .none, _ words: [String] = []) throws {
    certificate = try TestCertificate()
    self.security = security
    let secure =
      security == .none ? [] : [security.rawValue, certificate.file, certificate.key]
    server = try FaultyServer("mail_server.py", secure + words)
  }

  func place(host: String = "localhost") -> SMTPTransfer.Server {
    var place = SMTPTransfer.Server(host: host, port: server.port, security: security)
    place.isPrivate = true
    place.authorities = security == .none ? nil : certificate.file
    return place
  }

  func channel(_ place: SMTPTransfer.Server? = nil, stall: Int = 1) throws -> MailChannel {
    try MailChannel(
      place ?? self.place(), writer: Letters.writer,
      patience: .init(connect: 2, stall: stall), isCancelled: { false })
  }

  /// The mails that it has taken, with senders and recipients.
  func taken() throws -> [(envelope: String, mail: [UInt8])] {
    let folder = server.path + "/mail"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try names.filter { $0.hasSuffix(".eml") }.compactMap { Int($0.dropLast(4)) }.sorted()
      .map { number in
        let envelope = try FileReader.contents("\(folder)/\(number).to") ?? []
        let mail = try FileReader.contents("\(folder)/\(number).eml") ?? []
        return (String(decoding: envelope, as: UTF8.self), mail)
      }
  }
}

extension ChannelAnswer {
  /// Which of the four it is.
  var kind: String {
    switch self {
    case .accepted: "accepted"
    case .later: "later"
    case .refused: "refused"
    case .uncertain: "uncertain"
    }
  }

  var note: String {
    switch self {
    case .accepted(let note), .later(let note, _), .refused(let note), .uncertain(let note): note
    }
  }
}

@Suite("Mails through a server", .enabled(if: FaultyServer.missing == nil))
struct MailChannelTests {
  private func letter(_ number: Int, to address: String = "ana@example.org") -> OutgoingMessage {
    Letters.message(
      Letters.mail("Nº \(number)", text: ".\n..x\nOlá\n", html: "<p>.</p>"), to: address,
      key: SHA256Digest(of: Array("\(number)".utf8)))
  }

  @Test func `A thousand mails arrive over one connection as they were written`() throws {
    let scene = try MailScene()
    let channel = try scene.channel(stall: 10)
    let count = Seeds.isSoak ? 1000 : 100
    for number in 1...count {
      let answer = try channel.send(letter(number))
      #expect(
        answer
          == .accepted(note: "250 2.0.0 queued as \(String(number, radix: 16, uppercase: true))F"))
    }
    let taken = try scene.taken()
    #expect(taken.count == count)
    for (number, found) in zip(1...count, taken) {
      let message = letter(number)
      guard case .mail(let mail) = message.content else { continue }
      let expected = try Letters.writer.write(
        mail, to: message.recipient, key: message.key, date: Letters.date)
      #expect(found.mail == expected)
      #expect(found.envelope == "news@yearbook.example ana@example.org")
    }
    #expect(scene.server.log.filter { $0.hasSuffix("hello") }.count == 1)
  }

  @Test(arguments: [
    ("greeting", "421 4.3.2 busy", "later"), ("greeting", "554 5.3.2 no", "fault"),
    ("sender", "451 4.3.0 no", "later"),
    ("sender", "552 5.3.4 big", "refused"), ("sender", "550 5.7.1 ana@example.org", "fault"),
    ("recipient", "450 4.2.1 ana@example.org busy", "later"),
    ("recipient", "550 5.1.1 <ana@example.org> unknown", "refused"),
    ("recipient", "530 5.7.0 log in first", "fault"), ("recipient", "421 4.3.2 bye", "later"),
    ("data", "451 4.3.0 no", "later"), ("data", "554 5.5.1 no", "refused"),
    ("end", "452 4.3.1 full", "later"), ("end", "550 5.7.1 ana@example.org is spam", "refused"),
  ]) func `What the server says at each step decides what becomes of the mail`(
    step: String, reply: String, expected: String
  ) throws {
    let scene = try MailScene()
    let channel = try scene.channel()
    scene.server.misbehave("\(step) reply 1 \(reply)")
    do throws(Diagnostic) {
      let answer = try channel.send(letter(1))
      #expect(answer.kind == expected, "\(answer)")
      #expect(answer.note.hasPrefix(String(reply.prefix(3))), "\(answer)")
      #expect(!answer.note.contains("ana@"))
    } catch {
      #expect(expected == "fault", "\(error)")
      #expect(error.code == .configuration && !"\(error)".contains("ana@"))
    }
    #expect(try scene.taken().isEmpty)
    // The channel goes on.
    #expect(try channel.send(letter(2)).kind == "accepted")
    #expect(try scene.taken().count == 1)
  }

  @Test(arguments: [
    ("greeting", "drop", "later"), ("hello", "drop", "later"), ("sender", "drop", "later"),
    ("sender", "lose", "later"), ("recipient", "drop", "later"), ("recipient", "lose", "later"),
    ("data", "drop", "later"), ("body", "drop", "later"), ("end", "drop", "uncertain"),
    ("end", "lose", "uncertain"), ("greeting", "hang", "later"), ("sender", "hang", "later"),
    ("recipient", "hang", "later"), ("data", "hang", "later"), ("end", "hang", "uncertain"),
  ])
  func `A connection lost before the end of the mail is a reason for another try, after it a doubt`(
    step: String, act: String, expected: String
  ) throws {
    let scene = try MailScene()
    // A large mail takes a busy machine its time.
    let channel = try scene.channel(stall: step == "body" ? 60 : 1)
    scene.server.misbehave("\(step) \(act) 1")
    // Within the mail, of which only a part must have been given.
    var message = letter(1)
    if step == "body" {
      var mail = Letters.mail()
      let bytes = [UInt8](repeating: 7, count: 16 << 20)
      mail.attachments = [.init(name: "large.bin", mediaType: "application/x", bytes: bytes)]
      message = Letters.message(mail, key: message.key)
    }
    let answer = try channel.send(message)
    #expect(answer.kind == expected, "\(answer)")
    let again = try channel.send(message)
    #expect(again.kind == "accepted")
    let taken = try scene.taken()
    #expect(taken.count == (act == "lose" && step == "end" ? 2 : 1))
    // A mail that arrived twice is one and the same.
    #expect(Set(taken.map(\.mail)).count == 1)
  }

  @Test func `A connection that the server closed between two mails costs no try`() throws {
    let scene = try MailScene()
    let channel = try scene.channel()
    #expect(try channel.send(letter(1)).kind == "accepted")
    scene.server.misbehave("sender drop 1")
    #expect(try channel.send(letter(2)).kind == "accepted")
    scene.server.misbehave("sender reply 1 421 4.4.2 idle for too long")
    #expect(try channel.send(letter(3)).kind == "accepted")
    #expect(try scene.taken().count == 3)
  }

  @Test func `Nobody listens, or the name is unknown: later`() throws {
    let scene = try MailScene()
    var place = scene.place()
    place.port = 1
    #expect(try scene.channel(place).send(letter(1)).kind == "later")
    place.host = "nobody.invalid"
    #expect(try scene.channel(place).send(letter(1)).kind == "later")
  }

  @Test func `A server that cannot take addresses in other scripts is asked for no such mail`()
    throws
  {
    let able = try MailScene()
    let channel = try able.channel()
    #expect(try channel.send(letter(1, to: "josé@例え.テスト")).kind == "accepted")
    #expect(try able.taken().first?.envelope == "news@yearbook.example josé@xn--r8jz45g.xn--zckzah")
    // Also over the connection that is open by now.
    #expect(try channel.send(letter(2, to: "用户@example.org")).kind == "accepted")
    let unable = try MailScene(.none, ["ascii"])
    let other = try unable.channel()
    #expect(try other.send(letter(1, to: "ana@bücher.example")).kind == "accepted")
    let answer = try other.send(letter(2, to: "josé@example.org"))
    #expect(answer.kind == "refused" && answer.note.contains("SMTPUTF8"))
    #expect(try other.send(letter(3)).kind == "accepted")
    #expect(try unable.taken().count == 2)
  }

  @Test(arguments: [SMTPTransfer.Security.tls, .starttls])
  func `TLS, with a login; without them nothing is sent`(security: SMTPTransfer.Security) throws {
    let scene = try MailScene(security, ["login"])
    var place = scene.place()
    place.login = ("ana", "secret")
    let channel = try scene.channel(place)
    #expect(try channel.send(letter(1)).kind == "accepted")
    #expect(try channel.send(letter(2)).kind == "accepted")
    func fault(_ place: SMTPTransfer.Server) throws -> Diagnostic {
      try #require(throws: Diagnostic.self) { try scene.channel(place).send(letter(9)) }
    }
    var wrong = place
    wrong.login = ("ana", "Secret")
    let login = try fault(wrong)
    #expect(login.message.contains("refuses the login (535"), "\(login)")
    #expect(!"\(login)\(login.hint ?? "")".contains("ecret"))
    var none = place
    none.login = nil
    #expect(try fault(none).code == .configuration)
    var untrusted = place
    untrusted.authorities = nil
    #expect(try fault(untrusted).message.contains("is not trusted"))
    var absent = place
    absent.authorities = "/nowhere.pem"
    #expect(try fault(absent).message.contains("cannot be read"))
    var elsewhere = place
    elsewhere.host = "127.0.0.1"
    #expect(try fault(elsewhere).message.contains("is not trusted"))
    #expect(try scene.taken().count == 2)
    #expect("\(place)" == "localhost:\(scene.server.port)")
    // A login that cannot be checked now is no wrong password.
    scene.server.misbehave("login reply 1 454 4.7.0 no")
    #expect(try scene.channel(place).send(letter(3)).kind == "later")
  }

  @Test func `A server without STARTTLS gets nothing in clear`() throws {
    let scene = try MailScene()
    var place = scene.place()
    place.security = .starttls
    let fault = try #require(throws: Diagnostic.self) { try scene.channel(place).send(letter(1)) }
    #expect(fault.message.contains("no encryption"))
    #expect(!scene.server.log.contains { $0.hasSuffix("sender") })
    let broken = try MailScene(.starttls)
    broken.server.misbehave("starttls reply 1 454 4.7.0 TLS not available now")
    #expect(try broken.channel().send(letter(1)).kind == "later")
    #expect(!broken.server.log.contains { $0.hasSuffix("sender") })
  }

  @Test func `An expired certificate is said, and nothing is sent`() throws {
    let certificate = try TestCertificate(isExpired: true)
    let server = try FaultyServer("mail_server.py", ["tls", certificate.file, certificate.key])
    var place = SMTPTransfer.Server(host: "localhost", port: server.port, security: .tls)
    place.isPrivate = true
    place.authorities = certificate.file
    let channel = try MailChannel(place, writer: Letters.writer, isCancelled: { false })
    let fault = try #require(throws: Diagnostic.self) { try channel.send(letter(1)) }
    #expect(fault.message.contains("expired"))
  }

  @Test func `Whoever is told to stop stops, also while a server hangs`() throws {
    let scene = try MailScene()
    let isOver = Locked(false)
    let channel = try MailChannel(
      scene.place(), writer: Letters.writer, patience: .init(connect: 5, stall: 60),
      isCancelled: { isOver.withLock { $0 } })
    scene.server.misbehave("end hang 1")
    let watch = Stopwatch()
    let stopper = Background {
      usleep(300_000)
      isOver.withLock { $0 = true }
    }
    #expect(try channel.send(letter(1)).kind == "uncertain")
    stopper.join()
    #expect(watch.seconds < 10)
  }
}
