import Foundation
import Postgres
import TestSupport
import Testing

/// Who asked for initials is not named in full, whatever the name is written with.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct InitialsTests {
  private struct Case {
    var username = "user"
    var first: String
    var last: String
    var privacy = "initials"
    /// What a report shows; `nil` if the person is not named.
    var shown: String?
  }

  private static let cases = [
    // One visible character would be the whole name.
    Case(first: "明", last: "李", shown: nil),
    Case(first: "小明", last: "李", shown: "小."),
    Case(first: "민", last: "김수", shown: "김."),
    Case(
      first: "\u{1106}\u{1175}\u{11AB}", last: "\u{1106}\u{1175}\u{11AB}\u{1109}\u{116E}",
      shown: "\u{1106}\u{1175}\u{11AB}."),
    Case(first: "A", last: "Souza", shown: "S."),
    Case(first: "M.", last: "-", shown: nil),
    Case(username: "x", first: "", last: "", shown: nil),
    // Half a character is none.
    Case(first: "🇧🇷 Ana", last: "O", shown: "🇧🇷."),
    Case(first: "🇧🇷", last: "🇧🇷🇵🇹", shown: "🇧🇷."),
    Case(first: "👩‍💻", last: "👩‍💻 Maria", shown: "👩‍💻."),
    Case(first: "👍🏽", last: "👍🏽x", shown: "👍🏽."),
    Case(first: "🏴󠁧󠁢󠁥󠁮󠁧󠁿", last: "🏴󠁧󠁢󠁥󠁮󠁧󠁿 Bo", shown: "🏴󠁧󠁢󠁥󠁮󠁧󠁿."),
    Case(first: "E\u{301}", last: "E\u{301}va", shown: "E\u{301}."),
    Case(first: "नि", last: "निशा", shown: "नि."),
    Case(first: "क्षि", last: "क्षमा", shown: "क्ष."),
    Case(first: "葛\u{E0100}", last: "葛\u{E0100}城", shown: "葛\u{E0100}."),
    Case(first: "กำ", last: "กำลัง", shown: "กำ."),
    Case(first: "𠀀明", last: "𠀀", shown: "𠀀."),
    Case(first: "မောင်", last: "မော", shown: "မော."),
    Case(first: "👨‍👩‍👧‍👦", last: "👨‍👩‍👧‍👦 Family", shown: "👨‍👩‍👧‍👦."),
    // What nobody can see is no part of a name.
    Case(first: "\u{200B}Ana", last: "\u{200B}\u{AD}B", shown: "A."),
    Case(first: "\u{202E}ana", last: "محمد", shown: "a. م."),
    Case(first: "  Bo ", last: "- ", shown: "B."),
    Case(first: "\u{3164}", last: "\u{A0}", shown: "u."),
    Case(first: "\u{3164}", last: "\u{A0}\u{301}", privacy: "names", shown: "user"),
    // No letter is taken for a blank.
    Case(first: "vnf", last: "rvtxB0", privacy: "names", shown: "vnf rvtxB0"),
    Case(first: "Ana\u{200B}", last: "\u{A0}B\u{3000}", privacy: "names", shown: "Ana B"),
    Case(first: "❤️", last: "Zé", privacy: "names", shown: "❤️ Zé"),
    Case(first: "Zé", last: "Łukasz", shown: "Z. Ł."),
    Case(first: "İpek", last: "ılgın", shown: "İ. ı."),
    Case(first: "Zé", last: "Łukasz", privacy: "none", shown: nil),
  ]

  @Test func `Initials are never the whole name, nor half a character`() throws {
    try Installation.with { here in
      let connection = try here.platform.connect()
      try connection.execute(
        "CREATE TEMP TABLE partition AS SELECT gen_random_uuid() AS tenant_id, 'names'::text AS privacy;"
          + "INSERT INTO app.tenant (id, slug, name, timezone, locale, currency)"
          + " SELECT tenant_id, 'acme', 'Acme', 'UTC', 'en', 'EUR' FROM partition;"
          + "SET search_path = app, pg_temp")
      let people = try Installation.text("pipelines/common/people.sql")
      for one in Self.cases {
        try connection.query(
          """
          INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, privacy)
          SELECT tenant_id, $1, $2, $3, 'x@example.org', 30, $4 FROM partition
          """, [one.username, one.first, one.last, one.privacy])
        let name = try connection.query(people).only().optionalString("name")
        // Compared by bytes: for Swift, a letter and its decomposed form are equal.
        #expect(
          name.map { Array($0.utf8) } == one.shown.map { Array($0.utf8) },
          "'\(one.first)' '\(one.last)': \(name ?? "nobody")")
        try connection.execute("DELETE FROM app.\"user\"")
      }
      // A tenant's own wish is as strong as a person's.
      try connection.execute("UPDATE partition SET privacy = 'initials'")
      try connection.query(
        """
        INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, privacy)
        SELECT tenant_id, 'user', '明', 'Souza', 'x@example.org', 30, 'names' FROM partition
        """)
      #expect(try connection.query(people).only().optionalString("name") == "S.")
    }
  }

  @Test func `A person whose initials would be the name stands as hidden in every file`() throws {
    try Installation.with { here in
      try here.addReport("users")
      try here.useProjectRules()
      try here.addTenant("acme", people: 1)
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET firstname = '明', lastname = '李', privacy = 'initials'")
      let (status, output) = try here.yearbook(["run", "users", "--period", "2025"])
      #expect(status == 0, "\(output)")
      let files = try here.payload().filter { $0.key.contains("/users/") }
      #expect(files.count > 3)
      for (path, data) in files {
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains("明") && !text.contains("李"), "\(path)")
      }
      let table = try #require(files.first { $0.key.hasSuffix("users.csv") })
      #expect(String(decoding: table.value, as: UTF8.self).contains(",hidden,"))
    }
  }

  @Test func `Tags and languages that look the same are counted once`() throws {
    try Installation.with { here in
      let connection = try here.platform.connect()
      try connection.execute(
        """
        CREATE TEMP TABLE partition AS SELECT gen_random_uuid() AS tenant_id, 'UTC'::text AS time_zone,
          'names'::text AS privacy, '2026-01-01 00:00+00'::timestamptz AS starts_at,
          '2025-01-01 00:00+00'::timestamptz AS previous_starts_at,
          '2026-01-01 00:00+00'::timestamptz AS previous_ends_at,
          '2027-01-01 00:00+00'::timestamptz AS cutoff_at,
          '1971-01-01 00:00+00'::timestamptz AS known_from,
          '9999-01-01 00:00+00'::timestamptz AS known_until;
        INSERT INTO app.tenant (id, slug, name, timezone, locale, currency)
          SELECT tenant_id, 'acme', 'Acme', 'UTC', 'en', 'EUR' FROM partition;
        INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age)
          SELECT tenant_id, 'u', 'F', 'L', 'x@example.org', 30 FROM partition;
        INSERT INTO app.pocuser (userid, tenantid, name, language, tags, created)
          SELECT u.id, u.tenantid, 'p', v.language, v.language || ', ' || v.language, '2026-02-01'
          FROM app."user" u, (VALUES ('São'), (normalize('São', NFD)), (U&'\\200BSão\\00AD'),
            (U&'\\00A0São '), ('Visual Basic'), (U&'Visual\\00A0Basic'), ('Go'), (' Go'), (U&'\\3164'),
            ('👩‍💻')) AS v(language);
        SET search_path = app, pg_temp
        """)
      func counts(_ sql: String) throws -> [String] {
        try connection.query(sql).map {
          "\(try $0.optionalString("word") ?? "nothing") \(try $0.int("n"))"
        }
      }
      let facts = try Installation.text("pipelines/common/poc_facts.sql")
      #expect(
        try counts(
          "SELECT language AS word, count(*) AS n FROM (\(facts)) q GROUP BY 1 ORDER BY language COLLATE \"C\""
        )
          == ["Go 2", "São 4", "Visual Basic 2", "👩‍💻 1", "nothing 1"])
      let tags = try Installation.text("pipelines/common/poc_tags.sql")
      #expect(
        try counts(
          "SELECT tag AS word, count(DISTINCT id) AS n FROM (\(tags)) q GROUP BY 1 ORDER BY tag COLLATE \"C\""
        )
          == ["Go 2", "São 4", "Visual Basic 2", "👩‍💻 1"])
    }
  }
}
