import Basics
import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Extraction
@testable import Pipelines

/// Platforms whose tables have other names and whose tenants have other ids.
@Suite struct TenancyTests {
  /// A platform of `members` that pay, and the session of a role that can only read.
  ///
  /// - Parameters:
  ///   - ids: two tenants' ids, as literals of the type.
  ///   - tenants: the query of tenants.
  ///   - platform: statements that change the platform.
  private func with(
    type: String, ids: (String, String), tenants: String = TenancyTests.tenants,
    id: TenantIDType? = nil, rules: (inout PlatformSpec) -> Void = { _ in }, platform: String = "",
    _ body: (Source, Connection) throws -> Void
  ) throws {
    try withDatabase { conninfo in
      let admin = try Connection(conninfo)
      let role = "reader_" + UUID().uuidString.prefix(8).lowercased()
      try admin.execute(
        """
        CREATE SCHEMA club;
        CREATE TABLE club.member (code \(type) PRIMARY KEY, short text, label text, tz text, paying boolean);
        CREATE TABLE club.visit (visit serial PRIMARY KEY, who \(type) REFERENCES club.member (code),
          day date NOT NULL, fee numeric NOT NULL);
        CREATE TABLE club.drink (visit integer REFERENCES club.visit (visit), name text NOT NULL);
        INSERT INTO club.member VALUES (\(ids.0), 'one', 'One', 'UTC', true),
          (\(ids.1), 'two', 'Two', 'America/Sao_Paulo', true);
        INSERT INTO club.visit (who, day, fee) SELECT code, '2025-05-01', 10 FROM club.member;
        INSERT INTO club.drink SELECT visit, 'tea of ' || who FROM club.visit;
        \(platform);
        CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA club TO \(role);
        GRANT SELECT ON ALL TABLES IN SCHEMA club TO \(role)
        """)
      var spec = PlatformSpec()
      rules(&spec)
      try body(
        Source(
          "\(conninfo) user=\(role)", schema: "club", name: "club",
          tenants: .init(name: "tenants", file: "tenants.sql", sql: tenants, order: []),
          platform: spec, id: id), admin)
    }
  }

  private static let tenants = """
    SELECT q.code AS id, q.short AS slug, label AS name, tz AS time_zone, 'en' AS locale,
      'EUR' AS currency, CASE WHEN paying THEN 'active' ELSE 'inactive' END AS status
    FROM (SELECT * FROM member) q
    """

  private static func pipeline(_ sql: String, platform: PlatformSpec = .init()) -> Pipeline {
    var extract = ExtractSpec(
      preludes: [],
      queries: [
        .init(
          name: "rows", file: "rows.sql", sql: sql, order: [.init(column: "x", descending: false)])
      ], source: "club")
    extract.platform = platform
    return Pipeline(
      name: "rows", file: "pipeline.yaml", periods: [.year], scope: .tenant, title: [:],
      dependsOnDay: false, extract: extract)
  }

