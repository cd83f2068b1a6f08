import Foundation
import Postgres
import TestSupport
import Testing

/// Nights on which nothing has changed, from end to end: no row is read again, and nothing is lost by
/// it.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct UnchangedNightTests {
  private static let run = ["run", "rows", "--period", "2025", "--json"]

  @Test func `An unchanged night reads no row and publishes nothing`() throws {
    try Installation.with { here in
      for name in ["acme", "other", "third"] { try here.addTenant(name) }
      let nights = ["2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z", "2026-01-07T08:00:00Z"].map {
        ["run", "nightly", "--as-of", $0, "--json"]
      }
      let first = try here.yearbook(nights[0])
      #expect(first.status == 0, "\(first.output)")
      #expect(try Installation.read(first.output) == (6, 0), "\(first.output)")
      let payload = try here.payload()
      // The tenant's own table of visits, so to speak: no report reads it.
      try here.platform.connect().execute("UPDATE app.\"user\" SET status = 'ONLINE'")
      let second = try here.yearbook(nights[1])
      #expect(try Installation.read(second.output) == (0, 6), "\(second.output)")
      #expect(second.output.contains("\"published\":0"), "\(second.output)")
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      let third = try here.yearbook(nights[2])
      #expect(try Installation.read(third.output) == (2, 4), "\(third.output)")
      #expect(third.output.contains("\"published\":2"), "\(third.output)")
      #expect(try here.payload().keys == payload.keys)
    }
  }

  @Test func `A night with fingerprints leaves the store that --reread would have made`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      #expect(try here.yearbook(Self.run).status == 0)
      let source = try here.platform.connect()
      for change in [
        "UPDATE app.\"user\" SET username = upper(username) WHERE username = 'u2'",
        "UPDATE app.\"user\" SET created = '2027-01-01' WHERE username = 'u3'",
        "DELETE FROM app.\"user\" WHERE username = 'u1'", "SELECT 1",
      ] {
        try source.execute(change)
        #expect(try here.yearbook(Self.run).status == 0)
        let payload = try here.payload()
        let again = try here.yearbook(Self.run + ["--reread"])
        #expect(try Installation.read(again.output) == (2, 0), "\(again.output)")
        #expect(again.output.contains("\"published\":0"), "\(again.output)")
        #expect(try here.payload() == payload, "\(change)")
      }
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 2))
    }
  }

  @Test func `A stage that needs rows gets them, though they have not changed`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      #expect(try here.yearbook(Self.run).status == 0)
      let pipeline = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      try here.write(
        "pipelines/rows/pipeline.yaml",
        pipeline.replacing("publish: people,", with: "publish: persons,"))
      let changed = try here.yearbook(Self.run)
      #expect(changed.status == 0, "\(changed.output)")
      // The fingerprints are as they were; the rows are read for the stage.
      #expect(try Installation.read(changed.output) == (2, 2), "\(changed.output)")
      #expect(changed.output.contains("\"published\":2"), "\(changed.output)")
      let files = try here.payload()
      #expect(
        files["tenants/acme/rows/2025/data/persons.csv"]
          == Data("username\r\nu1\r\nu2\r\nu3\r\n".utf8))
      try FileManager.default.removeItem(atPath: "\(here.folder)/workspace/tenants")
      #expect(try Installation.read(here.yearbook(Self.run).output) == (2, 2))
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 2))
    }
  }

  /// What the data package of acme's release says of its files.
  private func described(_ here: Installation) throws -> String {
    let releases = "\(here.folder)/store/tenants/acme/rows/2025/releases"
    let release = try #require(FileManager.default.contentsOfDirectory(atPath: releases).first)
    let data = try Data(
      contentsOf: URL(fileURLWithPath: "\(releases)/\(release)/datapackage.json"))
    let package = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return String(
      decoding: try JSONSerialization.data(
        withJSONObject: try #require(package?["resources"]), options: .sortedKeys), as: UTF8.self)
  }

  @Test func `A release that was lost is made again without reading rows`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      #expect(try here.yearbook(Self.run).status == 0)
      let payload = try here.payload()
      let described = try self.described(here)
      #expect(described.contains("missingValues"), "\(described)")
      try FileManager.default.removeItem(atPath: "\(here.folder)/store/tenants/acme")
      let again = try here.yearbook(Self.run)
      #expect(again.status == 0, "\(again.output)")
      #expect(try Installation.read(again.output) == (0, 2), "\(again.output)")
      #expect(again.output.contains("\"published\":1"), "\(again.output)")
      #expect(try here.payload() == payload)
      #expect(try self.described(here) == described)
    }
  }

  @Test func `An unchanged partition waits for the run that works on it, and others do not`() throws
  {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      #expect(try here.yearbook(Self.run).status == 0)
      let record = try here.record.connect()
      let tenant = try record.query(
        "SELECT tenant_id FROM yearbook.partition WHERE slug = 'acme'"
      ).only().string("tenant_id")
      let key = AdvisoryKey(["yearbook", "partition", tenant, "rows", "2025"])
      try record.lock(key)
      let run = try here.start(Self.run)
      while !run.output.contains("\"event\":\"unchanged\""), !run.hasEnded { usleep(20_000) }
      usleep(300_000)
      #expect(!run.hasEnded, "\(run.output)")
      #expect(run.output.contains("\"tenant\":\"other\""), "\(run.output)")
      try record.unlock(key)
      let ended = try run.wait()
      #expect(ended.status == 0, "\(ended.output)")
      #expect(try Installation.read(ended.output) == (0, 2), "\(ended.output)")
      #expect(ended.output.contains("\"unchanged\":2"), "\(ended.output)")
    }
  }

  @Test func `A release of rows that were read later stays, though the record knows older ones`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(Self.run).status == 0)
      let newest = try Data(
        contentsOf: URL(fileURLWithPath: "\(here.folder)/store/tenants/acme/rows/2025/latest.json"))
      // Another host published rows that it read later; this one's rows are those of the record.
      try here.record.connect().execute(
        // Further ahead, a clock would be wrong, and the time would not count.
        "UPDATE yearbook.partition SET snapshot = now() + interval '29 seconds'")
      try FileManager.default.removeItem(
        atPath: "\(here.folder)/store/tenants/acme/rows/2025/latest.json")
      let run = try here.yearbook(Self.run)
      #expect(run.status == 0, "\(run.output)")
      #expect(run.output.contains("\"unchanged\":1"), "\(run.output)")
      #expect(
        FileManager.default.contents(
          atPath: "\(here.folder)/store/tenants/acme/rows/2025/latest.json") == nil)
      try here.record.connect().execute("UPDATE yearbook.partition SET snapshot = 'epoch'")
      #expect(try here.yearbook(Self.run).status == 0)
      #expect(
        FileManager.default.contents(
          atPath: "\(here.folder)/store/tenants/acme/rows/2025/latest.json") == newest)
    }
  }

  @Test
  func `What a film is planned from stays in the workspace, and is read again if it is damaged`()
    throws
  {
    try Installation.withFilms { here in
      let film = Installation.film + ["--json"]
      let first = try here.yearbook(film)
      #expect(first.status == 0, "\(first.output)")
      let payload = try here.payload()
      let second = try here.yearbook(film)
      #expect(try Installation.read(second.output) == (0, 1), "\(second.output)")
      #expect(second.output.contains("\"published\":0"), "\(second.output)")
      let row = try here.record.connect().query(
        "SELECT tenant_id, datasets FROM yearbook.extraction"
      ).only()
      let blobs = "\(here.folder)/workspace/tenants/\(try row.string("tenant_id"))/blobs"
      var damaged = 0
      for line in try row.string("datasets").split(separator: "\n") {
        let words = line.split(separator: " ")
        let path = "\(blobs)/\(words[2])"
        guard FileManager.default.fileExists(atPath: path) else { continue }
        try Data(repeating: 0x20, count: Int(words[1]) ?? 0).write(to: URL(fileURLWithPath: path))
        damaged += 1
      }
      #expect(damaged == 3)
      let third = try here.yearbook(film)
      #expect(third.status == 0, "\(third.output)")
      #expect(try Installation.read(third.output) == (1, 1), "\(third.output)")
      #expect(try here.payload() == payload)
    }
  }

  @Test
  func `Explain names the table whose rows have changed, and check the file that is always read`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let explain = ["explain", "rows", "--tenant", "acme", "--period", "2025"]
      #expect(try here.yearbook(Self.run).status == 0)
      #expect(try here.yearbook(explain).output.contains("extract    no row has changed"))
      let source = try here.platform.connect()
      try source.execute("UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1'")
      let changed = try here.yearbook(explain).output
      #expect(changed.contains("would read the rows: changed table user (3 rows)"), "\(changed)")
      try source.execute("DELETE FROM app.\"user\" WHERE username = 'u2'")
      let fewer = try here.yearbook(explain + ["--json"]).output
      #expect(fewer.contains("\"table user (3 rows, now 2 rows)\""), "\(fewer)")
      #expect(try !here.yearbook(["check"]).output.contains("note:"))
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username FROM partition p
        JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at - interval '1 day'
        """)
      let check = try here.yearbook(["check"])
      #expect(
        check.output.contains("note: ") && check.output.contains("people.sql uses cutoff_at"),
        "\(check.output)")
      for _ in 1...2 {
        let run = try here.yearbook(["run", "rows", "--period", "2026", "--json"])
        #expect(try Installation.read(run.output) == (1, 0), "\(run.output)")
      }
    }
  }

  @Test func `A session that is lost while a table is scanned costs the fingerprints, not the run`()
    throws
  {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      let source = try here.platform.connect()
      try source.execute(
        """
        CREATE VIEW app.visit AS
        SELECT tenantid, username AS visitor, pg_sleep(0.3)::text AS nap FROM app."user";
        GRANT SELECT ON app.visit TO yearbook_reader
        """)
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, v.visitor AS username, v.nap
        FROM partition p JOIN visit v ON v.tenantid = p.tenant_id
        """)
      let run = try here.start(Self.run)
      var ended = 0
      while ended == 0, !run.hasEnded {
        ended = try source.query(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'yearbook source'
            AND state = 'active' AND query LIKE '%record_send%'
          """
        ).count
        usleep(20_000)
      }
      #expect(ended == 1)
      let outcome = try run.wait()
      #expect(outcome.status == 0, "\(outcome.output)")
      #expect(try Installation.read(outcome.output) == (2, 0), "\(outcome.output)")
      #expect(!outcome.output.contains("\"fingerprinted\""), "\(outcome.output)")
      #expect(try Installation.read(here.yearbook(Self.run).output) == (2, 0))
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 2))
    }
  }

  @Test func `What a failed partition had read is read again, and a good one is not`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username,
          1 / (CASE WHEN u.picture = '99' THEN 0 ELSE 1 END) AS one
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      let source = try here.platform.connect()
      try source.execute(
        "UPDATE app.\"user\" SET picture = '99' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      #expect(try here.yearbook(Self.run).status == 1)
      let second = try here.yearbook(Self.run)
      #expect(second.status == 1)
      #expect(try Installation.read(second.output).unchanged == 1, "\(second.output)")
      try source.execute("UPDATE app.\"user\" SET picture = NULL")
      #expect(try here.yearbook(Self.run).status == 0)
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 2))
    }
  }

  @Test func `An erased person is in nothing that a later night takes from the record`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(Self.run).status == 0)
      let person = try here.platform.connect().query(
        "SELECT id FROM app.\"user\" WHERE username = 'u2'"
      ).only().string("id")
      let purge = try here.yearbook(["purge", "--tenant", "acme", "--user", person, "--yes"])
      #expect(purge.status == 0, "\(purge.output)")
      let record = try here.record.connect()
      let rows = "SELECT count(*) AS n FROM yearbook.extraction"
      #expect(try record.query(rows).only().int("n") == 0)
      #expect(try Installation.read(here.yearbook(Self.run).output) == (1, 0))
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 1))
      #expect(
        try here.payload()["tenants/acme/rows/2025/data/people.csv"]
          == Data("username\r\nu1\r\nu3\r\n".utf8))
    }
  }

  @Test func `A record that lies about the datasets costs a reading, not a wrong report`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(Self.run).status == 0)
      let payload = try here.payload()
      let record = try here.record.connect()
      for lie in [
        "UPDATE yearbook.extraction SET datasets = ''",
        "UPDATE yearbook.extraction SET datasets = 'x y z'",
        "UPDATE yearbook.extraction SET key = '\\x00'", "DELETE FROM yearbook.shape",
        "UPDATE yearbook.trial SET reads = '{\"version\": 0}'",
        "UPDATE yearbook.seed SET first = 0, second = 0",
      ] {
        try record.execute(lie)
        let run = try here.yearbook(Self.run)
        #expect(run.status == 0, "\(lie): \(run.output)")
        #expect(try here.payload() == payload)
        #expect(try Installation.read(here.yearbook(Self.run).output).extracted == 0, "\(lie)")
      }
    }
  }

  @Test func `A table that cannot be scanned has its pipelines read in full`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      let source = try here.platform.connect()
      // A view that fails on a row of a tenant that is not served.
      try source.execute(
        """
        INSERT INTO app.tenant (slug, name, timezone, locale, currency, status)
        VALUES ('gone', 'gone', 'UTC', 'en', 'EUR', 'I');
        CREATE VIEW app.visit AS SELECT tenantid, username AS visitor, 10 / age AS tenths FROM app."user";
        GRANT SELECT ON app.visit TO yearbook_reader
        """)
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, v.visitor AS username, v.tenths
        FROM partition p JOIN visit v ON v.tenantid = p.tenant_id
        """)
      #expect(try here.yearbook(Self.run).status == 0)
      #expect(try Installation.read(here.yearbook(Self.run).output) == (0, 2))
      try source.execute(
        "UPDATE app.\"user\" SET age = 0 WHERE tenantid = (SELECT id FROM app.tenant WHERE slug = 'acme')"
      )
      let run = try here.yearbook(Self.run)
      #expect(run.status == 1, "\(run.output)")
      #expect(try Installation.read(run.output).unchanged == 0)
      #expect(run.output.contains("\"unchanged\":1"), "\(run.output)")
    }
  }
}
