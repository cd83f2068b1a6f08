import Foundation
import Postgres
import Sample
import Synchronization
import TestSupport
import Testing

/// The platform of registrations writes to people and to its CRM, with SQL, YAML and templates
/// alone, through a real mail server and a real web service.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: FaultyServer.missing == nil, "aiosmtpd is not installed: scripts/install-judges"),
  .serialized)
struct RegistrationMailTests {
  /// A platform of few registrations of these days, and its two servers.
  private struct Scene {
    let here: OtherInstallation
    let mail: FaultyServer
    let crm: FaultyServer

    init(_ here: OtherInstallation) throws {
      self.here = here
      mail = try FaultyServer("mail_server.py")
      crm = try FaultyServer("web_server.py")
      let platform = try here.platform.connect()
      try platform.execute("TRUNCATE app.registrations")
      // As the guide says: the same file again, for an installation that sends.
      try platform.query("SELECT set_config('yearbook.deliver', 'on', false)")
      try platform.execute("SET client_min_messages = warning")
      _ = try Installation.roles.withLock { _ in
        try platform.execute(Installation.text("docs/platforms/registrations.sql"))
      }
      try here.write(
        "yearbook.yaml",
        here.settings(
          more: """
            channels:
              mail: {kind: mail, server: 'localhost:\(mail.port)', tls: none, private_hosts: [localhost],
                from: Registrations <hello@example.org>}
              crm: {kind: http, url: 'http://127.0.0.1:\(crm.port)/v1/contacts', plain_http: true,
                private_hosts: [127.0.0.1]}
            """))
    }

    func register(
      _ name: String, _ email: String, _ locale: String?, daysAgo: Int = 0,
      isConfirmed: Bool = false
    ) throws {
      try here.platform.connect().query(
        """
        INSERT INTO app.registrations (name, email, origin, locale, created, confirmed_at)
        SELECT $1, $2, 'newsletter', $3, t.at, CASE WHEN $5 THEN t.at + interval '1 minute' END
        FROM (SELECT now() - interval '1 hour' - $4::int * interval '1 day' AS at) t
        """, [name, email, locale, String(daysAgo), isConfirmed ? "t" : "f"])
    }

    /// As cron does it every few minutes.
    func night() throws {
      for pipeline in ["confirmations", "contacts"] {
        let run = try here.yearbook(["run", pipeline])
        #expect(run.status == 0, "\(run.output)")
        #expect(!run.output.contains("@"), "\(run.output)")
      }
      let sent = try here.yearbook(["deliver", "--once"])
      #expect(sent.status == 0, "\(sent.output)")
      #expect(!sent.output.contains("@"), "\(sent.output)")
    }

    func mails() throws -> [JudgedMail] {
      let folder = "\(mail.path)/mail"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      return try JudgedMail.read(names.filter { $0.hasSuffix(".eml") }.map { "\(folder)/\($0)" })
    }

    struct Contact: Decodable {
      var email, status, locale, registered_at: String
      var name, origin, confirmed_at: String?
    }

    func contacts() throws -> [Contact] {
      struct Request: Decodable {
        var method, path, body: String
      }
      return try crm.log.map { line in
        let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
        #expect(request.method == "POST" && request.path == "/v1/contacts")
        return try JSONDecoder().decode(Contact.self, from: Data(request.body.utf8))
      }
    }
  }

  @Test func `Each registration is asked once, in its language, and a confirmed one never`() throws
  {
    try OtherInstallation.with(.registrations, size: 1) { here in
      let scene = try Scene(here)
      try scene.register("Ana Souza", "ana@people.example", "pt-BR")
      try scene.register("Bob <b> O'Brien", "bob@people.example", "en")
      try scene.register("María Peña 🌸", "maria@people.example", "es")
      try scene.register("Carl", "carl@people.example", "en", isConfirmed: true)
      try scene.register("Old", "old@people.example", "en", daysAgo: 30)
      try scene.register("Nobody", "", "en")
      try scene.register("Two", "two@people.example, three@people.example", "en")
      try scene.night()
      let mails = try scene.mails()
      #expect(mails.flatMap(\.faults) == [])
      let byAddress = Dictionary(grouping: mails) { $0.to ?? "" }.mapValues { $0.map(\.subject) }
      #expect(
        byAddress == [
          "ana@people.example": ["Confirme sua inscrição"],
          "bob@people.example": ["Please confirm your registration"],
          "maria@people.example": ["Confirme su inscripción"],
        ])
      for row in try here.platform.connect().query(
        "SELECT email, token::text AS token FROM app.registrations WHERE email LIKE '%@%'")
      {
        let (address, token) = (try row.string("email"), try row.string("token"))
        let own = mails.filter { $0.to == address }
        let link = "https://register.example.com/confirm/\(token)"
        // The link to confirm reaches the person alone.
        for mail in mails {
          #expect((mail.text("text/plain")?.contains(link) ?? false) == (mail.to == address))
        }
        #expect(own.allSatisfy { $0.text("text/html")?.contains("href=\"\(link)\"") == true })
      }
      let bob = mails.first { $0.to == "bob@people.example" }
      #expect(bob?.text("text/html")?.contains("Bob &lt;b&gt; O&#39;Brien") == true)
      let status = try here.yearbook(["status", "--warnings"])
      #expect(
        status.output.contains("2 rows of 'unconfirmed' without one usable address"),
        "\(status.output)")

