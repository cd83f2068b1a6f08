import FoundationEssentials
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Basics
@testable import Extraction
@testable import Sample
@testable import Stages

/// Compares the figures of the pipelines with independent plain SQL (`Tests/sql`).
@Suite struct OracleTests {
  /// Rows as in careless platforms, in addition to the sample.
  private static let oddities = """
    WITH a AS (SELECT id FROM app.tenant WHERE slug = 'guilda-paulista'),
      own AS (SELECT min(u.id::text)::uuid AS id FROM app."user" u, a WHERE u.tenantid = a.id),
      other AS (
        SELECT min(u.id::text)::uuid AS id FROM app."user" u, app.tenant t
        WHERE u.tenantid = t.id AND t.slug = 'pacific-makers'),
      poc AS (
        INSERT INTO app.pocuser (userid, tenantid, name, language, favorite, tags, created)
        SELECT v.who, a.id, v.name, v.language, v.favorite, v.tags, v.created::timestamptz
        FROM a, own, other, LATERAL (VALUES
          (other.id, 'by a guest', 'Go', 'Y', 'x', '2025-07-01 12:00+00'),
          (own.id, 'no language', NULL, 'N', ' a, a ,,b', '2025-07-01 12:00+00'),
          (own.id, 'blank language', '  ', 'N', '', '2025-07-02 12:00+00'),
          (own.id, 'padded', ' Rust ', 'N', NULL, '2025-07-03 12:00+00'),
          (own.id, 'leap day', 'Ada', 'N', NULL, '2024-02-29 12:00+00'),
          (own.id, 'last second', 'Ada', 'N', NULL, '2026-01-01 02:59:59.999999+00'),
          (own.id, 'first second', 'Ada', 'Y', NULL, '2026-01-01 03:00:00+00')
        ) AS v(who, name, language, favorite, tags, created)),
      room AS (
        INSERT INTO app.room (userid, tenantid, date, name, created)
        SELECT v.who, a.id, v.date::timestamptz, v.name, v.date::timestamptz - interval '1 day'
        FROM a, own, other, LATERAL (VALUES
          (other.id, 'opened by a guest', '2025-08-01 22:00+00'),
          (own.id, 'two recordings', '2025-08-02 22:00+00'),
          (own.id, 'dead recorder', '2025-08-03 22:00+00'),
          (own.id, 'ends before it starts', '2025-08-04 22:00+00')
        ) AS v(who, name, date)
        RETURNING id, tenantid, name, date),
      member AS (
        INSERT INTO app.room_member (roomid, userid)
        SELECT room.id, who.id FROM room, (SELECT id FROM own UNION SELECT id FROM other) who)
    INSERT INTO app.dojo_recording (roomid, tenantid, started, stopped, object_key, created)
    SELECT room.id, room.tenantid, room.date, room.date + v.length, 'none', room.date
    FROM room
    JOIN (VALUES
      ('two recordings', interval '50 minutes'), ('two recordings', interval '10.9 seconds'),
      ('dead recorder', NULL), ('ends before it starts', interval '-1 minute')
    ) AS v(name, length) ON v.name = room.name
    """

  @Test func `Every figure equals its oracle`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    try withDatabase { conninfo in
      let connection = try Connection(
        conninfo, settings: SessionSettings(searchPath: ["app"]))
      try connection.execute(try text("docs/platform-schema.sql"))
      let sample = SamplePlatform(seed: 11, tenants: 16, pocsPerTenant: 60)
      try connection.transaction { _ = try sample.writeRows(on: connection) { _ in } }
      try connection.execute(Self.oddities)
      try connection.execute("ANALYZE")
      let annual = try #require(library.pipeline("annual"))
      for (period, day) in [
        ("2024", "2026-11-20"), ("2025", "2026-11-20"), ("2026", "2026-07-03"),
      ] {
        let trial = try Trial(connection, annual, period, day)
        try trial.compare("totals", with: text("Tests/sql/annual-totals.sql"), by: [])
        try trial.compare("months", with: text("Tests/sql/annual-months.sql"), by: ["month"])
        try compareUnpublished(trial)
      }
      for (period, day) in [
        ("2025", "2026-11-20"), ("2026", "2026-07-03"), ("2025-08", "2026-11-20"),
        ("2026-02", "2026-11-20"),
      ] {
        for name in ["dojos", "users"] {
          let trial = try Trial(connection, #require(library.pipeline(name)), period, day)
          try trial.compare("totals", with: text("Tests/sql/\(name)-totals.sql"), by: [])
        }
      }
      let billing = try #require(library.pipeline("billing"))
      for (period, day) in [
        ("2025", "2026-11-20"), ("2026", "2026-11-20"), ("2026", "2026-06-20"),
        ("2025-09", "2026-11-20"), ("2026-02", "2026-11-20"), ("2026-11", "2026-11-10"),
      ] {
        let trial = try Trial(connection, billing, period, day)
        try trial.compare("totals", with: text("Tests/sql/billing-totals.sql"), by: ["currency"])
        try trial.compare(
          "movement", with: text("Tests/sql/billing-movement.sql"), by: ["currency"])
        try trial.compare(
          "ageing", with: text("Tests/sql/billing-ageing.sql"), by: ["currency", "bucket"])
      }
    }
  }

