import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import TestSupport

@testable import Extraction

/// A platform with three tenants, some of the project's reports and one of tables that are hard to
/// fingerprint, and the way in which a run looks at it.
final class FingerprintScene {
  /// What one look shows of a partition.
  struct Seen {
    var state: Fingerprints.State
    /// Name to digest; read in full.
    var datasets: [String: SHA256Digest]
  }

  struct Partition: Hashable {
    var pipeline: String
    var tenant: String
    var period: Period
  }

  let admin: Connection
  let source: Source
  let pipelines: [Pipeline]
  let tenants: [Tenant]
  private let record: Connection
  private var reads: [String: (PipelineReads, String)] = [:]
  /// What the tests change.
  var moment = RunMoment.instant(1_767_600_000)  // 2026-01-05T08:00:00Z
  var settings = TenantSettings()
  var hidden: [String] = []
  var periods: [Period.Kind: [String]] = [
    .year: ["2025", "2026"], .month: ["2026-01"], .quarter: ["2026-Q1"],
  ]

  /// - Parameters:
  ///   - queries: SQL files of the scene's own pipeline, by name.
  ///   - isTogether: whether this pipeline reads all tenants together.
  init(
    _ conninfo: String, reports: [String] = [], queries: [String: String] = FingerprintScene.odd,
    isTogether: Bool = false
  ) throws {
    admin = try Connection(conninfo)
    record = try Connection(conninfo)
    try admin.execute(
      String(contentsOfFile: Places.project + "/docs/platform-schema.sql", encoding: .utf8))
    try admin.execute(Self.tables)
    let role = "reader_" + UUID().uuidString.prefix(8).lowercased()
    try admin.execute(
      """
      CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA app TO \(role);
      GRANT SELECT ON ALL TABLES IN SCHEMA app TO \(role)
      """)
    source = try Source(
      "\(conninfo) user=\(role)", schema: "app",
      tenants: SourceFiles.tenants(
        in: Places.project + "/pipelines", source: nil, named: nil, shipped: nil))
    var found: [Pipeline] = []
    try withTemporaryFolder { folder in
      try Self.copy(reports, queries, isTogether, to: folder)
      found = try PipelineLibrary(folder: folder).withoutDelivery.pipelines
    }
    pipelines = found
    tenants = try source.tenants().served
    let trial = IsolationTrial(record: record, catalog: try source.catalog())
    for pipeline in pipelines {
      reads[pipeline.name] = (try trial.reads(of: pipeline), trial.fingerprint(of: pipeline))
    }
  }

