import Foundation
import Postgres
import TestSupport
import Testing

/// Rows that are messages, digests, and what the operator is told.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct DeliverRowsTests {
  /// A pipeline that makes nothing but messages: one for each person, known by `key`.
  private func useRows(_ here: Installation, settings: String) throws {
    try here.useDelivery()
    try here.write(
      "pipelines/welcome/pipeline.yaml",
      """
      name: welcome
      period: year
      extract: {}
      deliver:
        welcome: {rows: people, \(settings), order: [address, user], channel: mail, template: welcome}
      """)
    try here.write(
      "pipelines/welcome/people.sql",
      """
      SELECT p.tenant_id, u.email AS address, u.firstname AS name, p.locale, u.id AS "user",
        u.lastname AS word
      FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
      """)
    try here.write(
      "templates/mail/welcome.txt",
      """
      Subject: Welcome to {{tenant}}

      {{^items}}
      Word {{row.word}}
      {{/items}}
      {{#items}}
      - word {{row.word}}
      {{/items}}
      """)
  }

  private func welcome(_ here: Installation) throws -> (status: Int32, output: String) {
    try here.yearbook([
      "run", "welcome", "--period", "2025", "--config", "\(here.folder)/yearbook.yaml",
    ])
  }

  @Test func `Each row is told once, and a row that was told is not told again if it changes`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try useRows(here, settings: "key: [user]")
      let run = try welcome(here)
      #expect(run.status == 0, "\(run.output)")
      #expect(try here.outbox() == ["pending": 3])
      #expect(!FileManager.default.fileExists(atPath: "\(here.folder)/store/tenants/acme/welcome"))
      #expect(try here.deliver().status == 0)
      #expect(try here.mailboxes()["u1@acme.example"]?.first?.contains("Word L") == true)

      let platform = try here.platform.connect()
      try platform.execute("UPDATE app.\"user\" SET lastname = 'M', updated = now()")
      try platform.execute(
        """
        INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
        SELECT id, 'new', 'N', 'L', 'new@acme.example', 20, '2025-04-01' FROM app.tenant
        """)
      #expect(try welcome(here).status == 0)
      #expect(try welcome(here).status == 0)
      #expect(try here.outbox() == ["sent": 3, "pending": 1])
    }
  }

  @Test func `A digest puts a recipient's messages of a day into one, and each is sent once`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme", people: 4)
      try useRows(here, settings: "digest: day")
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET email = 'all@acme.example', lastname = 20 + right(username, 1)::int"
      )
      #expect(try welcome(here).status == 0)
      let early = try here.deliver()
      #expect(early.status == 0, "\(early.output)")
      #expect(try here.mailboxes().isEmpty, "the day is not over")
      try here.record.connect().execute("UPDATE yearbook.outbox SET not_before = now()")
      #expect(try here.deliver().status == 0)
      let mails = try #require(try here.mailboxes()["all@acme.example"])
      #expect(mails.count == 1)
      for word in 21...24 { #expect(mails[0].contains("word \(word)"), "\(mails)") }
      #expect(try here.outbox() == ["sent": 4])
    }
  }

  @Test func `Outside of its hours in the recipient's zone a message waits`() throws {
    try Installation.with { here in
      let hour = Calendar(identifier: .gregorian)
      var utc = hour
      utc.timeZone = .gmt
      let now = utc.component(.hour, from: Date())
      func text(_ hour: Int) -> String { String(format: "%02d:00", (hour + 48) % 24) }
      try here.addTenant("acme", timeZone: "Etc/GMT-5")
      // Open now in UTC, which is five hours earlier than it is there.
      try here.useDelivery("    between: \(text(now - 1))-\(text(now + 2))")
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["pending": 3])
      try here.record.connect().query(
        "UPDATE yearbook.telling SET opens = $1::time, closes = $2::time",
        [text(now + 4), text(now + 7)])
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 3])
    }
  }

  @Test func `A recipient's own time zone counts, if the query gives one that exists`() throws {
    try Installation.with { here in
      var utc = Calendar(identifier: .gregorian)
      utc.timeZone = .gmt
      let now = utc.component(.hour, from: Date())
      func text(_ hour: Int) -> String { String(format: "%02d:00", (hour + 48) % 24) }
      try here.addTenant("acme", timeZone: "Etc/GMT-5", people: 4)
      // It is daytime in UTC, and no longer where the tenant is.
      try here.useDelivery("    between: \(text(now - 1))-\(text(now + 2))")
      try here.write(
        "pipelines/rows/recipients.sql",
        """
        SELECT p.tenant_id, u.email AS address, u.firstname AS name, p.locale, u.id AS "user",
          CASE u.username WHEN 'u1' THEN 'UTC' WHEN 'u2' THEN 'Mars/Olympus' WHEN 'u3' THEN '-5' END
            AS time_zone
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      let run = try here.runRows()
      #expect(run.status == 0, "\(run.output)")
      #expect(try here.deliver().status == 0)
      #expect(try here.mailboxes().keys.sorted() == ["u1@acme.example"])
      #expect(try here.outbox() == ["sent": 1, "pending": 3])
    }
  }

  @Test func `The day of a digest ends where the recipient is`() throws {
    try Installation.with { here in
      try here.addTenant("acme", timeZone: "Etc/GMT+11", people: 2)
      try useRows(here, settings: "digest: day")
      try here.write(
        "pipelines/welcome/people.sql",
        """
        SELECT p.tenant_id, u.email AS address, p.locale, u.id AS "user", u.lastname AS word,
          CASE u.username WHEN 'u1' THEN 'Etc/GMT-13' END AS time_zone
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      #expect(try welcome(here).status == 0)
      let ends = try here.record.connect().query(
        """
        SELECT o.address, to_char(o.not_before AT TIME ZONE coalesce(o.zone, y.zone), 'HH24:MI') AS at,
          o.not_before <= now() + interval '1 day' AS is_next
        FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling ORDER BY 1
        """
      ).map(\.values)
      #expect(ends == [["u1@acme.example", "00:00", "t"], ["u2@acme.example", "00:00", "t"]])
    }
  }

  @Test func `After a nightly run the operator gets its summary, and after an idle one nothing`()
    throws
  {
    try Installation.with { here in
      for slug in ["acme", "globex"] { try here.addTenant(slug) }
      try here.useDelivery()
      let night = ["run", "nightly", "--config", "\(here.folder)/yearbook.yaml"]
      let first = try here.yearbook(night)
      #expect(first.status == 0, "\(first.output)")
      let mails = try #require(try here.mailboxes()["operator@example.com"])
      #expect(mails.count == 1)
      #expect(mails[0].contains("acme") && mails[0].contains("globex"))
      #expect(mails[0].contains("published"))
      let idle = try here.yearbook(night)
      #expect(idle.status == 0, "\(idle.output)")
      #expect(try here.mailboxes()["operator@example.com"]?.count == 1)
    }
  }

  @Test(arguments: [
    ("channel: mial", "there is no channel 'mial'"),
    ("channel: mail\n    template: nothing", "there is no template mail/nothing.txt"),
    ("channel: mail\n    template: blank", "the mail has no subject"),
    ("channel: mail\n    on: [sometimes]", "expected one of published, final, restated"),
    ("channel: mail\n    between: 8-20", "expected hours such as 08:00-20:00"),
  ])
  func `A delivery that cannot work is found by check and before a run`(
    _ settings: String, _ message: String
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      try here.write("templates/mail/blank.txt", "Hello\n")
      var text = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      text = text.replacing("    channel: mail\n", with: "    \(settings)\n")
      if settings.contains("template") { text = text.replacing("    template: news\n", with: "") }
      try here.write("pipelines/rows/pipeline.yaml", text)
      let run = try here.runRows()
      #expect(run.status == 78 && run.output.contains(message), "\(run.output)")
      let check = try here.yearbook(["check", "--config", "\(here.folder)/yearbook.yaml"])
      #expect(check.status == 78 && check.output.contains(message), "\(check.output)")
    }
  }

  @Test(arguments: [
    ("u.email AS address", "u.email AS mail", "the query has no column 'address'"),
    (
      "p.tenant_id, u.email AS address", "u.tenantid AS tenant_id, u.email AS address",
      "tenant"
    ),
  ])
  func `A query of recipients without address, or of all tenants, is refused`(
    _ old: String, _ new: String, _ message: String
  ) throws {
    try Installation.with { here in
      for slug in ["acme", "globex"] { try here.addTenant(slug) }
      try here.useDelivery()
      var text = try Installation.text("pipelines/rows/recipients.sql", in: here.folder)
      text = text.replacing(old, with: new)
      if message == "tenant" {
        text = text.replacing("ON u.tenantid = p.tenant_id AND", with: "ON")
      }
      try here.write("pipelines/rows/recipients.sql", text)
      let check = try here.yearbook(["check", "--config", "\(here.folder)/yearbook.yaml"])
      #expect(check.status != 0 && check.output.contains(message), "\(check.output)")
    }
  }

  @Test func `No other query reads an address, nor a common part of one`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      try here.write(
        "pipelines/rows/people.sql",
        "SELECT p.tenant_id, u.email AS username FROM partition p JOIN \"user\" u ON u.tenantid = p.tenant_id\n"
      )
      let run = try here.runRows()
      #expect(run.status != 0)
      #expect(run.output.contains("'user.email' is an address"), "\(run.output)")
    }
  }
}
