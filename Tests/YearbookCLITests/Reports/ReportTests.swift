import Foundation
import Postgres
import TestSupport
import Testing

/// The project's own reports from end to end: nothing of another tenant in any file, a tenant whose
/// rows can't be counted, a report that is made of nothing but files.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ReportTests {
  private static let reports = ["annual", "billing", "dojos", "users", "platform-billing"]

  /// As short as a film may be.
  private static let shortFilms = """
    tenants:
      one: {film: {target: 16s, max: 16s}}
      two: {film: {target: 16s, max: 16s}}

    """

  /// Two tenants whose every text says whose it is, with a guest of each at the other's.
  private static let rows = """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    SELECT md5('t' || v.slug)::uuid, v.slug, 'Firm ' || v.mark, v.zone, v.locale, v.currency, '2024-01-01'
    FROM (VALUES ('one', 'QOXA', 'America/Sao_Paulo', 'pt-BR', 'BRL'),
      ('two', 'ZVYB', 'Asia/Tokyo', 'en', 'JPY')) AS v(slug, mark, zone, locale, currency);
    CREATE TEMP TABLE mark AS
    SELECT id, slug, CASE slug WHEN 'one' THEN 'QOXA' ELSE 'ZVYB' END AS mark,
      md5('t' || CASE slug WHEN 'one' THEN 'two' ELSE 'one' END)::uuid AS other,
      CASE slug WHEN 'one' THEN 'two' ELSE 'one' END AS other_slug
    FROM app.tenant;
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, privacy, created)
    SELECT md5('u' || slug || n)::uuid, id, mark || 'u' || n, mark || 'first' || n, mark || 'last' || n,
      mark || n || '@example.org', 30, (ARRAY['names', 'initials', 'none'])[n % 3 + 1], '2025-01-05'
    FROM mark, generate_series(0, 5) n;
    INSERT INTO app.pocuser (userid, tenantid, name, description, language, favorite, tags, repourl, created)
    SELECT md5('u' || CASE WHEN n = 7 THEN other_slug ELSE slug END || n % 6)::uuid, id, mark || ' poc ' || n,
      mark || ' words', mark || 'lang', CASE WHEN n % 2 = 0 THEN 'Y' ELSE 'N' END, mark || 'tag,x',
      'https://example.org/' || mark, '2025-02-01'::timestamptz + n * interval '20 days'
    FROM mark, generate_series(0, 11) n;
    INSERT INTO app.room (id, userid, tenantid, date, name, created)
    SELECT md5('r' || slug || n)::uuid, md5('u' || CASE WHEN n = 3 THEN other_slug ELSE slug END || n)::uuid, id,
      '2025-03-01'::timestamptz + n * interval '30 days', mark || ' dojo ' || n, '2025-01-06'
    FROM mark, generate_series(0, 4) n;
    INSERT INTO app.dojo_recording (roomid, tenantid, started, stopped, object_key, created)
    SELECT id, tenantid, date, date + interval '1 hour', left(name, 4) || '.webm', date FROM app.room;
    INSERT INTO app.poc_screenshot (pocid, tenantid, object_key, created)
    SELECT id, tenantid, left(name, 4) || '.png', created FROM app.pocuser;
    INSERT INTO app.room_member (roomid, userid)
    SELECT md5('r' || slug || n)::uuid, md5('u' || s || 1)::uuid
    FROM mark, generate_series(0, 4) n, unnest(ARRAY[slug, other_slug]) AS s;
    INSERT INTO app.message (userid, roomid, tenantid, body, created)
    SELECT md5('u' || slug || 2)::uuid, md5('r' || slug || n)::uuid, id, mark || ' said', '2025-03-02'
    FROM mark, generate_series(0, 4) n;
    INSERT INTO app.billing (id, tenantid, plan, price, expirationdate, paymentgateway, created)
    SELECT md5('b' || slug)::uuid, id, 'M', 10, '2025-12-01', mark || 'gate', '2025-01-01' FROM mark;
    INSERT INTO app.billing_event (billingid, tenantid, kind, plan, price, currency, at)
    SELECT md5('b' || slug)::uuid, id, 'created', 'M', 10, 'BRL', '2025-01-01' FROM mark;
    INSERT INTO app.payment (billingid, tenantid, total, currency, payment_gateway, kind, status,
      invoice_number, due, created)
    SELECT md5('b' || slug)::uuid, id, 10, 'BRL', mark || 'gate', 'charge', 'succeeded', mark || n,
      '2025-02-01', '2025-02-01' FROM mark, generate_series(1, 3) n;
    """

  private func withReports(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      for name in Self.reports + ["common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.useProjectRules()
      let connection = try here.platform.connect()
      try connection.execute(Self.rows)
      try body(here)
    }
  }

  @Test func `No file of a tenant holds a text of another, in any report or film`() throws {
    try withReports { here in
      try here.write("yearbook.yaml", Self.shortFilms)
      try runAll(here)
      var seen: [String: Int] = [:]
      for (path, data) in try files(here) {
        let owner = owner(of: path)
        for (slug, mark) in [("one", "QOXA"), ("two", "ZVYB")] where data.contains(mark) {
          seen[slug, default: 0] += 1
          #expect(owner == slug || owner == "operator", "\(path) holds a text of '\(slug)'")
        }
        // Who is not to be shown, is in none: the last of three each is 'none', the second
        // 'initials'.
        for name in ["last2", "first1", "last5", "u2", "said"]
        where data.contains("QOXA" + name) || data.contains("ZVYB" + name) {
          Issue.record("\(path) holds '\(name)'")
        }
      }
      // What is found nowhere proves nothing.
      #expect(seen.values.allSatisfy { $0 > 60 }, "\(seen)")
      for name in ["one/video/2025/data/captions.vtt", "two/video/2025/data/storyboard.json"] {
        #expect(try here.payload().contains { $0.key.hasSuffix(name) }, "\(name)")
      }
    }
  }

  @Test func `A tenant that shows initials or nobody names nobody, in any file`() throws {
    try withReports { here in
      try here.write(
        "yearbook.yaml",
        Self.shortFilms.replacing("one: {", with: "one: {privacy: initials, ")
          .replacing("two: {", with: "two: {privacy: none, "))
      try runAll(here)
      var initials = 0
      for (path, data) in try files(here) {
        for part in ["first", "last", "u"] {
          for name in (0...5).flatMap({ ["QOXA\(part)\($0)", "ZVYB\(part)\($0)"] })
          where data.contains(name) {
            Issue.record("\(path) holds '\(name)'")
          }
        }
        #expect(!data.contains("Z. Z."), "\(path) holds a hidden person's initials")
        initials += data.contains("Q. Q.") ? 1 : 0
        // A recording shows people.
        if path.contains("two/video"), path.hasSuffix("storyboard.json") {
          #expect(!data.contains("\"recording\""), "\(path)")
        }
      }
      #expect(initials > 10)
    }
  }

  /// All reports, and the film, of the year and of a month where they run by it.
  private func runAll(_ here: Installation) throws {
    try FileManager.default.copyItem(
      atPath: "\(Places.project)/pipelines/video", toPath: "\(here.folder)/pipelines/video")
    for report in Self.reports + ["video"] {
      let months = ["annual", "video"].contains(report) ? [] : ["--period", "2025-03"]
      let (status, output) = try here.yearbook(["run", report, "--period", "2025"] + months)
      try #require(status == 0, "\(output)")
    }
  }

  /// All files of the store and of the workspace, by their paths.
  private func files(_ here: Installation) throws -> [(path: String, data: Data)] {
    try ["store", "workspace"].flatMap { root in
      try FileManager.default.subpathsOfDirectory(atPath: "\(here.folder)/\(root)")
        .compactMap { path in
          FileManager.default.contents(atPath: "\(here.folder)/\(root)/\(path)")
            .map { ("\(root)/\(path)", $0) }
        }
    }
  }

  /// Whose folder a file lies in: a tenant's slug, `operator`, or `nil`.
  private func owner(of path: String) -> String? {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count > 2, parts[1] == "tenants" else {
      return parts[1] == "operator" ? "operator" : nil
    }
    // The workspace's folders bear the ids, the operator's is the nil one.
    let ids = [
      "f303f9a1-5cdd-be8e-e029-6511a8b04b30": "one", "e1c8b58a-ca78-95e0-01a0-890dd0411d0a": "two",
      "00000000-0000-0000-0000-000000000000": "operator",
    ]
    return ids[parts[2]] ?? parts[2]
  }

  @Test func `A tenant with an unknown plan fails alone, and is left out of all together`() throws {
    try withReports { here in
      let connection = try here.platform.connect()
      try connection.execute(
        """
        ALTER TABLE app.billing_event DROP CONSTRAINT billing_event_plan_check;
        UPDATE app.billing_event SET plan = 'W'
          WHERE tenantid = (SELECT id FROM app.tenant WHERE slug = 'one')
        """)
      let (status, output) = try here.yearbook(["run", "billing", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("1 published, 0 unchanged, 1 failed"), "\(output)")
      #expect(output.contains("the column 'plan' holds an unknown term"), "\(output)")
      #expect(try here.yearbook(["run", "platform-billing", "--period", "2025"]).status == 0)
      let payload = try here.payload()
      let left = try #require(
        payload.first { $0.key.contains("platform-billing/") && $0.key.hasSuffix("left_out.csv") })
      #expect(String(decoding: left.value, as: UTF8.self).contains("one,Firm QOXA,unknown_plan,2"))
      let tenants = try #require(
        payload.first { $0.key.contains("platform-billing/") && $0.key.hasSuffix("/tenants.csv") })
      #expect(!String(decoding: tenants.value, as: UTF8.self).contains("QOXA"))
      // When the row is fixed, a retry runs only this tenant.
      try connection.execute("UPDATE app.billing_event SET plan = 'M'")
      let retried = try here.yearbook(["retry"])
      #expect(retried.status == 0, "\(retried.output)")
      #expect(retried.output.contains("1 published"), "\(retried.output)")
    }
  }

  /// A word or currency that nobody knows: where it is put, and the rule that finds it.
  struct Unknown {
    var report = "billing"
    var column: String
    var word: String
    var rule: String
    /// The table's check that must go for it.
    var check: String?
  }

  private static let unknowns = [
    Unknown(
      column: "payment.status", word: "lost", rule: "unknown_status", check: "payment_status_check"),
    Unknown(column: "payment.kind", word: "fee", rule: "unknown_kind", check: "payment_kind_check"),
    Unknown(column: "payment.currency", word: "XQZ", rule: "unknown_currency"),
    Unknown(
      column: "billing_event.kind", word: "paused", rule: "unknown_event",
      check: "billing_event_kind_check"),
    Unknown(column: "billing_event.currency", word: "brl", rule: "unknown_currency"),
    Unknown(column: "tenant.currency", word: "EU", rule: "unknown_currency"),
    Unknown(
      report: "annual", column: "pocuser.favorite", word: "M", rule: "unknown_favorite",
      check: "pocuser_favorite_check"),
    Unknown(
      report: "dojos", column: "message.message_status", word: "X", rule: "unknown_message_status",
      check: "message_message_status_check"),
    Unknown(
      report: "dojos", column: "room.status", word: "X", rule: "unknown_room_status",
      check: "room_status_check"),
    Unknown(
      report: "users", column: "\"user\".account_status", word: "X", rule: "unknown_confirmation",
      check: "user_account_status_check"),
    Unknown(
      report: "users", column: "\"user\".privacy", word: "some", rule: "unknown_privacy",
      check: "user_privacy_check"),
  ]

  @Test func `What nobody knows is an error of its tenant, by name, and never a guess`() throws {
    try withReports { here in
      let connection = try here.platform.connect()
      // All at once: each one alone would start the isolation trial again.
      for unknown in Self.unknowns {
        guard let check = unknown.check else { continue }
        let table = unknown.column.split(separator: ".")[0]
        try connection.execute("ALTER TABLE app.\(table) DROP CONSTRAINT \(check)")
      }
      for unknown in Self.unknowns {
        let parts = unknown.column.split(separator: ".")
        let table = "app.\(parts[0])"
        let column = parts[1]
        let owner = parts[0] == "tenant" ? "slug = 'one'" : "tenantid = md5('tone')::uuid"
        try connection.execute(
          "CREATE TABLE public.kept AS SELECT id, \(column) AS word FROM \(table)")
        try connection.execute("UPDATE \(table) SET \(column) = '\(unknown.word)' WHERE \(owner)")
        let (status, output) = try here.yearbook(["run", unknown.report, "--period", "2025"])
        #expect(status == 1, "\(unknown): \(output)")
        #expect(output.contains("\(unknown.report) one 2025 aggregate"), "\(unknown): \(output)")
        #expect(output.contains(" unchanged, 1 failed"), "\(unknown): \(output)")
        #expect(
          ["\(unknown.rule)", "\(column)", "confirmation"].contains { output.contains("'\($0)'") },
          "\(unknown): \(output)")
        // Nor does it say what it found: that is a tenant's text.
        #expect(!output.contains("'\(unknown.word)'"), "\(unknown): \(output)")
        if unknown.report == "billing" {
          let together = try here.yearbook(["run", "platform-billing", "--period", "2025"])
          #expect(together.status == 0, "\(unknown): \(together.output)")
          #expect(
            try newest(here, "operator/platform-billing/2025", "left_out.csv")
              .contains("one,Firm QOXA,\(unknown.rule),"), "\(unknown)")
          #expect(
            try !newest(here, "operator/platform-billing/2025", "tenants.csv").contains("QOXA"))
        }
        try connection.execute(
          """
          UPDATE \(table) x SET \(column) = k.word FROM public.kept k WHERE k.id = x.id;
          DROP TABLE public.kept
          """)
      }
    }
  }

  /// Values that PostgreSQL's `numeric` and `timestamptz` hold, and no sum or difference survives.
  @Test func `One tenant's NaN, infinity or 1e30 leaves the operator's report, and is named there`()
    throws
  {
    try withReports { here in
      let connection = try here.platform.connect()
      try connection.execute(
        """
        ALTER TABLE app.payment ALTER total TYPE numeric;
        ALTER TABLE app.billing ALTER price TYPE numeric;
        ALTER TABLE app.billing_event ALTER price TYPE numeric
        """)
      for (column, value, good) in [
        ("payment.total", "NaN", "10"), ("payment.total", "Infinity", "10"),
        ("payment.total", "-Infinity", "10"), ("payment.total", "1e30", "10"),
        ("billing_event.price", "NaN", "10"), ("billing_event.price", "1e30", "10"),
        ("billing.price", "Infinity", "10"), ("payment.due", "infinity", "2025-02-01"),
        ("payment.due", "-infinity", "2025-02-01"),
        ("billing_event.at", "-infinity", "2025-01-01"),
      ] {
        let parts = column.split(separator: ".")
        func set(_ value: String) throws {
          try connection.execute(
            "UPDATE app.\(parts[0]) SET \(parts[1]) = '\(value)' WHERE tenantid = md5('tone')::uuid"
          )
        }
        try set(value)
        // The last word of a price stands in the history; without one, it is the subscription's own.
        if column == "billing.price" {
          try connection.execute("CREATE TABLE public.history AS SELECT * FROM app.billing_event")
          try connection.execute("DELETE FROM app.billing_event WHERE tenantid = md5('tone')::uuid")
        }
        let (status, output) = try here.yearbook(["run", "platform-billing", "--period", "2025"])
        #expect(status == 0, "\(column) \(value): \(output)")
        let place = "operator/platform-billing/2025"
        #expect(
          try newest(here, place, "left_out.csv").contains("one,Firm QOXA,unusable_value,"),
          "\(column) \(value)")
        let tenants = try newest(here, place, "tenants.csv")
        #expect(!tenants.contains("QOXA") && tenants.contains("ZVYB"), "\(column) \(value)")
        #expect(try newest(here, place, "totals.csv").contains("30.00"), "\(column) \(value)")
        try set(good)
        if column == "billing.price" {
          try connection.execute(
            """
            INSERT INTO app.billing_event SELECT * FROM public.history WHERE tenantid = md5('tone')::uuid;
            DROP TABLE public.history
            """)
        }
      }
      // Its own report fails, and says of what.
      try connection.execute(
        "UPDATE app.payment SET total = 'NaN' WHERE tenantid = md5('tone')::uuid")
      let own = try here.yearbook(["run", "billing", "--period", "2025"])
      #expect(own.status == 1, "\(own.output)")
      #expect(own.output.contains("1 published, 0 unchanged, 1 failed"), "\(own.output)")
      #expect(own.output.contains("billing one 2025 aggregate"), "\(own.output)")
    }
  }

  /// A file of a partition's newest release.
  private func newest(_ here: Installation, _ partition: String, _ name: String) throws -> String {
    let folder = "\(here.folder)/store/\(partition)"
    let latest = try Installation.text("latest.json", in: folder)
    let release = try #require(
      latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") })
    return try Installation.text("releases/\(release)/data/\(name)", in: folder)
  }

  @Test func `The guide's report is made of its files alone`() throws {
    try withReports { here in
      // It reads names by itself, which the project's platform.yaml forbids.
      for name in ["rows", "nightly.yaml"] {
        try FileManager.default.removeItem(atPath: "\(here.folder)/pipelines/\(name)")
      }
      let guide = String(
        decoding: try #require(
          FileManager.default.contents(atPath: "\(Places.project)/docs/how-to/new-report.md")),
        as: UTF8.self)
      // Each file of the guide stands in a block that begins with its name.
      var count = 0
      for block in guide.components(separatedBy: "```").enumerated().filter({ $0.offset % 2 == 1 })
      {
        let lines = block.element.split(separator: "\n", omittingEmptySubsequences: false)
          .dropFirst()
        let indent = lines.first?.prefix { $0 == " " }.count ?? 0
        let text = lines.map { String($0.dropFirst(indent)) }
        guard let first = text.first, let name = first.split(separator: " ").dropFirst().first,
          ["--", "#", "{{!"].contains(first.split(separator: " ").first)
        else { continue }
        count += 1
        let path = String(name)
        let content = text.dropFirst().joined(separator: "\n")
        if path.hasPrefix("templates/messages/") {
          let old = String(
            decoding: try #require(FileManager.default.contents(atPath: "\(here.folder)/\(path)")),
            as: UTF8.self)
          try here.write(path, old + content)
        } else {
          try here.write(path, content)
        }
      }
      #expect(count == 6, "SQL, YAML, a template and three languages")
      let check = try here.yearbook(["check"])
      #expect(check.status == 0, "\(check.output)")
      let (status, output) = try here.yearbook(["run", "people", "--period", "2025"])
      #expect(status == 0, "\(output)")
      let page = try #require(
        here.payload().first { $0.key.contains("one/people/") && $0.key.hasSuffix("index.html") })
      let text = String(decoding: page.value, as: UTF8.self)
      #expect(text.contains("6 pessoas chegaram"), "\(text)")
      #expect(text.contains("jan"), "\(text)")
      // No heading stands over nothing.
      #expect(text.contains("id=\"definitions\""))
      #expect(!text.contains("id=\"quality\""), "\(text)")
    }
  }
}

extension Data {
  fileprivate func contains(_ text: String) -> Bool { range(of: Data(text.utf8)) != nil }
}