  private static func copy(
    _ reports: [String], _ queries: [String: String], _ isTogether: Bool, to folder: String
  ) throws {
    let files = FileManager.default
    for name in reports + ["common", "platform.yaml"] {
      try files.copyItem(
        atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(folder)/\(name)")
    }
    guard !queries.isEmpty else { return }
    try files.createDirectory(atPath: "\(folder)/odd", withIntermediateDirectories: true)
    for (name, sql) in queries {
      try sql.write(toFile: "\(folder)/odd/\(name).sql", atomically: true, encoding: .utf8)
    }
    let names = queries.keys.sorted()
    try """
    name: odd
    period: [month, year]
    scope: \(isTogether ? "platform" : "tenant")
    extract:
      shared: [country]
      queries: {\(names.map { "\($0): {order: [text]}" }.joined(separator: ", "))}
    aggregate: {figures: {rows: {from: \(names[0]), count: rows}}}
    """.write(toFile: "\(folder)/odd/pipeline.yaml", atomically: true, encoding: .utf8)
  }

  private static let changing = [
    "odd", "part", "user", "pocuser", "room", "room_member", "message",
  ]

  /// Keeps the rows as they are now, for `restore`.
  func keep() throws {
    try admin.execute("SET session_replication_role = replica; CREATE SCHEMA kept")
    for table in Self.changing {
      let name = Quoting.identifier(table)
      try admin.execute("CREATE TABLE kept.\(name) AS SELECT * FROM app.\(name)")
    }
  }

  func restore() throws {
    moment = .instant(1_767_600_000)
    settings = TenantSettings()
    for table in Self.changing {
      let name = Quoting.identifier(table)
      try admin.execute(
        "DELETE FROM app.\(name); INSERT INTO app.\(name) SELECT * FROM kept.\(name)")
    }
  }

  func reads(_ pipeline: String) -> PipelineReads? { reads[pipeline]?.0 }

  /// Looks at everything in one snapshot, as a run does; also reads all rows.
  func look() throws -> [Partition: Seen] {
    var seen: [Partition: Seen] = [:]
    try source.connection.transaction(.readOnlySnapshot) {
      let demands = pipelines.map { pipeline in
        Fingerprinter.Demand(
          pipeline, reads: reads[pipeline.name]!.0, statement: reads[pipeline.name]!.1,
          periods: Set(periods(of: pipeline)), tenants: tenants)
      }
      let fingerprints = try Fingerprinter(
        source, seeds: .init(first: 81, second: .min), moment: moment, program: "1",
        hidden: ("user", "id")
      ).take(demands)
      guard fingerprints.faults.isEmpty else { throw Diagnostics(fingerprints.faults) }
      let extractor = Extractor(source) { _ in HashingWriter() }
      for pipeline in pipelines {
        for period in periods(of: pipeline) {
          let members = tenants.map { tenant in
            let today = moment.day(in: tenant.zone)
            return Extractor.Member(
              tenant: tenant, settings: settings,
              asOf: pipeline.dependsOnDay ? min(today, period.lastDay) : nil)
          }
          let batch = Extractor.Batch(
            pipeline: pipeline, period: period, moment: moment, members: members,
            hidden: .init(table: "user", column: "id", keys: hidden))
          let isTogether = pipeline.scope == .platform
          let outcomes =
            isTogether
            ? [extractor.extractTogether(batch, for: tenants[0])] : extractor.extract(batch)
          for (place, outcome) in outcomes.enumerated() {
            let own = isTogether ? members : [members[place]]
            guard let state = fingerprints.state(of: pipeline, period, own, hidden: hidden)
            else { throw Diagnostic(.bug, "\(pipeline.name) has no fingerprint") }
            let datasets = try outcome.get()
            let name = isTogether ? "all" : members[place].tenant.slug
            seen[Partition(pipeline: pipeline.name, tenant: name, period: period)] =
              Seen(
                state: state,
                datasets: Dictionary(uniqueKeysWithValues: datasets.map { ($0.name, $0.digest) }))
          }
        }
      }
    }
    return seen
  }

  private func periods(of pipeline: Pipeline) -> [Period] {
    pipeline.periods.flatMap { periods[$0] ?? [] }.compactMap { Period($0) }
  }

  /// The partitions that a run would not read after an earlier one.
  static func known(_ now: [Partition: Seen], after old: [Partition: Seen]) -> Set<Partition> {
    Set(
      now.keys.filter { key in
        guard let before = old[key], let after = now[key] else { return false }
        return before.state.inputs.key == after.state.inputs.key
          && after.state.isReached(from: before.state.reach)
      })
  }

  /// The partitions whose rows have changed.
  static func changed(_ now: [Partition: Seen], after old: [Partition: Seen]) -> Set<Partition> {
    Set(now.keys.filter { now[$0]?.datasets != old[$0]?.datasets })
  }

  /// Without keys, so that rows can be there twice. Only `unread` is in no query.
  private static let tables = """
    CREATE TYPE app.mood AS ENUM ('calm', 'wild');
    CREATE DOMAIN app.share AS numeric CHECK (VALUE < 1000);
    CREATE COLLATION app.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE app.country (code text, title text);
    INSERT INTO app.country VALUES ('BR', 'Brasil'), ('PT', 'Portugal');
    CREATE TABLE app.odd (
      oddkey integer NOT NULL, tenantid uuid NOT NULL REFERENCES app.tenant (id), n numeric,
      f double precision, i interval, j jsonb, b bpchar, a integer[], l text COLLATE app.loose,
      t text, big bigint, d date, at timestamptz, local timestamp, due timestamptz, m app.mood,
      s app.share, net inet, unread text);
    CREATE TABLE app.part (partkey integer, tenantid uuid, oddid integer, note text);
    CREATE TABLE app.scrap (userid uuid REFERENCES app."user" (id), note text);
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, 't' || n, 'T', z, 'en', 'EUR', '2024-01-01'
    FROM (VALUES (1, 'UTC'), (2, 'America/Sao_Paulo'), (3, 'Asia/Tokyo')) v (n, z);
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created)
    SELECT md5(t.slug || n)::uuid, t.id, 'u' || n, 'First', 'Last', 'x', 30, '2025-03-01'
    FROM app.tenant t, generate_series(1, 3) n;
    INSERT INTO app.odd
    SELECT n, t.id, 1.0, 0, interval '1 month', '{"a": 1.0}', 'a', '{1,2}', 'straße', 'x' || n, n,
      '2025-06-01', timestamptz '2025-01-01' + n * interval '37 days', '2025-06-01 12:00', '2026-01-01',
      'calm', 5, '10.0.0.1', 'u'
    FROM app.tenant t, generate_series(1, 8) n;
    INSERT INTO app.part SELECT n, t.id, n, 'p' FROM app.tenant t, generate_series(1, 4) n;
    INSERT INTO app.scrap SELECT id, 'bit' FROM app."user";
    INSERT INTO app.pocuser (id, userid, tenantid, name, language, tags, created, updated)
    SELECT md5('p' || u.id || n)::uuid, u.id, u.tenantid, 'poc ' || n, 'Swift', 'a,b',
      timestamptz '2025-01-10' + n * interval '50 days', '2025-02-01'
    FROM app."user" u, generate_series(1, 8) n;
    INSERT INTO app.room (id, userid, tenantid, date, name, created, updated)
    SELECT md5('r' || u.id)::uuid, u.id, u.tenantid, '2025-07-01', 'room', '2025-06-01', '2025-06-01'
    FROM app."user" u;
    INSERT INTO app.room_member SELECT r.id, u.id FROM app.room r JOIN app."user" u USING (tenantid);
    INSERT INTO app.message (id, userid, roomid, tenantid, body, created)
    SELECT md5('m' || r.id || n)::uuid, r.userid, r.id, r.tenantid, 'body',
      timestamptz '2025-06-01' + n * interval '60 days'
    FROM app.room r, generate_series(1, 4) n;
    """

  /// Rows of every kind of value, as texts.
  static let odd = [
    "rows": """
    SELECT p.tenant_id,
      concat_ws('|', o.oddkey, o.n::text, o.f::text, o.j::text, o.b = 'a', o.a::text, o.l, o.t, o.big,
        o.d, o.m, o.s::text, o.net::text, (extract(epoch FROM o.i) + extract(day FROM o.i))::text,
        to_char(o.at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), o.local < o.at, o.due < p.cutoff_at) AS text,
      o.b AS blanks
    FROM partition p JOIN odd o ON o.tenantid = p.tenant_id AND o.at < p.cutoff_at
    """,
    "parts": """
    SELECT p.tenant_id, concat_ws('|', q.partkey, q.note, count(o.oddkey), c.title) AS text
    FROM partition p JOIN part q ON q.tenantid = p.tenant_id
    JOIN country c ON c.code = 'BR'
    LEFT JOIN odd o ON o.tenantid = p.tenant_id AND o.oddkey = q.oddid
    GROUP BY p.tenant_id, q.partkey, q.note, q.oddid, c.title
    """,
    "bits": """
    SELECT p.tenant_id, b.note AS text, count(*) AS bits
    FROM partition p CROSS JOIN scrap b JOIN "user" u ON u.id = b.userid AND u.tenantid = p.tenant_id
    GROUP BY p.tenant_id, b.note
    """,
  ]
}

/// Only the digest.
final class HashingWriter: DatasetWriter {
  private var hasher = SHA256Hasher()
  private var count = 0

  func append(_ bytes: UnsafeRawBufferPointer) {
    hasher.update(bytes)
    count += bytes.count
  }

  func finish() -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int) {
    (.unread, hasher.digest(), count)
  }
}
