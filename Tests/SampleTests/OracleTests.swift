import FoundationEssentials
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Sample
@testable import Stages

/// The figures of the pipelines against plain SQL that shares nothing with them (`Tests/sql`).
@Suite struct OracleTests {
  /// What careless platforms hold, beside the sample.
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
        timeZone: try row.string("timezone"), locale: try row.string("locale"),
        currency: try row.string("currency"))
    }
  }

  /// Each row of the oracle, found again in the query's by the columns `keys`, has the same values.
  func compare(_ name: String, with oracle: String, by keys: [String]) throws {
    let query = try #require(pipeline.extract.queries.first { $0.name == name })
    let asOf = min(day, period.lastDay)
    let statement = ExtractStatement(
      query: query, preludes: pipeline.extract.preludes,
      members: tenants.map { .init(tenant: $0, settings: TenantSettings(), asOf: asOf) },
      period: period, moment: .day(day))
    var rows: [[String]: [String: String?]] = [:]
    let found = try connection.query(statement.unordered)
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

  /// A row's values; of decimals without the zeros at their end.
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
