import Basics
import Foundation
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Extraction

/// What a later cut-off changes, by the parse of the queries.
@Suite struct CutoffTests {
  @Test func `Every report of the project says by which columns the cut-off moves it`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines").withoutDelivery
    try TriedQuery.withTrial { trial in
      for pipeline in library.pipelines {
        let reads = try trial.reads(of: pipeline)
        #expect(reads.filesWithOtherUses == [], "\(pipeline.name)")
        #expect(!reads.cutoff.columns.isEmpty, "\(pipeline.name)")
        #expect(!reads.tables.values.joined().contains("email"))
      }
      let annual = try trial.reads(
        of: try #require(library.pipelines.first { $0.name == "annual" }))
      #expect(annual.cutoff.columns.contains(.init(table: "pocuser", name: "created")))
      #expect(
        annual.previousEnd.columns == [
          .init(table: "pocuser", name: "created"), .init(table: "room", name: "date"),
        ])
      // It chooses between the two moments by a CASE.
      let dojos = try trial.reads(of: try #require(library.pipelines.first { $0.name == "dojos" }))
      for moment in [dojos.cutoff, dojos.previousEnd] {
        #expect(moment.columns.contains(.init(table: "message", name: "created")))
      }
      #expect(annual.tables["user"]?.contains("privacy") == true)
      #expect(annual.tables["user"]?.contains("status") == false)
    }
  }

  private static let join = "FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id"

  @Test(arguments: [
    "SELECT p.tenant_id, c.name \(join) AND c.created < p.cutoff_at",
    "SELECT p.tenant_id, c.name \(join) WHERE p.cutoff_at >= c.created AND c.updated > p.cutoff_at",
    "SELECT p.tenant_id, count(*) FILTER (WHERE c.created BETWEEN p.starts_at AND p.cutoff_at) \(join) GROUP BY 1",
    "SELECT p.tenant_id, CASE WHEN coalesce(c.updated, c.created) < p.cutoff_at THEN 1 END AS x \(join)",
    "SELECT p.tenant_id, x.m FROM partition p JOIN (SELECT tenantid, max(created) AS m FROM pocuser GROUP BY 1) x ON x.tenantid = p.tenant_id WHERE x.m < p.cutoff_at",
    "WITH w AS (SELECT tenantid, created AS c FROM pocuser UNION ALL SELECT tenantid, date FROM room) SELECT p.tenant_id, w.c FROM partition p JOIN w ON w.tenantid = p.tenant_id AND w.c < p.cutoff_at",
    "SELECT p.tenant_id, date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')::date AS m FROM partition p",
    "SELECT tenant_id, c.name FROM partition JOIN pocuser c ON c.tenantid = tenant_id AND c.created < cutoff_at",
    "SELECT p.tenant_id, c.created < p.previous_ends_at AS x \(join)",
    "SELECT p.tenant_id, c.created < CASE WHEN c.favorite = 'Y' THEN p.cutoff_at WHEN c.updated < p.cutoff_at THEN p.previous_ends_at END AS x \(join)",
    "SELECT p.tenant_id, c.created < CASE c.favorite WHEN 'Y' THEN p.starts_at ELSE p.previous_ends_at END AS x \(join)",
  ]) func `A comparison with a column is understood`(_ sql: String) throws {
    #expect(try Self.reads(of: sql).filesWithOtherUses.isEmpty)
  }

