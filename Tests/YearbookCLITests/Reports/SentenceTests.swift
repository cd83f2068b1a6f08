import Foundation
import Postgres
import TestSupport
import Testing

/// Every sentence of the pages, read back against the rows by plain Python (`Tests/oracle`).
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"))
struct SentenceTests {
  private func read(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let python = try #require(Places.judgesPython)
    let (status, output) = try Program.run(
      [python, "\(Places.project)/Tests/oracle/sentences.py"] + arguments,
      environment: ["PYTHONDONTWRITEBYTECODE=1"])
    return (status, output)
  }

  @Test func `Every message is a claim with a checker, or a label`() throws {
    let (status, output) = try read([])
    #expect(status == 0, "\(output)")
  }

  @Test func `No sentence of a recorded page is false, and each falsified one is found out`() throws
  {
    try Installation.with { here in
      let connection = try here.platform.connect()
      let rows = try Installation.text("Tests/Fixtures/golden/rows.sql")
      try connection.execute(rows)
      let golden = [
        here.platform.conninfo, "--golden", "\(Places.project)/Tests/Fixtures/golden", "--day",
        "2026-11-20",
      ]
      let (status, output) = try read(golden + ["--mutate"])
      #expect(status == 0, "\(output)")
      // A page that is older than a row is not true any more.
      for change in [
        "DELETE FROM app.pocuser WHERE name = 'Queue'",
        "UPDATE app.pocuser SET language = 'Elm' WHERE name = 'Queue'",
        "UPDATE app.room SET date = date + interval '1 day' WHERE name = 'FizzBuzz'",
        "UPDATE app.billing_event SET price = 48.00 WHERE kind = 'created' AND price = 45.00",
        "UPDATE app.\"user\" SET account_status = 'A'",
        "UPDATE app.tenant SET created = '2024-06-01'",
      ] {
        try connection.execute("TRUNCATE app.tenant CASCADE")
        try connection.execute(rows)
        try connection.execute(change)
        let (status, output) = try read(golden)
        #expect(status == 1 && output.contains("fault: "), "\(change): \(output)")
      }
    }
  }

