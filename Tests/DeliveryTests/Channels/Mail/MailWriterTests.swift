import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Delivery

@Suite("Mails as they are written")
struct MailWriterTests {
  private func written(
    _ mail: MailContent, to recipient: OutgoingMessage.Recipient = Letters.recipient()
  ) throws -> [UInt8] {
    try Letters.writer.write(mail, to: recipient, key: Letters.key, date: Letters.date)
  }

  @Test func `Text, HTML, a picture in it and a file arrive as they were given`() throws {
    var mail = Letters.mail(
      "Seu ano em números: 12 de março 🎉", text: "Olá, Ana\n\nLinha.\n",
      html: "<p>Olá <img src=\"cid:poster\" alt=\"\"></p>")
    let picture = (0..<4000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    mail.inline = [.init(name: "poster", mediaType: "image/png", bytes: picture)]
    mail.attachments = [
      .init(name: "pagamentos março 2026.csv", mediaType: "text/csv", bytes: Array("a;b\r\n".utf8))
    ]
    mail.unsubscribe = "https://example.org/leave?t=abc"
    let bytes = try written(mail, to: Letters.recipient(name: "Ana \"Nina\" Sá"))
    #expect(bytes == (try written(mail, to: Letters.recipient(name: "Ana \"Nina\" Sá"))))
    let read = try #require(try JudgedMail.read([bytes]).first)
    #expect(read.faults == [])
    #expect(read.subject == mail.subject)
    #expect(read.to == "ana@example.org")
    #expect(read.toName == "Ana \"Nina\" Sá")
    #expect(read.from.hasSuffix("<news@yearbook.example>"))
    #expect(read.unsubscribe == "<https://example.org/leave?t=abc>")
    #expect(read.date == Double(Letters.date))
    #expect(read.messageID == "<\(Letters.key.hex.prefix(32))@yearbook.example>")
    #expect(
      read.parts.map(\.type) == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "text/csv",
      ])
    #expect(read.parts[2].text == "Olá, Ana\r\n\r\nLinha.\r\n")
    #expect(read.parts[5].content == picture)
    #expect(read.parts[6].file == "pagamentos março 2026.csv")
    #expect(read.parts[6].disposition == "attachment")
    #expect(read.parts[6].content == Array("a;b\r\n".utf8))
  }

  @Test(arguments: [
    "\r\nBcc: eve@example.org", "\nBcc: eve@example.org", "\r\n\r\n<html>", "\u{2028}x",
  ]) func `A line break in a subject, a name, a file's name or a link begins no field`(
    poison: String
  ) throws {
    var mail = Letters.mail("Ano\(poison)")
    mail.attachments = [.init(name: "a\(poison).csv", mediaType: "text/csv\(poison)", bytes: [1])]
    let recipient = Letters.recipient(name: "Ana\(poison)", locale: "pt\(poison)")
    let read = try #require(try JudgedMail.read([written(mail, to: recipient)]).first)
    #expect(read.faults == [])
    #expect(!read.names.contains("bcc"))
    #expect(read.parts.map(\.type).prefix(2) == ["multipart/mixed", "text/plain"])
    mail.unsubscribe = "https://example.org/\(poison)"
    #expect(throws: MailWriter.Fault.unsubscribe) { try written(mail) }
    #expect(throws: MailWriter.Fault.address) {
      try written(Letters.mail(), to: Letters.recipient("ana@example.org\(poison)"))
    }
  }

  @Test(arguments: [
    "", " ", "ana", "@example.org", "ana@", "ana@example.org, eve@example.org",
    "ana@example.org;eve@example.org", "ana@example.org eve@example.org", "<ana@example.org>",
    "Ana <ana@example.org>", "ana@@example.org", ".ana@example.org", "a..b@example.org",
    "ana@exa mple.org", "ana@-example.org", "ana@example..org", "ana@127.0.0.1",
    "ana@[127.0.0.1]", "\"ana\"@example.org", "ana(x)@example.org", "a\u{202E}na@example.org",
    "ana@example.org\u{0}", "a\u{A0}b@example.org",
  ]) func `What is not one address is refused`(text: String) throws {
    #expect(MailAddress(text) == nil)
    #expect(throws: MailWriter.Fault.address) {
      try written(Letters.mail(), to: Letters.recipient(text))
    }
  }

  @Test func `Addresses in other scripts stay readable, and host names go out in ASCII`() throws {
    // The host names' ASCII forms are of IANA's own test domains and of RFC 3492's samples.
    #expect(MailAddress("ana@bücher.example")?.domain == "xn--bcher-kva.example")
    #expect(MailAddress("ana@例え.テスト")?.domain == "xn--r8jz45g.xn--zckzah")
    #expect(MailAddress("ana@उदाहरण.परीक्षा")?.domain == "xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g")
    #expect(MailAddress("ana@BÜCHER.example")?.domain == "xn--bcher-kva.example")
    let recipient = Letters.recipient("josé.用户@例え.テスト", name: "José 用户")
    let read = try #require(try JudgedMail.read([written(Letters.mail(), to: recipient)]).first)
    #expect(read.faults == [])
    #expect(read.utf8)
    #expect(read.to == "josé.用户@xn--r8jz45g.xn--zckzah")
    #expect(read.toName == "José 用户")
    #expect(MailAddress("josé@example.org")?.isInternational == true)
    #expect(MailAddress("ana@bücher.example")?.isInternational == false)
  }

  @Test func `A mail without a subject, or with a picture that has no proper ID, is refused`()
    throws
  {
    for subject in ["", "  ", "\r\n"] {
      #expect(throws: MailWriter.Fault.subject) { try written(Letters.mail(subject)) }
    }
    for name in ["", "a b", "a\"b", "a@b", ".a", "a..b"] {
      var mail = Letters.mail(html: "<p></p>")
      mail.inline = [.init(name: name, mediaType: "image/png", bytes: [])]
      #expect(throws: MailWriter.Fault.picture) { try written(mail) }
    }
    var twice = Letters.mail(html: "<p></p>")
    twice.inline = Array(repeating: .init(name: "a", mediaType: "image/png", bytes: []), count: 2)
    #expect(throws: MailWriter.Fault.picture) { try written(twice) }
  }

  @Test func `A file's name stays within its folder, short, with its ending`() throws {
    var mail = Letters.mail()
    let names = [
      "../../etc/passwd", "..", "", String(repeating: "ñ", count: 300) + ".csv", "a\"b\\c.csv",
    ]
    mail.attachments = names.map { .init(name: $0, mediaType: "text/csv", bytes: [65]) }
    let read = try #require(try JudgedMail.read([written(mail)]).first)
    #expect(read.faults == [])
    let found = read.parts.compactMap(\.file)
    #expect(found[0] == "_.._etc_passwd")
    #expect(found[1] == "file" && found[2] == "file")
    #expect(found[3] == String(repeating: "ñ", count: 58) + ".csv")
    #expect(found[4] == "a\"b_c.csv")
  }

  @Test(.enabled(if: SpamAssassin.missing == nil, "SpamAssassin is not installed"))
  func `SpamAssassin gives a mail less than two points, in three languages`() throws {
    let texts = [
      (
        "pt-BR", "A retrospectiva de 2026 está pronta",
        "Olá, Ana. A retrospectiva da sua equipe está pronta: 1.204 provas de conceito."
      ),
      (
        "en", "Your year in review 2026 is ready",
        "Hello Ana. The year in review of your team is ready: 1,204 proofs of concept."
      ),
      (
        "es", "El resumen de 2026 está listo",
        "Hola, Ana. El resumen del año de su equipo está listo: 1204 pruebas de concepto."
      ),
    ]
    for (locale, subject, text) in texts {
      let link = "https://yearbook.example/2026/"
      var mail = Letters.mail(
        subject, text: "\(text)\n\n\(link)\n",
        html: """
          <!DOCTYPE html><html lang="\(locale)"><head><title>\(subject)</title></head>
          <body><p>\(text)</p><p><img src="cid:poster" alt="2026"></p>
          <p><a href="\(link)">2026</a></p></body></html>
          """)
      let picture = (0..<8000).map { UInt8(truncatingIfNeeded: $0 * $0) }
      mail.inline = [.init(name: "poster", mediaType: "image/png", bytes: picture)]
      mail.unsubscribe = "https://yearbook.example/leave?t=0123456789"
      let bytes = try written(mail, to: Letters.recipient(name: "Ana", locale: locale))
      let judged = try SpamAssassin.judge(bytes)
      #expect(judged.score < 2, "\(judged.report)")
    }
  }

  @Test
  func `Any text arrives: random scalars, long words, dots, boundaries, blanks at ends of lines`()
    throws
  {
    let pieces = [
      "a", "é", "ß", "🎉", "👩‍👩‍👧", "漢字", "العربية", " ", "  ", "\t", "\n", "\r\n", ".", "..", "From ",
      "--=_",
      "=?utf-8?Q?x?=", "=", "=3D", "&", "<", "\"", "\\", ",", ";", "@", "(", ")", "[", "]", ":",
      "?",
      "e\u{301}", "\u{10FFFF}", "word ", "sentence with some words ",
      String(repeating: "x", count: 90), String(repeating: "ü", count: 50),
    ]
    var mails: [MailContent] = []
    var names: [String] = []
    for seed in Seeds.of(few: 150, many: 5000) {
      var random = SeededRandom(seed: seed)
      func text(_ most: Int) -> String {
        (0...random.number(0...most)).map { _ in random.pick(pieces) }.joined()
      }
      var mail = Letters.mail("S" + text(20), text: text(60), html: "<p>" + text(60))
      mail.attachments = [.init(name: "f" + text(5), mediaType: "a/b", bytes: Array(text(90).utf8))]
      mails.append(mail)
      names.append("N" + text(8))
    }
    let read = try JudgedMail.read(
      zip(mails, names).map { try written($0, to: Letters.recipient(name: $1)) })
    for (index, (mail, found)) in zip(mails, read).enumerated() {
      #expect(found.faults == [], "seed \(index + 1)")
      #expect(found.subject == HeaderText.cleaned(mail.subject), "seed \(index + 1)")
      #expect(found.toName == HeaderText.cleaned(names[index]), "seed \(index + 1)")
      let expected = [mail.text, mail.html ?? ""].map(BodyEncoding.canonical)
      let texts = found.parts.filter { $0.type.hasPrefix("text/") }.map(\.content)
      #expect(texts == expected, "seed \(index + 1)")
      #expect(found.parts.last?.content == mail.attachments[0].bytes, "seed \(index + 1)")
    }
  }
}
