import Foundation
import Postgres
import TestSupport
import Testing

/// Nights on which anything may have changed: the store is always the one that reading all rows would
/// have made.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ChangingNightTests {
  /// What a run said of itself.
  private struct Night {
    var status: Int32
    var output: String
    var read = 0
    var known = 0
    var failed = 0
    var published = 0

    init(_ run: (status: Int32, output: String)) throws {
      (status, output) = (run.status, run.output)
      for line in run.output.split(separator: "\n") where line.hasPrefix("{") {
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        func count(_ name: String) -> Int { event?[name] as? Int ?? 0 }
        switch event?["event"] as? String {
        case "extracted": read += count("tenants")
        case "fingerprinted": known += count("unchanged")
        case "finished": (failed, published) = (count("failed"), count("published"))
        default: break
        }
      }
    }
  }

  /// The project's reports, apart from the film, over a sample platform.
  private func withReports(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.useProjectRules()
      for name in ["annual", "billing", "dojos", "users", "platform-billing"] {
        try here.addReport(name)
      }
      let periods = "this-month, closing-months, this-year, closing-years"
      try here.write(
        "pipelines/nightly.yaml",
        """
        name: nightly
        tenants: active
        pipelines:
          - {run: annual, periods: [this-year, closing-years]}
          - {run: billing, periods: [\(periods)]}
          - {run: dojos, periods: [\(periods)]}
          - {run: users, periods: [\(periods)]}
          - {run: platform-billing, periods: [\(periods)]}
        """)
      try here.write(
        "docs/platform-schema.sql", Installation.text("docs/platform-schema.sql"))
      let source = try here.platform.connect()
      try source.execute("DROP SCHEMA app CASCADE")
      let sample = try here.yearbook([
        "sample", "--database", here.platform.conninfo, "--no-media", "--tenants", "3",
        "--pocs-per-tenant", "16",
      ])
      #expect(sample.status == 0, "\(sample.output)")
      try source.execute(
        """
        GRANT USAGE ON SCHEMA app TO yearbook_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA app TO yearbook_reader;
        REVOKE SELECT ON app."user", app.message, app.notification FROM yearbook_reader;
        """)
      for (table, withheld) in [
        ("user", "email, age"), ("message", "body"), ("notification", "body"),
      ] {
        let columns = try source.query(
          """
          SELECT string_agg(quote_ident(attname), ', ') AS list FROM pg_attribute
          WHERE attrelid = ('app.' || quote_ident($1))::regclass AND attnum > 0 AND NOT attisdropped
            AND attname <> ALL (string_to_array($2, ', '))
          """, [table, withheld]
        ).only().string("list")
        try source.execute(
          "GRANT SELECT (\(columns)) ON app.\(Quoting.identifier(table)) TO yearbook_reader")
      }
      try body(here)
    }
  }

  /// In CI about 60 changes, with time more than 2,000.
  @Test func `A night after random changes leaves the store that reading all rows would have made`()
    throws
  {
    try withReports { here in
      let source = try here.platform.connect()
      try source.execute("SET session_replication_role = replica")
      // In the middle of the rows of the sample, and far enough before the last ones: a run refuses a
      // moment in the future.
      var moment = 1_740_787_200
      func night(_ flags: String...) throws -> Night {
        let asOf = ISO8601DateFormatter().string(
          from: Date(timeIntervalSince1970: TimeInterval(moment)))
        return try Night(here.yearbook(["run", "nightly", "--as-of", asOf, "--json"] + flags))
      }
      let first = try night()
      #expect(first.published > 0, "\(first.output)")
      var (known, read, published, changes) = (0, 0, 0, 0)
      for seed in Seeds.of(few: 8, many: 270) {
        var random = SeededRandom(seed: seed)
        var made: [String] = []
        for _ in 1...8 {
          let change = try PlatformChange.make(moment: moment, &random, on: source)
          try source.execute(change)
          made.append(change)
        }
        changes += made.count
        moment += random.pick([0, 60, 3_600, 40_000, 86_400, 86_400, 172_800])
        let quick = try night()
        let full = try night("--reread")
        #expect(full.known == 0)
        #expect(full.published == 0, "seed \(seed), not seen: \(made)")
        #expect(full.failed == quick.failed && full.status == quick.status, "seed \(seed)")
        (known, read) = (known + quick.known, read + quick.read)
        published += quick.published
      }
      // Something changes each night, and something does not.
      #expect(known > 0 && read > 0 && published > 0, "\(known), \(read), \(published)")
      #expect(Seeds.isSoak ? changes > 2_000 || changes == 8 : changes <= 64)
    }
  }

  @Test func `What no report reads is not seen, and neither is a table that was rewritten`() throws
  {
    try withReports { here in
      let run = ["run", "nightly", "--as-of", "2026-11-19T03:00:00Z", "--json"]
      let first = try Night(here.yearbook(run))
      #expect(first.status == 0 && first.read > 10, "\(first.output)")
      // The periods that had ended are final now, and no night takes them up again.
      let second = try Night(here.yearbook(run))
      #expect(second.read == 0 && second.known > 10, "\(second.output)")
      let source = try here.platform.connect()
      for change in [
        "UPDATE app.\"user\" SET status = 'ONLINE', updated = now(), email = 'x@example.org', age = 41",
        "UPDATE app.message SET body = 'other'", "DELETE FROM app.notification",
        "VACUUM FULL app.pocuser", "VACUUM FULL app.\"user\"", "CLUSTER app.room USING room_pkey",
        """
        CREATE TABLE saved AS SELECT * FROM app.room_member ORDER BY random();
        TRUNCATE app.room_member; INSERT INTO app.room_member SELECT * FROM saved; DROP TABLE saved
        """,
      ] {
        try source.execute(change)
        let night = try Night(here.yearbook(run))
        #expect(night.read == 0 && night.known == second.known, "\(change): \(night.output)")
      }
      // Exactly the tenant that a row belongs to, in all reports that read the column.
      try source.execute(
        """
        UPDATE app.room SET name = name || '!' WHERE id = (SELECT r.id FROM app.room r
          JOIN app.tenant t ON t.id = r.tenantid WHERE t.status = 'A' ORDER BY r.id LIMIT 1)
        """)
      let night = try Night(here.yearbook(run))
      #expect((1...6).contains(night.read) && night.known + night.read == second.known)
    }
  }

  @Test func `A platform that was restored from a backup is read where it differs`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      let run = ["run", "rows", "--period", "2025", "--json"]
      #expect(try Night(here.yearbook(run)).read == 2)
      let source = try here.platform.connect()
      try source.execute("CREATE TABLE kept AS SELECT * FROM app.\"user\"")
      try source.execute(
        "UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      let changed = try Night(here.yearbook(run))
      #expect(changed.read == 1 && changed.published == 1, "\(changed.output)")
      // As a restoring does it: other places in the file, other transactions.
      try source.execute(
        """
        SET session_replication_role = replica; DELETE FROM app."user";
        INSERT INTO app."user" SELECT * FROM kept ORDER BY random()
        """)
      let restored = try Night(here.yearbook(run))
      #expect(restored.read == 1 && restored.known == 1, "\(restored.output)")
      #expect(restored.published == 1, "\(restored.output)")
      let newest = try here.yearbook(run + ["--reread"])
      #expect(try Night(newest).published == 0, "\(newest.output)")
    }
  }

  @Test func `A record that was restored from a backup is not believed about later rows`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      let run = ["run", "rows", "--period", "2025", "--json"]
      #expect(try Night(here.yearbook(run)).read == 2)
      let record = try here.record.connect()
      try record.execute(
        """
        CREATE SCHEMA backup;
        CREATE TABLE backup.extraction AS SELECT * FROM yearbook.extraction;
        CREATE TABLE backup.result AS SELECT * FROM yearbook.result
        """)
      let source = try here.platform.connect()
      try source.execute(
        "UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      #expect(try Night(here.yearbook(run)).published == 1)
      let payload = try here.payload()
      try record.execute(
        """
        SET session_replication_role = replica;
        TRUNCATE yearbook.extraction; INSERT INTO yearbook.extraction SELECT * FROM backup.extraction;
        TRUNCATE yearbook.result; INSERT INTO yearbook.result SELECT * FROM backup.result
        """)
      let again = try Night(here.yearbook(run))
      #expect(again.status == 0 && again.read == 1 && again.known == 1, "\(again.output)")
      #expect(again.published == 0)
      #expect(try here.payload() == payload)
    }
  }

  @Test func `Explain and a dry run read no row that has not changed`() throws {
    try Installation.with { here in
      for name in ["acme", "other"] { try here.addTenant(name) }
      let run = ["run", "rows", "--period", "2025", "--json"]
      #expect(try Night(here.yearbook(run)).read == 2)
      let source = try here.platform.connect()
      // How often the table of people is read, by the server's own count.
      func scans(_ arguments: [String]) throws -> Int {
        func count() throws -> Int {
          var (last, seen) = (-1, 0)
          // A session's counts arrive when it ends, or a little later.
          for _ in 0..<100 {
            usleep(100_000)
            let now = try source.query(
              "SELECT (seq_scan + coalesce(idx_scan, 0))::int AS n FROM pg_stat_user_tables WHERE relname = 'user'"
            ).only().int("n")
            seen = now == last ? seen + 1 : 0
            last = now
            if seen == 8 { break }
          }
          return last
        }
        let before = try count()
        let outcome = try here.yearbook(arguments)
        #expect(outcome.status == 0, "\(outcome.output)")
        return try count() - before
      }
      let explain = ["explain", "rows", "--period", "2025"]
      let night = try scans(run)
      let full = try scans(run + ["--reread"])
      #expect(full > night)
      #expect(try scans(explain) == night)
      #expect(try scans(["run", "rows", "--period", "2025", "--dry-run"]) == night)
      #expect(try scans(["run", "rows", "--period", "2025", "--dry-run", "--reread"]) == full)
      try source.execute(
        "DELETE FROM app.\"user\" WHERE username = 'u2' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'acme')")
      let output = try here.yearbook(explain).output
      #expect(output.contains("would read the rows: changed table user (3 rows, now 2 rows)"))
      #expect(output.contains("no row has changed"))
      let dry = try here.yearbook(["run", "rows", "--period", "2025", "--dry-run"]).output
      #expect(dry.contains("the rows of 1 partition would be read"), "\(dry)")
    }
  }
}