  /// Ties, empty groups, leap days, the first and last moments of days and years in three time
  /// zones, clock changes, refunds in a later month, a plan that changes twice in one day, a yearly
  /// price that cannot be divided by twelve.
  private static func oddRows(seed: Int) -> String {
    """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    SELECT md5('t' || z)::uuid, 'odd-' || z, 'Odd ' || z,
      (ARRAY['America/Sao_Paulo', 'Asia/Tokyo', 'America/Los_Angeles', 'Europe/Berlin'])[z + 1],
      'en', (ARRAY['BRL', 'JPY', 'USD', 'EUR'])[z + 1], '2020-01-01'
    FROM generate_series(0, 3) z;
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created,
      account_status, status, privacy)
    SELECT md5('u' || t.slug || n)::uuid, t.id, 'u' || n, 'F' || n, 'L', 'x@example.org', 30,
      '2023-12-31 00:00+00'::timestamptz + n * interval '61 days',
      CASE WHEN n % 3 = 0 THEN 'C' ELSE 'A' END, CASE WHEN n % 2 = 0 THEN 'ONLINE' ELSE 'OFFLINE' END,
      (ARRAY['names', 'initials', 'none'])[n % 3 + 1]
    FROM app.tenant t, generate_series(0, 9) n WHERE t.slug LIKE 'odd-%';
    -- Moments: around every midnight that matters, then anywhere, all from one seed.
    CREATE TEMP TABLE moment AS
    SELECT t.id AS tenant, t.slug, n,
      CASE WHEN n < 24 THEN
        ((ARRAY['2024-02-29', '2024-03-01', '2024-12-31', '2025-01-01', '2025-03-09', '2025-03-30',
          '2025-10-26', '2025-11-02', '2025-12-31', '2026-01-01', '2026-02-28', '2026-03-01'])[n / 2 + 1]
          ::timestamp + CASE WHEN n % 2 = 0 THEN interval '0' ELSE interval '23:59:59.999999' END)
          AT TIME ZONE t.timezone
      ELSE '2024-01-01'::timestamptz
        + (('x' || substr(md5('\(seed)' || t.slug || n), 1, 7))::bit(28)::int % 1050) * interval '1 day'
        + (('x' || substr(md5('\(seed)h' || t.slug || n), 1, 7))::bit(28)::int % 86400) * interval '1 second'
      END AS at,
      ('x' || substr(md5('\(seed)r' || t.slug || n), 1, 7))::bit(28)::int AS random
    FROM app.tenant t, generate_series(0, 119) n WHERE t.slug LIKE 'odd-%';
    INSERT INTO app.pocuser (userid, tenantid, name, language, favorite, tags, created)
    SELECT md5('u' || CASE WHEN random % 17 = 0 THEN 'odd-0' ELSE slug END || random % 10)::uuid, tenant,
      'poc ' || n, (ARRAY['Go', 'Ada', ' Go ', NULL, '', 'C'])[random % 6 + 1],
      CASE WHEN random % 5 = 0 THEN 'Y' ELSE 'N' END, (ARRAY['a,b', 'b, b ,c', '', NULL])[random % 4 + 1], at
    FROM moment WHERE n % 2 = 0 OR n < 24;
    INSERT INTO app.room (id, userid, tenantid, date, name, status, created)
    SELECT md5('r' || slug || n)::uuid, md5('u' || slug || random % 10)::uuid, tenant, at, 'dojo ' || n,
      CASE WHEN random % 7 = 0 THEN 'I' ELSE 'A' END, at - interval '3 days'
    FROM moment WHERE n % 2 = 1;
    INSERT INTO app.room_member (roomid, userid)
    SELECT DISTINCT md5('r' || m.slug || m.n)::uuid,
      md5('u' || CASE WHEN (m.random + k) % 11 = 0 THEN 'odd-1' ELSE m.slug END || (m.random + k) % 10)::uuid
    FROM moment m, generate_series(0, 3) k WHERE m.n % 2 = 1;
    INSERT INTO app.dojo_recording (roomid, tenantid, started, stopped, object_key, created)
    SELECT md5('r' || slug || n)::uuid, tenant, at + k * interval '40 minutes',
      CASE WHEN (random + k) % 5 = 0 THEN NULL ELSE at + (random % 70 - 3) * interval '61.5 seconds' END,
      'none', at + k * interval '40 minutes'
    FROM moment, generate_series(0, 1) k WHERE n % 2 = 1 AND random % 3 > 0;
    INSERT INTO app.message (userid, roomid, tenantid, body, message_status, created)
    SELECT md5('u' || slug || (random + k) % 10)::uuid, md5('r' || slug || n)::uuid, tenant, 'x',
      CASE WHEN (random + k) % 4 = 0 THEN 'R' ELSE 'A' END, at + k * interval '1 minute'
    FROM moment, generate_series(1, 3) k WHERE n % 2 = 1;
    INSERT INTO app.billing (id, tenantid, plan, price, expirationdate, autorenew, paymentgateway, created)
    SELECT md5('b' || t.slug || g)::uuid, t.id, CASE g WHEN 0 THEN 'Y' ELSE 'M' END,
      CASE g WHEN 0 THEN 499.95 ELSE 49.90 END, '2026-12-10', g, 'gate' || g, '2024-01-31'
    FROM app.tenant t, generate_series(0, 1) g WHERE t.slug LIKE 'odd-%';
    INSERT INTO app.billing_event (billingid, tenantid, kind, plan, price, currency, at)
    SELECT b.id, b.tenantid, v.kind, v.plan, v.price, t.currency,
      (v.at::timestamp AT TIME ZONE t.timezone)
    FROM app.billing b JOIN app.tenant t ON t.id = b.tenantid AND t.slug LIKE 'odd-%'
    JOIN (VALUES
      ('gate0', 'created', 'Y', 499.95, '2024-02-29 00:00'),
      ('gate0', 'changed', 'Y', 549.95, '2025-11-02 00:30'),
      ('gate0', 'changed', 'M', 45.00, '2025-11-02 23:30'),
      ('gate0', 'changed', 'Y', 499.95, '2026-01-01 00:00'),
      ('gate1', 'created', 'M', 49.90, '2024-12-31 23:59:59.999999'),
      ('gate1', 'cancelled', 'M', 49.90, '2025-03-09 02:30'),
      ('gate1', 'reactivated', 'M', 59.00, '2025-12-31 23:59:59'),
      ('gate1', 'expired', 'M', 59.00, '2026-03-01 00:00')
    ) AS v(gate, kind, plan, price, at) ON v.gate = b.paymentgateway;
    INSERT INTO app.payment (billingid, tenantid, total, currency, payment_gateway, kind, status,
      attempt, invoice_number, due, created)
    SELECT md5('b' || slug || random % 2)::uuid, tenant,
      (ARRAY[499.95, 49.90, 59.00, 0.01])[random % 4 + 1],
      (SELECT currency FROM app.tenant x WHERE x.id = tenant), 'gate' || random % 2, 'charge',
      CASE WHEN (random + k) % 3 = 0 THEN 'failed' WHEN (random + k) % 13 = 0 THEN 'pending'
        ELSE 'succeeded' END, k, 'i' || n, at, at + (k - 1) * interval '33 days'
    FROM moment, generate_series(1, 2) k WHERE n < 60 AND (k = 1 OR random % 3 = 0);
    INSERT INTO app.payment (billingid, tenantid, total, currency, payment_gateway, kind, status,
      attempt, invoice_number, due, created)
    SELECT y.billingid, y.tenantid, y.total, y.currency, y.payment_gateway,
      CASE WHEN length(y.invoice_number) = 2 THEN 'dispute' ELSE 'refund' END, 'succeeded', 1,
      y.invoice_number, y.due, y.created + interval '45 days'
    FROM app.payment y JOIN app.tenant t ON t.id = y.tenantid AND t.slug LIKE 'odd-%'
    WHERE y.status = 'succeeded' AND y.total > 50;
    DROP TABLE moment;
    """
  }

