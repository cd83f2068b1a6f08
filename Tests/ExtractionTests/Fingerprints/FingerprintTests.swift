import Basics
import Foundation
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Extraction

/// Whether the fingerprints see what a full reading sees.
@Suite struct FingerprintTests {
  /// Random changes: a partition that a run would not read again has the same rows.
  @Test func `No change of a row that a report shows is overlooked`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo, reports: ["annual", "users", "dojos"])
      try scene.keep()
      let before = try scene.look()
      var (known, changed, missed) = (0, 0, 0)
      for seed in Seeds.of(few: 120, many: 2_500) {
        var random = SeededRandom(seed: seed)
        var changes: [String] = []
        for _ in 1...random.number(1...3) {
          changes.append(try RandomChange.make(scene, &random))
        }
        let after = try scene.look()
        let kept = FingerprintScene.known(after, after: before)
        let differing = FingerprintScene.changed(after, after: before)
        #expect(kept.isDisjoint(with: differing), "seed \(seed), not seen: \(changes)")
        known += kept.count
        changed += differing.count
        missed += after.count - kept.count - differing.count
        try scene.restore()
      }
      let restored = try scene.look()
      #expect(FingerprintScene.known(restored, after: before).count == before.count)
      // Most changes touch one tenant, and most of them show in a report.
      #expect(known > changed && changed > missed / 4, "\(known), \(changed), \(missed)")
    }
  }

  @Test(arguments: [
    ("a numeric without a scale", "n = 1.00"), ("the sign of zero", "f = '-0'"),
    ("days instead of a month", "i = interval '30 days'"),
    ("a number in JSON", "j = '{\"a\": 1.00}'"), ("a blank at the end", "b = 'a '"),
    ("the bounds of an array", "a = '[2:3]={1,2}'"),
    ("case that a collation ignores", "l = 'STRASSE'"), ("an enumerated value", "m = 'wild'"),
    ("the scale of a domain", "s = 5.0"), ("a mask", "net = '10.0.0.1/8'"),
    ("NULL instead of an empty text", "t = CASE WHEN oddkey = 1 THEN NULL ELSE t END"),
    ("a number whose halves were exchanged", "big = oddkey::bigint << 32"),
    ("a moment by a microsecond", "at = at + interval '1 microsecond'"),
  ]) func `Values that PostgreSQL calls equal are told apart`(_ what: String, _ change: String)
    throws
  {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      if what.hasPrefix("NULL") { try scene.admin.execute("UPDATE app.odd SET t = ''") }
      let before = try scene.look()
      try scene.admin.execute(
        "UPDATE app.odd SET \(change) WHERE tenantid = '00000000-0000-4000-8000-000000000001'")
      let known = FingerprintScene.known(try scene.look(), after: before)
      #expect(Set(known.map(\.tenant)) == ["t2", "t3"], "\(what)")
    }
  }

  @Test func `A change that no query reads, or that only moves rows about, is no change`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo, reports: ["annual", "users"])
      var before = try scene.look()
      for statement in [
        "UPDATE app.odd SET unread = 'other'",
        "UPDATE app.\"user\" SET status = 'ONLINE', updated = now(), age = age + 1, email = 'y'",
        "INSERT INTO app.notification (userid, tenantid, kind, body) SELECT id, tenantid, 'k', 'b' FROM app.\"user\"",
        "VACUUM FULL app.odd", "CLUSTER app.pocuser USING pocuser_pkey",
        """
        CREATE TABLE saved AS SELECT * FROM app.odd ORDER BY random();
        TRUNCATE app.odd; INSERT INTO app.odd SELECT * FROM saved; DROP TABLE saved
        """,
        "UPDATE app.pocuser SET name = name", "ANALYZE; CREATE INDEX ON app.odd (t)",
        "INSERT INTO app.country VALUES ('BR', 'Brasil'); DELETE FROM app.country WHERE ctid = (SELECT min(ctid) FROM app.country WHERE code = 'BR')",
      ] {
        try scene.admin.execute(statement)
        let after = try scene.look()
        #expect(FingerprintScene.known(after, after: before).count == after.count, "\(statement)")
        before = after
      }
    }
  }

  @Test func `Two equal rows do not cancel each other, nor do values that change places`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      let tenant = "tenantid = '00000000-0000-4000-8000-000000000001'"
      for statement in [
        "INSERT INTO app.odd SELECT * FROM app.odd WHERE oddkey = 1 AND \(tenant)",
        "INSERT INTO app.odd SELECT * FROM app.odd WHERE oddkey = 1 AND \(tenant)",
        "UPDATE app.odd SET t = CASE t WHEN 'x2' THEN 'x3' WHEN 'x3' THEN 'x2' ELSE t END WHERE \(tenant)",
        "UPDATE app.odd SET t = n::text, n = 4 WHERE oddkey = 4 AND \(tenant)",
        "DELETE FROM app.odd WHERE oddkey = 1 AND \(tenant)",
      ] {
        let before = try scene.look()
        try scene.admin.execute(statement)
        let known = FingerprintScene.known(try scene.look(), after: before)
        #expect(Set(known.map(\.tenant)) == ["t2", "t3"], "\(statement)")
      }
    }
  }

  @Test func `A row that moves to another tenant changes both, also over another table`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      let (one, two) = (
        "'00000000-0000-4000-8000-000000000001'", "'00000000-0000-4000-8000-000000000002'"
      )
      for statement in [
        "UPDATE app.odd SET tenantid = \(two) WHERE oddkey = 3 AND tenantid = \(one)",
        "UPDATE app.\"user\" SET tenantid = \(two) WHERE username = 'u1' AND tenantid = \(one)",
        "UPDATE app.scrap SET userid = (SELECT id FROM app.\"user\" WHERE tenantid = \(two) LIMIT 1)"
          + " WHERE userid = (SELECT id FROM app.\"user\" WHERE tenantid = \(one) AND username = 'u2')",
      ] {
        let before = try scene.look()
        try scene.admin.execute(statement)
        let known = FingerprintScene.known(try scene.look(), after: before)
        #expect(Set(known.map(\.tenant)) == ["t3"], "\(statement)")
      }
      let before = try scene.look()
      try scene.admin.execute("UPDATE app.country SET title = 'Brazil' WHERE code = 'BR'")
      #expect(FingerprintScene.known(try scene.look(), after: before).isEmpty)
    }
  }

  @Test func `Hidden people, privacy and the program's version are part of what decides`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      let before = try scene.look()
      scene.hidden = ["00000000-0000-4000-8000-0000000000ff"]
      #expect(FingerprintScene.known(try scene.look(), after: before).isEmpty)
      scene.hidden = []
      scene.settings.privacy = .initials
      #expect(FingerprintScene.known(try scene.look(), after: before).isEmpty)
      scene.settings.privacy = .names
      #expect(FingerprintScene.known(try scene.look(), after: before).count == before.count)
    }
  }
}