  @Test(arguments: [
    "SELECT p.tenant_id, p.cutoff_at::text AS x FROM partition p",
    "SELECT p.tenant_id, c.name \(join) AND c.created + interval '1 day' < p.cutoff_at",
    "SELECT p.tenant_id, c.name \(join) AND c.created < p.cutoff_at - interval '1 day'",
    "SELECT p.tenant_id, c.name \(join) AND c.created::date < p.cutoff_at",
    "SELECT p.tenant_id, c.name \(join) AND c.created < least(p.cutoff_at, c.updated)",
    "SELECT p.tenant_id, c.name \(join) AND c.created < ANY (ARRAY[p.cutoff_at])",
    "SELECT q.tenant_id, c.name FROM (SELECT tenant_id, cutoff_at AS x FROM partition) q JOIN pocuser c ON c.tenantid = q.tenant_id AND c.created < q.x",
    "SELECT p.tenant_id, c.name \(join) AND p.cutoff_at < timestamptz '2026-01-01 00:00:00+00'",
    "SELECT p.tenant_id, c.name \(join) AND date_trunc('day', c.created AT TIME ZONE p.time_zone) AT TIME ZONE p.time_zone < p.cutoff_at",
    "SELECT p.tenant_id, date_trunc('day', p.cutoff_at AT TIME ZONE p.time_zone)::date AS d FROM partition p",
    "SELECT p.tenant_id, date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '3 days')::date AS d FROM partition p",
    "SELECT p.tenant_id, date_trunc('month', p.cutoff_at AT TIME ZONE 'UTC')::date AS d FROM partition p",
    "SELECT p.tenant_id, (SELECT count(*) FROM pocuser c WHERE c.created < (SELECT max(cutoff_at) FROM partition)) AS n FROM partition p",
    "SELECT a.tenant_id, b.cutoff_at::text AS x FROM partition a JOIN partition b USING (tenant_id)",
    "SELECT tenant_id, count(*) AS n FROM partition JOIN room r ON r.tenantid = tenant_id GROUP BY tenant_id, cutoff_at",
    "SELECT p.tenant_id, p.previous_ends_at::text AS x FROM partition p",
    "SELECT p.tenant_id, p.previous_ends_at < p.cutoff_at AS x FROM partition p",
    "SELECT p.tenant_id, c.created < p.previous_ends_at + interval '1 day' AS x \(join)",
    "SELECT p.tenant_id, date_trunc('month', p.previous_ends_at AT TIME ZONE p.time_zone) AS x FROM partition p",
    "SELECT p.tenant_id, c.created < CASE WHEN p.cutoff_at::text > 'x' THEN p.previous_ends_at ELSE p.starts_at END AS x \(join)",
    "SELECT p.tenant_id, c.created < CASE WHEN c.favorite = 'Y' THEN p.previous_ends_at ELSE c.updated END AS x \(join)",
    "SELECT p.tenant_id, CASE WHEN c.favorite = 'Y' THEN p.previous_ends_at END AS x \(join)",
  ]) func `Any other use of the cut-off has its rows read in every run`(_ sql: String) throws {
    #expect(try Self.reads(of: sql).filesWithOtherUses.count == 1)
  }