  @Test(arguments: [1, 2, 3])
  func `Every figure equals its oracle on odd rows from a seed`(seed: Int) throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    try withDatabase { conninfo in
      let connection = try Connection(conninfo, settings: SessionSettings(searchPath: ["app"]))
      try connection.execute(try text("docs/platform-schema.sql"))
      try connection.execute(Self.oddRows(seed: seed))
      try connection.execute("ANALYZE")
      for (period, day) in [
        ("2024", "2026-11-20"), ("2025", "2026-11-20"), ("2026", "2026-03-01"),
        ("2024-02", "2026-11-20"),
        ("2025-03", "2026-11-20"), ("2025-11", "2026-11-20"), ("2025-12", "2025-12-31"),
        ("2026-01", "2026-11-20"),
      ] {
        if period.count == 4 {
          let annual = try Trial(connection, #require(library.pipeline("annual")), period, day)
          try annual.compare("totals", with: text("Tests/sql/annual-totals.sql"), by: [])
          try annual.compare("months", with: text("Tests/sql/annual-months.sql"), by: ["month"])
          try compareUnpublished(annual)
        }
        for name in ["dojos", "users"] {
          let trial = try Trial(connection, #require(library.pipeline(name)), period, day)
          try trial.compare("totals", with: text("Tests/sql/\(name)-totals.sql"), by: [])
        }
        let billing = try Trial(connection, #require(library.pipeline("billing")), period, day)
        try billing.compare("totals", with: text("Tests/sql/billing-totals.sql"), by: ["currency"])
        try billing.compare(
          "movement", with: text("Tests/sql/billing-movement.sql"), by: ["currency"])
        try billing.compare(
          "ageing", with: text("Tests/sql/billing-ageing.sql"), by: ["currency", "bucket"])
        let platform = try Trial(
          connection, #require(library.pipeline("platform-billing")), period, day)
        try platform.compareTogether(
          "totals", with: text("Tests/sql/billing-totals.sql"), by: "currency",
          sums: ["mrr", "gross", "refunds", "disputes", "net", "overdue", "outstanding"])
        try platform.compareTogether(
          "movement", with: text("Tests/sql/billing-movement.sql"), by: "currency",
          sums: ["starts", "new", "reactivation", "expansion", "contraction", "churn", "ends"])
      }
    }
  }

  @Test(
    .enabled(if: Places.sharedData != nil, "\(Places.noSharedData)"),
    .enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"))
  func `Figures that no file publishes equal their oracle on real rows`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    try withTemporaryFolder { folder in
      try withDatabase { conninfo in
        let connection = try Connection(conninfo, settings: SessionSettings(searchPath: ["app"]))
        try connection.execute(try text("docs/platform-schema.sql"))
        let loaded = try Program.run(
          [
            try #require(Places.judgesPython),
            try #require(Places.sharedData) + "/../tools/load_platform.py",
            "--data", try #require(Places.sharedData), "--media-root", folder, "--dsn", conninfo,
            "--join", "pocs-brasil=dojorio:8", "--join", "jvm-guild=guilda-jedi:0",
          ])
        try #require(loaded.status == 0, "\(loaded.output)")
        try connection.execute("ANALYZE")
        for period in ["2023", "2024", "2025"] {
          try compareUnpublished(
            Trial(connection, #require(library.pipeline("annual")), period, "2026-11-20"))
        }
      }
    }
  }

  /// The tables of the year in review that are only on the page.
  private func compareUnpublished(_ annual: Trial) throws {
    for (name, key) in [
      ("highlights", "rule"), ("first_languages", "language"), ("favorites", "rank"),
    ] {
      let oracle = try text("Tests/sql/annual-\(name.replacing("_", with: "-")).sql")
      try annual.compare(name, with: oracle, by: [key], isWhole: true)
    }
  }

  private func text(_ path: String) throws -> String {
    let data = try #require(FileManager.default.contents(atPath: "\(Places.project)/\(path)"))
    return String(decoding: data, as: UTF8.self)
  }
}

/// One pipeline, period and day, over all tenants of a database.
private struct Trial {
  let connection: Connection
  let pipeline: Pipeline
  let period: Period
  let day: CivilDate
  let tenants: [Tenant]

  init(_ connection: Connection, _ pipeline: Pipeline, _ period: String, _ day: String) throws {
    self.connection = connection
    self.pipeline = pipeline
    self.period = try #require(Period(period))
    self.day = try #require(CivilDate(day))
    tenants = try connection.query(
      "SELECT id::text, slug, name, timezone, locale, currency::text FROM app.tenant ORDER BY slug"
    ).map { row in
      Tenant(
        id: try row.string("id"), slug: try row.string("slug"), name: try row.string("name"),
        zone: ZoneRules(name: try row.string("timezone"), offset: 0),
        locale: try row.string("locale"),
        currency: try row.string("currency"))
    }
  }

  /// Expects that each row of the oracle has the same values as the query's row with the same
  /// `keys` columns.
  ///
  /// - Parameter isWhole: Whether the query has no other rows.
  func compare(
    _ name: String, with oracle: String, by keys: [String], isWhole: Bool = false
  ) throws {
    let query = try #require(pipeline.extract.queries.first { $0.name == name })
    let asOf = min(day, period.lastDay)
    let statement = ExtractStatement(
      pipeline.extract,
      partition: .rows(
        tenants.map { .init(tenant: $0, settings: TenantSettings(), asOf: asOf) }, period, .day(day)
      ))
    var rows: [[String]: [String: String?]] = [:]
    let found = try connection.query(statement.unordered(query).sql)
    for row in found {
      let values = values(row, found.names)
      let key = ["tenant_id"] + keys
      rows[key.map { values[$0, default: nil] ?? "" }] = values
    }
    let parameters = [
      "\(period.start)", "\(period.end)", "\(period.previous.start)", "\(day)",
    ]
    for tenant in tenants {
      let answers = try connection.query(oracle, [tenant.slug] + parameters)
      if isWhole {
        #expect(
          rows.keys.count { $0[0] == tenant.id } == answers.count,
          "\(pipeline.name)/\(name) \(period) \(day) \(tenant.slug) rows")
      }
      for row in answers {
        let expected = values(row, answers.names)
        let found = rows[[tenant.id] + keys.map { expected[$0, default: nil] ?? "" }] ?? [:]
        for (column, value) in expected.sorted(by: { $0.key < $1.key }) {
          #expect(
            found[column, default: nil] == value,
            "\(pipeline.name)/\(name) \(period) \(day) \(tenant.slug) \(column)")
        }
      }
    }
  }

  /// Expects that the platform-wide rows have the sums of each tenant's oracle.
  func compareTogether(
    _ name: String, with oracle: String, by key: String, sums columns: [String]
  ) throws {
    let query = try #require(pipeline.extract.queries.first { $0.name == name })
    let asOf = min(day, period.lastDay)
    let statement = ExtractStatement(
      pipeline.extract,
      partition: .rows(
        tenants.map { .init(tenant: $0, settings: TenantSettings(), asOf: asOf) }, period, .day(day)
      ))
    var expected: [String: [String: DecimalNumber]] = [:]
    for tenant in tenants {
      for row in try connection.query(
        oracle,
        [tenant.slug, "\(period.start)", "\(period.end)", "\(period.previous.start)", "\(day)"])
      {
        let group = try row.string(key)
        for column in columns {
          let value = try #require(DecimalNumber(try row.string(column)))
          let sum = expected[group, default: [:]][column] ?? .zero
          expected[group, default: [:]][column] = try sum + value
        }
      }
    }
    var found: Set<String> = []
    for row in try connection.query(statement.unordered(query).sql) {
      let group = try row.string(key)
      found.insert(group)
      for column in columns {
        let value = try #require(DecimalNumber(try row.string(column)))
        #expect(
          value == expected[group]?[column], "\(name) \(period) \(day) \(group) \(column)")
      }
    }
    #expect(found == Set(expected.keys))
  }

  /// A row's values. Decimals have no trailing zeros.
  private func values(_ row: Row, _ names: [String]) -> [String: String?] {
    var values: [String: String?] = [:]
    for (name, text) in zip(names, row.values) {
      var value = text
      if let text, text.contains("."), text.allSatisfy({ $0.isNumber || "-.".contains($0) }) {
        var digits = Substring(text)
        while digits.last == "0" { digits.removeLast() }
        if digits.last == "." { digits.removeLast() }
        value = String(digits)
      }
      values[name] = value
    }
    return values
  }
}