/// One random change of the scene.
enum RandomChange {
  /// Makes it and says what it was.
  static func make(_ scene: FingerprintScene, _ random: inout SeededRandom) throws -> String {
    if random.isOne(of: 6) {
      // Mostly a night later; now and then hours, or a day or two earlier.
      guard case .instant(let now) = scene.moment else { return "" }
      let step = random.pick([86_400, 86_400, 3_600, 1, 40 * 86_400, -90_000])
      scene.moment = .instant(now + Int64(step))
      return "the moment \(scene.moment)"
    }
    if random.isOne(of: 12) {
      scene.settings.privacy = random.pick(Privacy.allCases)
      return "privacy \(scene.settings.privacy)"
    }
    let statement = statement(scene, &random)
    try scene.admin.execute(statement)
    return statement
  }

  private static let columns: [String: [String: [String]]] = [
    "odd": [
      "n": ["1", "1.0", "1.00", "NULL", "'NaN'"], "f": ["0", "'-0'", "1.5", "'Infinity'"],
      "i": ["interval '1 month'", "interval '30 days'", "NULL"],
      "j": ["'{}'", "'{\"a\": 1}'", "'{\"a\": 1.0}'"], "b": ["'a'", "'a '", "'b'"],
      "a": ["'{}'", "'{1,2}'", "'[0:1]={1,2}'", "NULL"], "l": ["'a'", "'A'", "'á'"],
      "t": ["''", "NULL", "'x1'", "'x2'", "'naïve'"], "big": ["1", "4294967296", "-1"],
      "d": ["'2025-06-01'", "'infinity'", "'5874897-12-31'"],
      "at": ["'2026-01-06'", "'2026-01-05 08:00:00'", "'2026-02-10 03:00'", "'infinity'"],
      "due": ["'2026-01-05 08:00:01'", "'2026-03-01'", "NULL"],
      "m": ["'calm'", "'wild'"], "s": ["5", "5.0"], "unread": ["'a'", "'b'"],
    ],
    "user": [
      "privacy": ["'names'", "'initials'", "'none'"], "firstname": ["'Ana'", "'Bea'"],
      "status": ["'ONLINE'", "'OFFLINE'"], "updated": ["now()"],
      "created": ["'2025-03-01'", "'2026-01-06 07:00'"],
    ],
    "pocuser": [
      "language": ["'Swift'", "'C'", "' Swift'", "NULL"], "favorite": ["'Y'", "'N'"],
      "tags": ["'a,b'", "'b,a'", "NULL"], "name": ["'n'", "'N'"],
      // Also about a month, a quarter and a year before the moment of the run.
      "created": [
        "'2026-01-06'", "'2025-12-31 23:59:59.999999'", "'2026-01-01'", "'2025-05-05'",
        "'2025-12-05 08:00:00.000001'", "'2025-12-05 07:59:59.999999'", "'2025-10-05 12:00'",
        "'2025-01-05 08:00'",
      ],
    ],
    "message": [
      "message_status": ["'A'", "'R'"], "body": ["'other'"],
      "created": ["'2026-01-05 08:00'", "'2025-12-05 09:00'", "'2025-06-15'", "'2024-02-02'"],
    ],
    "room": ["status": ["'A'", "'I'"], "date": ["'2026-01-06 12:00'", "'2025-07-01'"]],
  ]