  private static func reads(of sql: String) throws -> PipelineReads {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo, queries: ["rows": sql])
      return try #require(scene.reads("odd"))
    }
  }

  @Test func `A later run reads the rows again only if one of them passed the cut-off`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      scene.periods = [.year: ["2026"]]
      try scene.admin.execute(
        """
        UPDATE app.odd SET due = '2025-01-01', at = '2025-01-01';
        UPDATE app.odd SET due = '2026-02-01 00:00:00+00' WHERE oddkey = 1
          AND tenantid = '00000000-0000-4000-8000-000000000001'
        """)
      func moment(_ text: String) throws { scene.moment = try #require(RunMoment(text)) }
      func tenants(_ known: Set<FingerprintScene.Partition>) -> [String] {
        known.map(\.tenant).sorted()
      }
      let first = try scene.look()
      try moment("2026-01-31T23:59:59Z")
      let second = try scene.look()
      #expect(tenants(FingerprintScene.known(second, after: first)) == ["t1", "t2", "t3"])
      // At the very moment nothing has passed yet, but it is not worth a proof.
      try moment("2026-02-01T00:00:00Z")
      let third = try scene.look()
      #expect(FingerprintScene.changed(third, after: second).isEmpty)
      try moment("2026-02-01T00:00:01Z")
      let fourth = try scene.look()
      #expect(tenants(FingerprintScene.changed(fourth, after: first)) == ["t1"])
      #expect(tenants(FingerprintScene.known(fourth, after: first)) == ["t2", "t3"])
      #expect(tenants(FingerprintScene.known(fourth, after: third)) == ["t2", "t3"])
      try moment("2026-06-01T00:00:00Z")
      #expect(
        tenants(FingerprintScene.known(try scene.look(), after: fourth)) == ["t1", "t2", "t3"])
      // An earlier cut-off is never taken for a later one.
      try moment("2026-01-20T00:00:00Z")
      #expect(FingerprintScene.known(try scene.look(), after: fourth).isEmpty)
    }
  }

  @Test func `A period that ends is read once more only if a row lies between`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo)
      scene.periods = [.year: ["2026"]]
      try scene.admin.execute("UPDATE app.odd SET due = '2025-01-01', at = '2025-01-01'")
      scene.moment = try #require(RunMoment("2026-12-31T10:00:00Z"))
      let last = try scene.look()
      scene.moment = try #require(RunMoment("2027-01-02T00:00:00Z"))
      let ended = try scene.look()
      #expect(FingerprintScene.known(ended, after: last).count == 3)
      scene.moment = try #require(RunMoment("2027-01-09T00:00:00Z"))
      let later = try scene.look()
      #expect(FingerprintScene.known(later, after: ended).count == 3)
      #expect(later.values.allSatisfy { $0.state.reach.cutoff < 1_798_830_000_000_000 })
    }
  }

  @Test func `What is looked up by the month of the cut-off is read again in the next month`()
    throws
  {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(
        conninfo,
        queries: [
          "rows": """
          SELECT p.tenant_id,
            date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')::text AS text
          FROM partition p
          """
        ])
      scene.periods = [.year: ["2026"]]
      var (known, last) = (0, try scene.look())
      for day in 6...90 {
        scene.moment = .instant(1_767_600_000 + Int64(day - 5) * 86_400 - Int64(day * 613))
        let next = try scene.look()
        let kept = FingerprintScene.known(next, after: last)
        #expect(kept.isDisjoint(with: FingerprintScene.changed(next, after: last)), "day \(day)")
        known += kept.count
        last = next
      }
      // All but the nights about a month's end.
      #expect(known > 200, "\(known)")
    }
  }

  // MARK: - The end of the days that a period is compared with

  private static let earlier = [
    "rows": """
    SELECT p.tenant_id, concat(c.name, c.created < p.cutoff_at) AS text
    FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id AND c.created < p.previous_ends_at
    """
  ]

  @Test
  func `A month before the last of a month is the same day for several, and goes back by hours`()
    throws
  {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(conninfo, queries: Self.earlier)
      scene.periods = [.month: ["2026-03"]]
      try scene.admin.execute(
        """
        UPDATE app.pocuser SET created = '2025-01-01';
        UPDATE app.pocuser SET created = '2026-02-28 12:00:00+00' WHERE name = 'poc 1'
          AND tenantid = '00000000-0000-4000-8000-000000000001'
        """)
      func look(_ text: String) throws -> [FingerprintScene.Partition: FingerprintScene.Seen] {
        scene.moment = try #require(RunMoment(text))
        return try scene.look()
      }
      func known(
        _ now: [FingerprintScene.Partition: FingerprintScene.Seen],
        after old: [FingerprintScene.Partition: FingerprintScene.Seen]
      ) -> [String] {
        let known = FingerprintScene.known(now, after: old)
        #expect(known.isDisjoint(with: FingerprintScene.changed(now, after: old)))
        return known.map(\.tenant).sorted()
      }
      let before = try look("2026-03-29T10:00:00Z")
      let after = try look("2026-03-29T13:00:00Z")
      #expect(FingerprintScene.changed(after, after: before).map(\.tenant) == ["t1"])
      #expect(known(after, after: before) == ["t2", "t3"])
      // Two days later it is still compared with 28 February, but only until eight.
      let back = try look("2026-03-31T08:00:00Z")
      #expect(FingerprintScene.changed(back, after: after).map(\.tenant) == ["t1"])
      #expect(known(back, after: after) == ["t2", "t3"])
      #expect(known(back, after: before) == ["t1", "t2", "t3"])
      // At the very moment nothing has passed yet, but it is not worth a proof.
      let at = try look("2026-03-31T12:00:00Z")
      #expect(known(at, after: back) == ["t2", "t3"])
      #expect(known(try look("2026-03-31T12:00:01Z"), after: at) == ["t2", "t3"])
      // The period has ended: it is compared with all of February, from now on.
      let ended = try look("2026-04-02T00:00:00Z")
      #expect(known(ended, after: back) == ["t2", "t3"])
      #expect(known(try look("2026-04-20T00:00:00Z"), after: ended) == ["t1", "t2", "t3"])
    }
  }

  @Test func `No row that passes the end of the compared days is overlooked in a year of nights`()
    throws
  {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(
        conninfo,
        queries: [
          "rows": """
          SELECT p.tenant_id, concat(c.name, c.created < p.previous_ends_at,
            c.created < CASE WHEN c.language = 'C' THEN p.cutoff_at ELSE p.previous_ends_at END,
            c.created >= p.previous_ends_at AND c.created >= p.starts_at) AS text
          FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id
          """
        ])
      for seed in Seeds.of(few: 2, many: 40) {
        var random = SeededRandom(seed: seed)
        try scene.admin.execute(
          """
          UPDATE app.pocuser SET language = CASE WHEN md5(id::text || '\(seed)') < '5' THEN 'C' END,
            created = timestamptz '2025-11-01'
              + (('x' || substr(md5(id::text || '\(seed)'), 1, 7))::bit(28)::integer % 450) * interval '1 day'
              + (('x' || substr(md5(id::text || '\(seed)'), 8, 7))::bit(28)::integer % 24) * interval '1 hour'
          """)
        scene.periods = [.month: ["2026-03", "2026-05"], .year: ["2026"]]
        var (known, last) = (0, [FingerprintScene.Partition: FingerprintScene.Seen]())
        var now: Int64 = 1_772_000_000  // 2026-02-25
        for night in 0..<70 {
          scene.moment = .instant(now)
          let next = try scene.look()
          let kept = FingerprintScene.known(next, after: last)
          let changed = FingerprintScene.changed(next, after: last)
          #expect(kept.isDisjoint(with: changed), "seed \(seed), night \(night) \(scene.moment)")
          known += kept.count
          last = next
          now += Int64(random.pick([86_400, 86_400, 40_000, 3_600, 1, 172_800]))
        }
        // 9 partitions on 69 nights; rows pass some of them.
        #expect(known > 350, "seed \(seed): \(known)")
      }
    }
  }

  // MARK: - All tenants together

  @Test func `What is read of all tenants together is read again when one row passes`() throws {
    try withDatabase { conninfo in
      let scene = try FingerprintScene(
        conninfo,
        queries: [
          "rows": """
          SELECT NULL::uuid AS tenant_id, p.time_zone || count(c.id) FILTER (WHERE c.created < p.cutoff_at)
            || ' ' || count(c.id) FILTER (WHERE c.created < p.previous_ends_at) AS text
          FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id GROUP BY p.time_zone
          """
        ], isTogether: true)
      scene.periods = [.month: ["2026-03"], .year: ["2026"]]
      try scene.admin.execute(
        """
        UPDATE app.pocuser SET created = '2025-01-01';
        UPDATE app.pocuser SET created = '2026-03-12' WHERE name = 'poc 1'
          AND tenantid = '00000000-0000-4000-8000-000000000002'
        """)
      var (known, last) = (0, [FingerprintScene.Partition: FingerprintScene.Seen]())
      var kept: [String] = []
      for day in 1...40 {
        scene.moment = .instant(1_772_366_400 + Int64(day) * 86_400 - Int64(day * 613))
        let next = try scene.look()
        let same = FingerprintScene.known(next, after: last)
        #expect(same.isDisjoint(with: FingerprintScene.changed(next, after: last)), "day \(day)")
        known += same.count
        kept.append("\(same.count)")
        last = next
      }
      // All but the night on which the row passes, and those at the month's end, when the days that
      // are compared end at other distances in the time zones, and the period ends in them in turn.
      #expect(known > 65, "\(kept)")
      // By the day, the zones' midnights are never the same.
      scene.moment = try #require(RunMoment("2026-03-20"))
      let day = try scene.look()
      scene.moment = try #require(RunMoment("2026-03-21"))
      let next = try scene.look()
      #expect(FingerprintScene.known(next, after: day).count == 2)
      try scene.admin.execute(
        "UPDATE app.pocuser SET created = '2026-03-22' WHERE name = 'poc 2'")
      let moved = try scene.look()
      scene.moment = try #require(RunMoment("2026-03-22"))
      #expect(FingerprintScene.known(try scene.look(), after: moved).isEmpty)
    }
  }
}