      // Nothing new, a confirmation, a new person.
      try scene.night()
      #expect(try scene.mails().count == 3)
      try here.platform.connect().execute(
        "UPDATE app.registrations SET confirmed_at = now() WHERE name LIKE 'Ana%'")
      try scene.register("Zé", "ze@people.example", nil)
      try scene.night()
      let later = try scene.mails()
      #expect(later.count == 4)
      // Without a language of their own, people are written to in the platform's.
      #expect(later.first { $0.to == "ze@people.example" }?.subject == "Confirme sua inscrição")
    }
  }

  @Test func `The CRM is told once of a registration and once of its confirmation`() throws {
    try OtherInstallation.with(.registrations, size: 1) { here in
      let scene = try Scene(here)
      try scene.register("Ana \"Nina\" \\ Souza", "ana@people.example", "pt-BR")
      try scene.register("", "nameless@people.example", nil, isConfirmed: true)
      try scene.night()
      let first = try scene.contacts().sorted { $0.email < $1.email }
      #expect(first.map(\.status) == ["registered", "confirmed"])
      #expect(first.map(\.name) == ["Ana \"Nina\" \\ Souza", nil])
      #expect(first.map(\.origin) == ["newsletter", "newsletter"])
      #expect(first.map { $0.confirmed_at == nil } == [true, false])
      try scene.night()
      #expect(try scene.contacts().count == 2)
      // A run's moment is a whole second: what happens within it is the next run's.
      try here.platform.connect().execute(
        "UPDATE app.registrations SET confirmed_at = now() - interval '2 seconds'"
          + " WHERE confirmed_at IS NULL")
      // Long before the end of the month: the run's own moment counts.
      try scene.night()
      let all = try scene.contacts()
      #expect(all.count == 3)
      #expect(all.last?.email == "ana@people.example" && all.last?.status == "confirmed")
    }
  }

  @Test func `An erasure takes out a person whose id is a number`() throws {
    try OtherInstallation.with(.registrations, size: 1) { here in
      let scene = try Scene(here)
      try scene.register("Ana", "ana@people.example", "pt-BR")
      try scene.register("Bob", "bob@people.example", "en")
      let report = try here.yearbook(["run", "registrations", "--period", "2026"])
      #expect(report.status == 0, "\(report.output)")
      for pipeline in ["confirmations", "contacts"] {
        #expect(try here.yearbook(["run", pipeline]).status == 0)
      }
      let id = try here.platform.connect().query(
        "SELECT id FROM app.registrations WHERE name = 'Ana'"
      ).only().string("id")
      let purged = try here.yearbook([
        "purge", "--tenant", "registrations", "--user", id, "--yes",
      ])
      #expect(purged.status == 0, "\(purged.output)")
      let left = try here.record.connect().query(
        "SELECT DISTINCT address FROM yearbook.outbox WHERE address IS NOT NULL"
      ).map(\.values)
      #expect(left == [["bob@people.example"]])
      // What they do later is not told either.
      try here.platform.connect().execute("UPDATE app.registrations SET confirmed_at = now()")
      try scene.night()
      #expect(try scene.mails().compactMap(\.to) == ["bob@people.example"])
      #expect(try scene.contacts().allSatisfy { $0.email == "bob@people.example" })
      for wrong in ["", " ", "a\nb"] {
        let refused = try here.yearbook(["purge", "--tenant", "registrations", "--user", wrong])
        #expect(refused.status == 64, "\(refused.output)")
      }
    }
  }

  @Test func `The example of a configuration fits with its channels too`() throws {
    try OtherInstallation.with(.registrations, size: 1) { here in
      _ = try Scene(here)
      let example = try Installation.text("docs/platforms/registrations.yaml")
        .replacing(/\n#(channels:|  )/) { "\n\($0.output.1)" }
        .replacing("../../", with: "\(Places.project)/")
      #expect(example.contains("\nchannels:\n  mail: {"))
      try here.write("example.yaml", example)
      let (status, output) = try Program.run(
        [Places.yearbook, "check", "--config", "\(here.folder)/example.yaml"],
        environment: [
          "YEARBOOK_SOURCE=\(here.platform.conninfo) user=yearbook_reader",
          "YEARBOOK_RECORD=\(here.record.conninfo) user=yearbook",
        ])
      #expect(status == 0, "\(output)")
      for name in ["confirmations", "contacts"] {
        #expect(output.contains("\(name): tenants stay apart in every query"), "\(output)")
      }
    }
  }

  @Test func `Without a channel nobody's address is read, nor can it be`() throws {
    try OtherInstallation.with(.registrations, size: 1) { here in
      let night = try here.yearbook(["run", "nightly"])
      #expect(night.status == 0, "\(night.output)")
      let reader = try Connection("\(here.platform.conninfo) user=yearbook_reader")
      #expect(throws: (any Error).self) { try reader.query("SELECT email FROM reports.contact") }
      let told = try here.record.connect().query("SELECT FROM yearbook.outbox")
      #expect(told.isEmpty)
    }
  }
}