  private static func statement(_ scene: FingerprintScene, _ random: inout SeededRandom) -> String {
    let table = random.pick(columns.keys.sorted())
    let name = "app." + Quoting.identifier(table)
    // The same rows for the same seed.
    let any = "md5(r::text || \(random.number(0...999)))"
    let row = "ctid = (SELECT ctid FROM \(name) r ORDER BY \(any) LIMIT 1)"
    let values = columns[table] ?? [:]
    let column = random.pick(values.keys.sorted())
    switch random.number(1...12) {
    case 1 where table == "odd":
      return "INSERT INTO \(name) SELECT * FROM \(name) WHERE \(row)"
    case 2 where table == "odd": return "DELETE FROM \(name) WHERE \(row)"
    case 3:
      return "UPDATE \(name) SET tenantid = (SELECT id FROM app.tenant r ORDER BY \(any) LIMIT 1)"
        + " WHERE \(row)"
    case 4:
      // Two rows exchange a value.
      return """
        WITH two AS (SELECT ctid AS place, \(column) AS value, row_number() OVER () AS n
          FROM (SELECT ctid, \(column) FROM \(name) r ORDER BY \(any) LIMIT 2) r)
        UPDATE \(name) t SET \(column) = b.value FROM two a JOIN two b ON b.n <> a.n WHERE t.ctid = a.place
        """
    case 5:
      return "DELETE FROM app.room_member WHERE ctid ="
        + " (SELECT ctid FROM app.room_member r ORDER BY \(any) LIMIT 1)"
    case 6:
      return """
        INSERT INTO app.room_member SELECT r.id, u.id FROM app.room r, app."user" u
        ORDER BY md5(u.id::text || \(any)) LIMIT 1 ON CONFLICT DO NOTHING
        """
    case 7: return "UPDATE app.part SET oddid = \(random.number(1...9)) WHERE partkey = 1"
    case 8:
      return
        "INSERT INTO app.part SELECT \(random.number(1...9)), id, 3, 'new' FROM app.tenant LIMIT 1"
    default:
      return "UPDATE \(name) SET \(column) = \(random.pick(values[column] ?? [])) WHERE \(row)"
    }
  }
}
