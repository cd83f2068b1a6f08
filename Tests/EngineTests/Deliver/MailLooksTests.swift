import Basics
import Delivery
import Foundation
import Glibc
import Pipelines
import TestSupport
import Testing

@testable import Engine

/// The project's own mails, as people get them.
@Suite struct MailLooksTests {
  /// What the templates of a mail get, of a release or a row.
  private static func values(_ name: String, _ locale: String) -> [String: Any] {
    let format = LocaleFormat(locale)
    let title = [
      "pt-BR": "Retrospectiva", "en": "Year in review", "es": "Resumen del año",
    ][locale, default: ""]
    let accent = Accent(tenant: "7f8a4c1e-0000-4000-8000-000000000001")
    var values: [String: Any] = [
      "tenant": "Estúdio & Código <Ltda>", "event": "final", "is_restated": false,
      "name": "José D'Ávila 🌸", "title": title, "period": "2025", "heading": "\(title) 2025",
      "accent": accent.light, "accent_dark": accent.dark,
      "unsubscribe": "https://app.example.com/optout?message=0123456789abcdef",
    ]
    switch name {
    case "ready", "bill":
      values["figures"] = [
        "pocs": format.decimal(DecimalNumber(1204)), "dojos": "79",
        "mrr": "R$ 4.900,00 + US$ 10.00",
        "net": "R$ 3.210,00",
      ]
      values["link"] = "https://reports.example.com/tenants/estudio/annual/2025/index.html"
      if name == "bill" {
        values["link_until"] = format.date(CivilDate("2026-01-08") ?? .init(daysSince1970: 0))
      }
    case "confirm":
      values["row"] = [
        "confirm_link": "https://register.example.com/confirm/0b54cf2e-3d0e-4a4e-9a8e-2a86a1a1e7a2"
      ]
      values["heading"] = nil
    case "operator-run":
      values["heading"] = nil
      let row: [String: Any] = [
        "schedule": "nightly", "run": "20261130T030000Z-1a2b", "state": "failed", "published": 42,
        "unchanged": 118, "failed": 2, "skipped": 1, "count": 42,
        "failures": [
          [
            "tenant": "acme", "pipeline": "video", "period": "2026",
            "message": "the sandbox that decodes media cannot be set up here",
          ],
          [
            "tenant": "globex", "pipeline": "annual", "period": "2026",
            "message": "the statement took longer than 15 minutes",
          ],
        ],
        "published_tenants": [["tenant": "acme", "count": 4], ["tenant": "globex", "count": 12]],
      ]
      values["row"] = row
      values.merge(row.filter { $0.value is [Any] || $0.value is Int }) { given, _ in given }
    default:
      values["heading"] = nil
      values["row"] = [
        "channel": "mail", "destination": "smtp.example.com:587",
        "problem": "smtp.example.com:587 refuses the login (535 5.7.8)",
      ]
    }
    return values
  }

  private static let names = ["ready", "bill", "confirm", "operator-run", "operator-incident"]
  private static let locales = ["en", "pt-BR", "es"]