  private final class Keeping: DatasetWriter {
    var text: [UInt8] = []
    func append(_ bytes: UnsafeRawBufferPointer) { text += bytes }
    func finish() -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int) {
      (.memory(HeldBytes(text)), SHA256Digest(of: text), text.count)
    }
  }

  /// Each tenant's rows as a run reads them, by slug.
  private func rows(
    _ sql: String, _ source: Source, platform: PlatformSpec = .init()
  ) throws -> [String: String] {
    let tenants = try source.tenants().served
    let members = tenants.map {
      Extractor.Member(tenant: $0, settings: TenantSettings(), asOf: nil)
    }
    let period = Period(.year, containing: CivilDate(daysSince1970: 20_210))
    var found: [String: String] = [:]
    try source.connection.transaction(.readOnlySnapshot) {
      let outcomes = Extractor(source) { _ in Keeping() }.extract(
        .init(
          pipeline: Self.pipeline(sql, platform: platform), period: period,
          moment: .instant(1_767_600_000), members: members))
      for (member, outcome) in zip(members, outcomes) {
        guard case .memory(let held)? = try outcome.get().first?.content else { continue }
        found[member.tenant.slug] = String(decoding: held.bytes, as: UTF8.self)
      }
    }
    return found
  }

  private static let ids: [(String, (String, String))] = [
    ("bigint", ("7", "8")), ("smallint", ("7", "8")),
    ("text", ("'a, \"b'", "'A, \"b'")), ("varchar(20)", ("'x'", "'y'")),
    (
      "uuid",
      ("'00000000-0000-4000-8000-000000000001'", "'00000000-0000-4000-8000-000000000002'")
    ),
  ]

  @Test(arguments: ids)
  func `Tables lead to the tenants by PostgreSQL's word, whatever their names and ids`(
    _ type: String, _ ids: (String, String)
  ) throws {
    try with(type: type, ids: ids) { source, _ in
      let catalog = try source.catalog()
      #expect(catalog.tenancy.key == BaseColumn(table: "member", column: "code"))
      // Without any tenant condition: what is seen of the tables is the tenant's alone.
      let found = try rows(
        """
        SELECT p.tenant_id, d.name AS x, v.fee, (SELECT count(*) FROM member) AS members
        FROM partition p CROSS JOIN drink d JOIN visit v ON v.visit = d.visit
        """, source)
      let plain = [ids.0, ids.1].map { $0.replacing("'", with: "").replacing("\"", with: "\"\"") }
      func row(_ id: String) -> String {
        let name = id.contains(",") ? "\"tea of \(id)\"" : "tea of \(id)"
        return "x,fee,members\n\(name),10,1\n"
      }
      #expect(found == ["one": row(plain[0]), "two": row(plain[1])])
      let ids = try source.tenants().served.map(\.id)
      #expect(Set(ids).count == 2 && ids.allSatisfy { UUID(uuidString: $0) != nil }, "\(ids)")
      #expect(try source.slug(of: ids[1]) == "two")
    }
  }

  @Test func `Text ids that a collation calls equal are two tenants all the same`() throws {
    var spec = PlatformSpec()
    spec.owners = ["visit": ["who"]]
    try with(
      type: "text", ids: ("'acme'", "'ACME'"), rules: { $0 = spec },
      platform: """
        CREATE COLLATION club.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        ALTER TABLE club.visit DROP CONSTRAINT visit_who_fkey, ALTER who TYPE text COLLATE club.loose
        """
    ) { source, _ in
      let found = try rows(
        "SELECT p.tenant_id, v.who AS x FROM partition p CROSS JOIN visit v", source,
        platform: spec)
      #expect(found == ["one": "x\nacme\n", "two": "x\nACME\n"])
    }
  }

  @Test func `A row with the tenant in either of two columns is each one's, and nobody else's`()
    throws
  {
    var spec = PlatformSpec()
    spec.owners = ["letter": ["sender", "receiver"]]
    try with(
      type: "text", ids: ("'x'", "'y'"), rules: { $0 = spec },
      platform: """
        CREATE TABLE club.letter (sender text, receiver text, said text);
        INSERT INTO club.letter VALUES ('x', 'guest', 'from x'), ('guest', 'y', 'to y'),
          ('x', 'y', 'both'), ('guest', 'friend', 'none')
        """
    ) { source, admin in
      let sql = "SELECT p.tenant_id, l.said AS x FROM partition p CROSS JOIN letter l"
      let found = try rows(sql, source, platform: spec)
      #expect(found == ["one": "x\nboth\nfrom x\n", "two": "x\nboth\nto y\n"])
      let right = """
        SELECT p.tenant_id, l.said AS x FROM partition p
        JOIN letter l ON p.tenant_id IN (l.sender, l.receiver)
        """
      let trial = IsolationTrial(record: admin, catalog: try source.catalog())
      _ = try trial.run(Self.pipeline(right, platform: spec))
      #expect(throws: Diagnostics.self) {
        try trial.run(Self.pipeline(sql, platform: spec))
      }
    }
  }

  @Test(arguments: ["bigint", "text", "uuid"])
  func `The trial tries queries with the platform's own ids`(_ type: String) throws {
    guard let ids = Self.ids.first(where: { $0.0 == type })?.1 else { return }
    try with(type: type, ids: ids) { source, admin in
      let trial = IsolationTrial(record: admin, catalog: try source.catalog())
      let outcome = try trial.run(
        Self.pipeline(
          """
          SELECT p.tenant_id, v.day AS x, sum(v.fee) AS fee, count(d.name) AS drinks
          FROM partition p JOIN visit v ON v.who = p.tenant_id LEFT JOIN drink d ON d.visit = v.visit
          GROUP BY p.tenant_id, v.day
          """))
      #expect(outcome.reads.tables["drink"] == ["name", "visit"])
      do {
        _ = try trial.run(
          Self.pipeline("SELECT p.tenant_id, v.day AS x FROM partition p CROSS JOIN visit v"))
        Issue.record("a query that forgets its tenant passed")
      } catch let error as Diagnostics {
        #expect(error.all.contains { $0.hint?.contains("tenant") ?? false }, "\(error)")
      }
    }
  }

  @Test func `One tenant sees all rows, and a second one stops the source`() throws {
    let one = """
      VALUES ('it', 'it', 'It', 'UTC', 'en', 'EUR', 'active')
      """
    let query = "SELECT * FROM (\(one)) v (id, slug, name, time_zone, locale, currency, status)"
    let sql = "SELECT p.tenant_id, d.name AS x FROM partition p CROSS JOIN drink d"
    var spec = PlatformSpec()
    spec.hasOneTenant = true
    try with(type: "bigint", ids: ("7", "8"), tenants: query, rules: { $0 = spec }) {
      source, admin in
      #expect(try rows(sql, source, platform: spec) == ["it": "x\ntea of 7\ntea of 8\n"])
      _ = try IsolationTrial(record: admin, catalog: source.catalog())
        .run(Self.pipeline(sql, platform: spec))
    }
    // Without the word for it, no row is anybody's.
    try with(type: "bigint", ids: ("7", "8"), tenants: query) { source, _ in
      #expect(throws: Diagnostic.self) { try rows(sql, source) }
    }
    let two = query.replacing(
      "'active')", with: "'active'), ('2', 'b', 'B', 'UTC', 'en', 'EUR', 'active')")
    try with(type: "bigint", ids: ("7", "8"), tenants: two, rules: { $0 = spec }) { source, _ in
      do throws(Diagnostic) {
        _ = try source.tenants()
        Issue.record("two tenants would have seen all rows")
      } catch {
        #expect(error.code == .configuration && error.message.contains("2 rows"), "\(error)")
      }
    }
  }

  @Test func `What is wrong with the query of tenants is said at its file`() throws {
    func fault(_ tenants: String, id: TenantIDType? = nil) throws -> Diagnostic {
      var found: Diagnostic?
      try with(type: "bigint", ids: ("7", "8"), tenants: tenants, id: id) { source, _ in
        do throws(Diagnostic) { _ = try source.tenants() } catch { found = error }
      }
      return try #require(found)
    }
    let missing = try fault("SELECT code AS id, short AS slug FROM member")
    #expect(missing.message.contains("'name', 'time_zone', 'locale', 'currency', 'status'"))
    #expect(missing.subject.file == "tenants.sql")
    let unknown = try fault("SELECT code AS id\nFROM nobody")
    #expect(unknown.subject.line == 2, "\(unknown)")
    #expect(
      try fault(Self.tenants, id: .uuid).message
        == "the tenants' id is a bigint, and not a uuid")
    #expect(
      try fault(Self.tenants.replacing("q.code", with: "q.paying")).message
        == "the tenants' id is a boolean")
    // A name with its schema reaches past what the query sees: the trial says so.
    try with(
      type: "bigint", ids: ("7", "8"),
      tenants: Self.tenants.replacing("FROM member", with: "FROM club.member")
    ) { source, admin in
      let trial = IsolationTrial(record: admin, catalog: try source.catalog())
      #expect(throws: Diagnostics.self) {
        try trial.run(
          Self.pipeline(
            "SELECT p.tenant_id, v.day AS x FROM partition p JOIN visit v ON v.who = p.tenant_id"))
      }
    }
  }

  @Test
  func `A status that is neither active nor inactive is told, and only that tenant is left out`()
    throws
  {
    try with(
      type: "bigint", ids: ("7", "8"),
      tenants: Self.tenants.replacing("ELSE 'inactive'", with: "ELSE 'asleep'"),
      platform: "UPDATE club.member SET paying = false WHERE code = 8"
    ) { source, _ in
      let tenants = try source.tenants()
      #expect(tenants.served.map(\.slug) == ["one"])
      #expect(
        tenants.nameless.map(\.message) == ["a tenant's status is neither 'active' nor 'inactive'"])
    }
  }
}