/// One random change of a platform's rows, of any column, as SQL.
enum PlatformChange {
  private static let tables = [
    "pocuser", "room", "room_member", "user", "message", "payment", "billing", "billing_event",
    "dojo_recording", "poc_screenshot",
  ]
  private static let times = [
    ("pocuser", "created"), ("room", "date"), ("room", "created"), ("message", "created"),
    ("payment", "created"), ("user", "created"), ("billing_event", "at"), ("billing", "created"),
    ("dojo_recording", "created"), ("poc_screenshot", "created"), ("payment", "due"),
  ]

  static func make(
    moment: Int, _ random: inout SeededRandom, on source: Connection
  ) throws -> String {
    // The same rows for the same seed.
    func one(_ random: inout SeededRandom, of name: String, _ what: String = "ctid") -> String {
      "(SELECT \(what) FROM \(name) r ORDER BY md5(r::text || \(random.number(0...99_999))) LIMIT 1)"
    }
    let table = random.pick(tables)
    let name = "app.\(Quoting.identifier(table))"
    switch random.number(1...12) {
    case 1: return "DELETE FROM \(name) WHERE ctid = \(one(&random, of: name))"
    case 2 where table != "room_member":
      return """
        INSERT INTO \(name) SELECT (jsonb_populate_record(r, jsonb_build_object('id', md5(r.id::text || \(random.number(0...99_999)))::uuid))).*
        FROM \(name) r WHERE ctid = \(one(&random, of: name)) ON CONFLICT DO NOTHING
        """
    case 2, 3:
      return """
        INSERT INTO app.room_member SELECT \(one(&random, of: "app.room", "id")), \(one(&random, of: "app.\"user\"", "id"))
        ON CONFLICT DO NOTHING
        """
    case 4: return "DELETE FROM app.room_member WHERE ctid = \(one(&random, of: "app.room_member"))"
    case 5 where table != "room_member":
      return "UPDATE \(name) SET tenantid = \(one(&random, of: "app.tenant", "id"))"
        + " WHERE ctid = \(one(&random, of: name))"
    case 6:
      return "UPDATE app.\"user\" SET privacy = '\(random.pick(["names", "initials", "none"]))'"
        + " WHERE ctid = \(one(&random, of: "app.\"user\""))"
    case 7, 8:
      // Across the cut-off, or across the end of the days that it is compared with.
      let (table, column) = random.pick(times)
      let back = random.pick(["0", "1 month", "1 year", "1 month", "1 year"])
      let shift = random.number(-200_000...200_000)
      return
        "UPDATE app.\(Quoting.identifier(table)) SET \(column) = to_timestamp(\(moment + shift))"
        + " - interval '\(back)' WHERE ctid = \(one(&random, of: "app.\(Quoting.identifier(table))"))"
    default:
      // Any column gets the value that another row has.
      let columns = try source.query(
        """
        SELECT attname AS name FROM pg_attribute a WHERE attrelid = '\(name)'::regclass AND attnum > 0
          AND NOT attisdropped AND NOT EXISTS (SELECT FROM pg_index i
            WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
        ORDER BY attname
        """
      ).map { try $0.string("name") }
      guard !columns.isEmpty else { return "SELECT 1" }
      let column = Quoting.identifier(random.pick(columns))
      return "UPDATE \(name) SET \(column) = \(one(&random, of: name, column))"
        + " WHERE ctid = \(one(&random, of: name))"
    }
  }
}
