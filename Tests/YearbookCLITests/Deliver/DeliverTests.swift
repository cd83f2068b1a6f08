import Foundation
import Postgres
import TestSupport
import Testing

/// What is published reaches people, once.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct DeliverTests {
  @Test func `A person gets a message of their own tenant and never another's`() throws {
    try Installation.with { here in
      for slug in ["acme", "globex", "initech"] { try here.addTenant(slug) }
      try here.useDelivery()
      let run = try here.runRows()
      #expect(run.status == 0, "\(run.output)")
      let sent = try here.deliver()
      #expect(sent.status == 0, "\(sent.output)")
      let boxes = try here.mailboxes()
      #expect(boxes.count == 9)
      for (address, mails) in boxes {
        let slug = address.split(separator: "@").last?.split(separator: ".").first.map(String.init)
        #expect(mails.count == 1)
        for other in ["acme", "globex", "initech"] {
          #expect(mails.joined().contains(other) == (other == slug), "\(address)")
        }
        #expect(mails.joined().contains("Hello F,"))
        #expect(mails.joined().contains("3 people"))
      }
      // Nowhere but in the mailboxes and the record.
      #expect(!(run.output + sent.output).contains(".example"))
      let found = try Program.run(
        [
          "/bin/grep", "-rlE", "@(acme|globex|initech).example", "\(here.folder)/store",
          "\(here.folder)/workspace",
        ])
      #expect(found.output == "")
    }
  }

  @Test
  func `An unchanged night tells nobody, a changed template neither, a corrected release once`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      #expect(try here.outbox() == ["pending": 3])
      #expect(try here.deliver().status == 0)
      #expect(try here.runRows().status == 0)
      #expect(try here.runRows(["--reread", "--force"]).status == 0)
      try here.write("templates/mail/news.txt", "Subject: Other\n\nOther words.\n")
      #expect(try here.runRows(["--reread"]).status == 0)
      #expect(try here.outbox() == ["sent": 3])

      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'new', updated = now() WHERE username = 'u1'")
      #expect(try here.runRows().status == 0)
      #expect(try here.outbox() == ["sent": 3, "pending": 3])
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 6])
      let events = try here.record.connect().query(
        "SELECT event, count(*) AS count FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling"
          + " GROUP BY 1 ORDER BY 1"
      ).map(\.values)
      #expect(events == [["final", "3"], ["restated", "3"]])
    }
  }

  @Test func `A run killed between latest.json and the record tells with the next one`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      // The record stands still just when the release would be recorded.
      let record = try here.record.connect()
      let first = try here.runRows(["--tenant", "nobody"])
      #expect(first.status != 0)
      try record.execute(
        """
        CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
        CREATE TRIGGER wait BEFORE INSERT ON yearbook.partition FOR EACH ROW EXECUTE FUNCTION public.wait()
        """)
      let killed = try here.start(
        ["run", "rows", "--period", "2025", "--config", "\(here.folder)/yearbook.yaml"])
      let latest = "\(here.folder)/store/tenants/acme/rows/2025/latest.json"
      #expect(eventually { FileManager.default.fileExists(atPath: latest) })
      killed.send(SIGKILL)
      #expect(try killed.wait().status == 128 + SIGKILL)
      try record.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
          + " AND pid <> pg_backend_pid()")
      try record.execute("DROP TRIGGER wait ON yearbook.partition")
      #expect(try here.outbox() == [:])

      let next = try here.runRows()
      #expect(next.status == 0, "\(next.output)")
      #expect(next.output.contains("0 published"), "\(next.output)")
      #expect(try here.outbox() == ["pending": 3])
    }
  }

  @Test func `A lost record tells nobody of what was published before`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      try here.record.connect().execute(
        "DROP SCHEMA yearbook CASCADE; CREATE SCHEMA yearbook AUTHORIZATION yearbook")
      let next = try here.runRows()
      #expect(next.status == 0, "\(next.output)")
      #expect(try here.outbox() == [:])
    }
  }

  @Test func `Without a channel no address is read and nobody is told`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      try here.platform.connect().execute(
        "REVOKE SELECT (email) ON app.\"user\" FROM yearbook_reader")
      let run = try here.yearbook(["run", "rows", "--period", "2025", "--config", "/dev/null"])
      #expect(run.status != 0, "an empty configuration is refused")
      try here.write("yearbook.yaml", "operator: {name: Operator}\n")
      let silent = try here.runRows()
      #expect(silent.status == 0, "\(silent.output)")
      #expect(try here.outbox() == [:])
    }
  }

  @Test func `Rows without one usable address are left out and counted`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 5)
      try here.useDelivery()
      let platform = try here.platform.connect()
      for (name, address) in [
        ("u1", ""), ("u2", "a@x.example, b@x.example"), ("u3", "c@x.example\r\nBcc: d@x.example"),
        ("u4", "e@x.example f@x.example"),
      ] {
        try platform.query(
          "UPDATE app.\"user\" SET email = $2 WHERE username = $1", [name, address])
      }
      let run = try here.runRows()
      #expect(run.status == 0, "\(run.output)")
      #expect(try here.outbox() == ["pending": 1])
      let status = try here.yearbook(
        ["status", "--warnings", "--config", "\(here.folder)/yearbook.yaml"])
      #expect(
        status.output.contains("4 rows of 'recipients' without one usable address"),
        "\(status.output)")
    }
  }

  /// An erasure that stops half-way, as nothing says which table holds people, has taken them out.
  @Test(arguments: [true, false])
  func `An erasure takes a person's messages and address out, first of all`(isWhole: Bool) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      if !isWhole {
        try here.write(
          "pipelines/platform.yaml", "owners: {room_member: roomid}\naddresses: {user: [email]}\n")
      }
      let user = try here.platform.connect().query(
        "SELECT id FROM app.\"user\" WHERE username = 'u2'"
      ).only().string("id")
      let purged = try here.yearbook([
        "purge", "--tenant", "acme", "--user", user, "--yes", "--config",
        "\(here.folder)/yearbook.yaml",
      ])
      #expect(purged.status == (isWhole ? 0 : 78), "\(purged.output)")
      let left = try here.record.connect().query(
        "SELECT DISTINCT address FROM yearbook.outbox WHERE address IS NOT NULL AND address <> 'operator@example.com' ORDER BY 1"
      ).map(\.values)
      #expect(left == [["u1@acme.example"], ["u3@acme.example"]])
    }
  }

  @Test func `Of an old message only the key is kept, and it is not queued again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver().status == 0)
      let record = try here.record.connect()
      try record.execute("UPDATE yearbook.outbox SET ended = ended - interval '31 days'")
      #expect(try here.deliver().status == 0)
      let kept = try record.query(
        "SELECT count(*) AS count FROM yearbook.outbox WHERE key IS NOT NULL"
          + " AND num_nonnulls(address, name, locale, user_id, content, recipient) = 0"
      ).only().int("count")
      #expect(kept == 3)
      try record.execute("UPDATE yearbook.partition SET release_id = 'another', content = NULL")
      try record.execute("DELETE FROM yearbook.extraction")
      #expect(try here.runRows().status == 0)
      #expect(try here.outbox() == ["sent": 3])
    }
  }
}