  /// Tenants of which something is equal, empty, new or alone, each in all languages.
  private static let cases = """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    SELECT md5('t' || c.kind || l.locale)::uuid, c.kind || '-' || lower(l.locale), c.kind, 'Europe/Lisbon',
      l.locale, 'EUR', c.created::timestamptz
    FROM (VALUES ('each', '2020-01-01'), ('three', '2020-01-01'), ('pair', '2020-01-01'),
      ('most', '2020-01-01'), ('alone', '2020-01-01'), ('many', '2020-01-01'), ('nothing', '2020-01-01'),
      ('young', '2025-06-01')) AS c(kind, created),
      (VALUES ('pt-BR'), ('en'), ('es')) AS l(locale);
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, account_status, privacy, created)
    SELECT md5('u' || t.slug || n)::uuid, t.id, 'u' || n, 'Ana', 'S' || n, 'x@example.org', 30, 'A', 'names', t.created
    FROM app.tenant t, generate_series(1, 2) n WHERE t.name <> 'nothing';
    INSERT INTO app.pocuser (userid, tenantid, name, language, favorite, tags, repourl, created, updated)
    SELECT md5('u' || t.slug || 1 + v.n % 2)::uuid, t.id, 'poc ' || v.n, v.language, 'N', '', '',
      v.day::timestamptz, v.day::timestamptz
    FROM app.tenant t JOIN (VALUES
      ('each', 1, 'C', '2026-02-03'), ('each', 2, 'Go', '2026-02-05'), ('each', 3, 'Rust', '2026-02-07'),
      ('each', 4, 'Ada', '2026-03-03'), ('each', 5, 'Zig', '2026-03-05'), ('each', 6, NULL, '2025-01-05'),
      ('three', 1, 'C', '2026-02-03'), ('three', 2, 'C', '2026-02-03'), ('three', 3, 'Go', '2026-02-04'),
      ('three', 4, 'Go', '2026-02-05'), ('three', 5, 'Io', '2026-02-05'), ('three', 6, 'Io', '2026-03-05'),
      ('three', 7, 'C', '2025-11-21'), ('three', 8, 'C', '2025-11-20'), ('three', 9, 'C', '2025-12-31'),
      ('pair', 1, 'C', '2026-02-03'), ('pair', 2, 'C', '2026-02-08'), ('pair', 3, 'Go', '2026-02-14'),
      ('pair', 4, 'Go', '2026-02-25'), ('pair', 5, 'Io', '2026-04-05'), ('pair', 6, 'C', '2025-01-01'),
      ('pair', 7, 'C', '2025-02-01'), ('pair', 8, 'C', '2025-03-01'), ('pair', 9, 'C', '2025-04-01'),
      ('pair', 10, 'C', '2025-05-01'),
      ('most', 1, 'C', '2026-02-03'), ('most', 2, 'C', '2026-02-03'), ('most', 3, 'Go', '2026-02-04'),
      ('alone', 1, 'C', '2026-02-03'), ('alone', 2, 'C', '2026-02-03'), ('alone', 3, NULL, '2026-02-04'),
      ('alone', 4, 'C', '2025-02-03'), ('alone', 5, 'C', '2025-02-03'), ('alone', 6, 'C', '2025-02-03'),
      ('alone', 7, 'C', '2025-02-03'),
      ('many', 1, 'A', '2026-02-03'), ('many', 2, 'B', '2026-02-03'), ('many', 3, 'C', '2026-02-04'),
      ('many', 4, 'D', '2026-02-03'), ('many', 5, 'A', '2026-02-03'), ('many', 6, 'B', '2026-02-04'),
      ('many', 7, 'C', '2026-02-03'), ('many', 8, 'D', '2026-02-03'), ('many', 9, 'E', '2026-02-04'),
      ('young', 1, 'C', '2025-07-03'), ('young', 2, 'C', '2026-02-03'), ('young', 3, 'C', '2026-02-04')
    ) AS v(kind, n, language, day) ON v.kind = t.name;
    -- Three on Tuesdays and three on Saturdays of eight; three of eight on Tuesdays alone; most; all.
    INSERT INTO app.room (userid, tenantid, date, name, status, created, updated)
    SELECT md5('u' || t.slug || 1)::uuid, t.id, v.day::timestamptz + interval '19 hours', 'dojo ' || v.day, 'A',
      v.day::timestamptz, v.day::timestamptz
    FROM app.tenant t JOIN (
      SELECT 'pair' AS kind, unnest(ARRAY['2026-02-03', '2026-02-10', '2026-02-17', '2026-02-07', '2026-02-14',
        '2026-02-21', '2026-02-02', '2026-02-04', '2025-12-02']) AS day
      UNION ALL SELECT 'three', unnest(ARRAY['2026-02-03', '2026-02-10', '2026-02-17', '2026-02-07',
        '2026-02-14', '2026-02-02', '2026-02-04', '2026-02-05'])
      UNION ALL SELECT 'most', unnest(ARRAY['2026-02-03', '2026-02-10', '2026-02-17', '2026-02-07', '2025-02-04'])
      UNION ALL SELECT 'alone', unnest(ARRAY['2026-02-07', '2026-02-14', '2026-02-21'])
    ) AS v ON v.kind = t.name;
    """

  @Test func `Ties, same days, new tenants and empty years are told truthfully in each language`()
    throws
  {
    try Installation.with { here in
      for name in ["annual", "dojos", "users", "billing", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.useProjectRules()
      try here.platform.connect().execute(Self.cases)
      for report in ["annual", "dojos", "users", "billing"] {
        let (status, output) = try here.yearbook(
          ["run", report, "--as-of", "2026-11-20", "--period", "2026", "--period", "2025"]
            + (report == "annual" ? [] : ["--period", "2026-11", "--period", "2026-02"]))
        try #require(status == 0, "\(output)")
      }
      let (status, output) = try read([
        here.platform.conninfo, "--store", "\(here.folder)/store", "--day", "2026-11-20",
        "--mutate",
      ])
      #expect(status == 0, "\(output)")
      // What would not be on any page proves nothing.
      for kind in [
        "languages.each", "languages.shared", "languages.most", "languages.only", "languages.equal",
        "languages.no_leader", "weekday.two", "weekday.top", "weekday.most", "weekday.all",
        "empty.more,", "empty.more_so_far", "compared.none", "compared.dates", "pocs.fewer",
        "pocs.same", "pocs.times",
      ] {
        #expect((output + ",").contains(kind), "no page has \(kind): \(output)")
      }
    }
  }
}