  /// A small picture, which a browser shows.
  private static let picture = Array(
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ) ?? Data())

  /// A mail as its channel gets it.
  private static func mail(_ name: String, _ locale: String) throws -> MailContent {
    var values = values(name, locale)
    if name == "ready" { values["poster"] = ReleaseParts.posterID }
    let templates = try MessageTemplates.cached(folder: Places.project + "/templates")
    let made = try templates.content(name, MessageContext(locale: locale, values: values))
    guard case .mail(var mail) = made else { throw Failed() }
    if name == "ready" {
      mail.inline = [
        .init(name: ReleaseParts.posterID, mediaType: "image/png", bytes: picture)
      ]
    }
    if name == "ready" || name == "bill" { mail.unsubscribe = values["unsubscribe"] as? String }
    return mail
  }

  private static func written(_ name: String, _ locale: String) throws -> [UInt8] {
    guard let from = MailAddress(mailbox: "Reports <reports@yearbook.example>") else {
      throw Failed()
    }
    return try MailWriter(from: from).write(
      mail(name, locale), to: .init(address: "ana@example.org", name: "Ana Sá", locale: locale),
      key: SHA256Digest(of: "\(name) \(locale)".utf8), date: 1_795_990_048)
  }

  private struct Failed: Error {}

  @Test(arguments: names)
  func `The mail is in each language as it was recorded`(_ name: String) throws {
    let folder = Places.project + "/Tests/Fixtures/golden/mails"
    for locale in Self.locales {
      let mail = try Self.mail(name, locale)
      let html = try #require(mail.html).replacing(/<style>[^<]*<\/style>/, with: "<style></style>")
      let made = "Subject: \(mail.subject)\n\n\(mail.text)\n\n\(html)"
      let path = "\(folder)/\(name).\(locale).txt"
      if getenv("YEARBOOK_RECORD_GOLDEN") != nil {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
        try Data(made.utf8).write(to: URL(fileURLWithPath: path))
      }
      #expect(
        Data(made.utf8) == FileManager.default.contents(atPath: path),
        "\(path) differs: record again with YEARBOOK_RECORD_GOLDEN=1, and check the diff")
    }
  }

  @Test func `A strict mail program finds no fault in any mail, and its words in its text`() throws
  {
    let all = Self.names.flatMap { name in Self.locales.map { (name, $0) } }
    let read = try JudgedMail.read(all.map { try Self.written($0.0, $0.1) })
    for ((name, locale), mail) in zip(all, read) {
      #expect(mail.faults == [], "\(name) \(locale)")
      let text = try #require(mail.text("text/plain"))
      #expect(!text.contains("<") || text.contains("Código <Ltda>"), "\(name) \(locale)")
      #expect(!text.contains("{") && !text.contains("\r\n\r\n\r\n"), "\(name) \(locale): \(text)")
      // A text that people can read without HTML, with all links of the HTML.
      let html = try #require(mail.text("text/html"))
      for link in html.matches(of: /href="(https[^"]*)"/).map({ String($0.output.1) }) {
        #expect(text.contains(link.replacing("&amp;", with: "&")), "\(name) \(locale): \(link)")
      }
    }
  }

  @Test(.enabled(if: SpamAssassin.missing == nil, "SpamAssassin is not installed"))
  func `SpamAssassin gives each mail less than two points`() throws {
    for name in ["ready", "bill", "confirm"] {
      for locale in Self.locales {
        let judged = try SpamAssassin.judge(Self.written(name, locale))
        #expect(judged.score < 2, "\(name) \(locale): \(judged.report)")
      }
    }
  }

  @Test(
    .enabled(
      if: Places.judgesPython != nil && Places.program("chromium-headless-shell") != nil,
      "scripts/install-judges was not run"))
  func `On a phone and a desktop, in light and dark, nothing is cut and all can be read`() throws {
    let python = try #require(Places.judgesPython)
    try withTemporaryFolder { folder in
      var paths: [String] = []
      for name in Self.names {
        for locale in Self.locales {
          let mail = try Self.mail(name, locale)
          let data = Data(Self.picture).base64EncodedString()
          let html = try #require(mail.html).replacing(
            "cid:poster", with: "data:image/png;base64,\(data)")
          let path = "\(folder)/\(name).\(locale).html"
          try Data(html.utf8).write(to: URL(fileURLWithPath: path))
          paths.append(path)
        }
      }
      // To look at them: YEARBOOK_PICTURES=FOLDER
      let pictures = getenv("YEARBOOK_PICTURES").map { ["--pictures", String(cString: $0)] } ?? []
      let judged = try Program.run(
        [python, Places.project + "/Tests/Fixtures/mail_pages.py"] + paths + pictures)
      #expect(judged.status == 0 && judged.output == "", "\(judged.output)")
    }
  }
}
