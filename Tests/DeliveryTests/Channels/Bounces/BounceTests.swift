import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Transfer

extension Postfix {
  func channel() throws -> MailChannel {
    var server = SMTPTransfer.Server(host: "127.0.0.1", port: port, security: .none)
    server.isPrivate = true
    return try MailChannel(server, writer: Letters.writer, isCancelled: { false })
  }
}

@Suite("Mails that come back")
struct BounceTests {
  private struct Case {
    var address: String
    var wire: String
    var status: String
    var isDead: Bool
  }

  @Test(.enabled(if: Postfix.missing == nil))
  func `Postfix's own reports name the message, the address and the reason`() throws {
    let postfix = try Postfix()
    let channel = try postfix.channel()
    let cases = [
      Case(address: "ana@dead.example", wire: "ana@dead.example", status: "5.1.1", isDead: true),
      Case(
        address: "josé@dead.example", wire: "josé@dead.example", status: "5.1.1", isDead: true),
      Case(
        address: "ana@bücher.example", wire: "ana@xn--bcher-kva.example", status: "5.1.1",
        isDead: true),
      Case(
        address: "ana@nowhere.example", wire: "ana@nowhere.example", status: "5.1.2", isDead: true),
      Case(address: "ana@full.example", wire: "ana@full.example", status: "5.2.2", isDead: false),
      Case(address: "ana@large.example", wire: "ana@large.example", status: "5.3.4", isDead: false),
      Case(address: "ana@rules.example", wire: "ana@rules.example", status: "5.7.1", isDead: false),
    ]
    var keys: [String: String] = [:]
    for (number, one) in cases.enumerated() {
      let key = SHA256Digest(of: [UInt8(number)])
      keys[one.wire] = String(key.hex.prefix(32))
      let answer = try channel.send(Letters.message(to: one.address, key: key))
      #expect(answer.kind == "accepted" && answer.note.contains("queued as"), "\(answer)")
    }
    #expect(eventually { postfix.inbox.count == cases.count })
    let reports = postfix.inbox.compactMap { BounceReport($0) }
    #expect(reports.count == cases.count)
    for one in cases {
      let report = try #require(reports.first { $0.recipients.first?.address == one.wire })
      #expect(report.recipients.count == 1)
      #expect(report.recipients.first?.action == "failed")
      #expect(report.recipients.first?.status == one.status)
      #expect(report.recipients.first?.isDead == one.isDead, "\(one.wire)")
      #expect(report.keyPrefix == keys[one.wire])
    }
  }

  @Test(.enabled(if: Postfix.missing == nil))
  func `Postfix puts what it takes into a maildir as it was sent`() throws {
    let postfix = try Postfix()
    var mail = Letters.mail("Seu ano 🎉", text: "Olá\n.\nFrom mim\n", html: "<p>Olá</p>")
    mail.attachments = [.init(name: "ñ.csv", mediaType: "text/csv", bytes: Array("a;b\r\n".utf8))]
    let answer = try postfix.channel().send(Letters.message(mail, to: "ana@yearbook.example"))
    #expect(answer.kind == "accepted")
    #expect(eventually { postfix.inbox.count == 1 })
    let found = try #require(postfix.inbox.first)
    let sent = try Letters.writer.write(
      mail, to: Letters.recipient("ana@yearbook.example"), key: Letters.key, date: Letters.date)
    // Postfix puts its own fields before, and a maildir's lines end in LF.
    let lines = String(decoding: sent, as: UTF8.self).replacing("\r\n", with: "\n")
    #expect(String(decoding: found, as: UTF8.self).hasSuffix(lines))
  }

  /// A report as RFC 3464's own example has it, of several recipients.
  private static let example = """
    From mailer Sun Nov 29 22:44:18 2026
    Content-Type: MULTIPART/REPORT; report-type=delivery-status;
      boundary="RAA14128.773615765/CS.UTK.EDU"

    --RAA14128.773615765/CS.UTK.EDU

    Nobody is there.

    --RAA14128.773615765/CS.UTK.EDU
    content-type: message/delivery-status

    Reporting-MTA: dns; cs.utk.edu

    Original-Recipient: rfc822;louisl@larry.slip.umd.edu
    Final-Recipient: rfc822;<louisl@elsewhere.edu>
    Action: Failed
    Status: 5.1.1 (no such user)
    Diagnostic-Code: smtp; 550 no such
     user

    Final-Recipient: rfc822; two@umd.edu
    Action: delayed
    Status: 4.0.0

    Final-Recipient: x400; /S=Three/
    Action: failed
    Status: 5.1.1

    Original-Recipient: utf-8; jos\\x{E9}@umd.edu
    Action: failed
    Status: 5.1.1; x

    --RAA14128.773615765/CS.UTK.EDU
    content-type: text/rfc822-headers

    Subject: x
    Message-ID:
      <0123456789abcdef0123456789abcdef@yearbook.example>

    --RAA14128.773615765/CS.UTK.EDU--

    """

  @Test func `Each recipient of a report counts alone, and a delay is no failure`() throws {
    for text in [Self.example, Self.example.replacing("\n", with: "\r\n")] {
      let report = try #require(BounceReport(Array(text.utf8)))
      #expect(
        report.recipients.map(\.address) == [
          "louisl@larry.slip.umd.edu", "two@umd.edu", "josé@umd.edu",
        ])
      #expect(report.recipients.map(\.isDead) == [true, false, false])
      #expect(report.keyPrefix == "0123456789abcdef0123456789abcdef")
    }
    // A status with its comment is one; with other text behind it, it is none.
    let parts = try #require(BounceReport(Array(Self.example.utf8)))
    #expect(parts.recipients.map(\.status) == ["5.1.1", "4.0.0", ""])
  }

  @Test
  func `What is no report is none: a mail, an out-of-office note, nothing, a report cut short`()
    throws
  {
    let mail = try Letters.writer.write(
      Letters.mail(), to: Letters.recipient(), key: Letters.key, date: Letters.date)
    for text in [
      mail, [], Array("\r\n\r\n".utf8), Array("Content-Type: multipart/report\n\n".utf8),
    ] {
      #expect(BounceReport(text) == nil)
    }
    let foreign = Self.example.replacing("0123456789abcdef0123456789abcdef", with: "x")
    #expect(BounceReport(Array(foreign.utf8))?.keyPrefix == nil)
  }

  @Test func `Whatever bytes come, they are read to an end, and no address is more than one`()
    throws
  {
    let seed = Array(Self.example.utf8)
    for number in Seeds.of(few: 500, many: 50_000) {
      var random = SeededRandom(seed: number)
      var bytes = seed
      for _ in 0..<random.number(1...20) {
        let place = random.number(0...bytes.count - 1)
        switch random.number(0...3) {
        case 0: bytes[place] = UInt8(random.number(0...255))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(random.pick(Array("\r\n\"<>;=-: \\".utf8)), at: place)
        default:
          let end = min(bytes.count, place + random.number(0...200))
          bytes.insert(contentsOf: bytes[place..<end], at: random.number(0...bytes.count - 1))
        }
      }
      for one in BounceReport(bytes)?.recipients ?? [] {
        #expect(MailAddress(one.address) != nil, "seed \(number)")
      }
    }
    let deep = Array("Content-Type: multipart/report; boundary=a\n\n".utf8)
    let lines = Array(String(repeating: "--a\n", count: 200_000).utf8)
    let watch = Stopwatch()
    #expect(BounceReport(deep + lines) == nil)
    #expect(BounceReport(Array(repeating: 0x0A, count: 1 << 20)) == nil)
    #expect(watch.seconds < 10)
  }
}
