import Foundation
import Postgres
import TestSupport
import Testing

/// A source whose rows lie in several databases.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ShardsTests {
  private static let run = ["run", "visits", "--period", "2025"]
  /// A database that does not answer.
  private static let down = "host=/nonexistent password=hunter2 user=u dbname=d"

  @Test func `A report over four shards is the report over one database, byte for byte`() throws {
    try ShardScene.with { scene in
      for (place, code) in ["a", "b", "c"].enumerated() {
        try scene.addMember(code)
        try scene.addVisits(code, 200, from: 1 + place * 1_000) { $0 * 7 % 11 % 4 + 1 }
      }
      // One whose rows are all on one shard, and one without any.
      try scene.addMember("d")
      try scene.addVisits("d", 20, from: 9_000) { _ in 3 }
      try scene.addMember("e")
      try scene.use(scene.shards)
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(status == 0 && output.contains("5 published, 0 unchanged, 0 failed"), "\(output)")
      let sharded = try scene.here.payload()
      // The whole finds nothing to publish: nothing differs.
      try scene.use([scene.whole])
      let again = try scene.here.yearbook(Self.run)
      #expect(again.output.contains("0 published, 5 unchanged"), "\(again)")
      try FileManager.default.removeItem(atPath: "\(scene.here.folder)/store")
      try FileManager.default.removeItem(atPath: "\(scene.here.folder)/workspace")
      let alone = try scene.here.yearbook(Self.run + ["--force"])
      #expect(alone.output.contains("5 published"), "\(alone)")
      let whole = try scene.here.payload()
      #expect(whole.count == sharded.count && whole.count >= 25, "\(whole.keys.sorted())")
      for (file, data) in whole { #expect(sharded[file] == data, "\(file)") }
      // The figures are those of a plain count, and nobody holds another's rows.
      for (code, other) in [("a", "b"), ("b", "c"), ("c", "a")] {
        let slug = "tenants/club-\(code)/visits/2025/data"
        let rows = String(decoding: try #require(whole["\(slug)/visits.csv"]), as: UTF8.self)
        #expect(rows.contains("\"\"\(code)\"\"") && !rows.contains("\"\"\(other)\"\""))
        let counted = try scene.whole.connect().query(
          """
          SELECT count(*)::int AS n, count(DISTINCT guest)::int AS guests FROM club.visit
          WHERE who = $1 AND at >= '2025-01-01 03:00+00' AND at < '2026-01-01 03:00+00'
          """, [code]
        ).only()
        let report = String(decoding: try #require(whole["\(slug)/report.json"]), as: UTF8.self)
        let (visits, guests) = (try counted.int("n"), try counted.int("guests"))
        #expect(guests == 7 && visits > 150)
        #expect(report.contains("\"\(visits)\"") || report.contains(": \(visits)"), "\(report)")
      }
    }
  }

  @Test
  func `A shard that is down costs the tenants whose rows it may hold, and retry takes them up`()
    throws
  {
    try ShardScene.with { scene in
      // Each tenant is whole on one shard.
      for (place, code) in ["a", "b", "c", "d"].enumerated() {
        try scene.addMember(code, on: [place + 1])
        try scene.addVisits(code, 20, from: 1 + place * 100) { _ in place + 1 }
      }
      try scene.use(scene.shards, spread: "tenants")
      let first = try scene.here.yearbook(Self.run)
      #expect(first.status == 0 && first.output.contains("4 published"), "\(first)")
      try scene.use(scene.shards, spread: "tenants", instead: [3: Self.down])
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(status == 1 && output.contains("0 published, 3 unchanged, 1 failed"), "\(output)")
      #expect(output.contains("the shard 3 of the source 'club'"), "\(output)")
      #expect(output.contains("club-c") && !output.contains("hunter2"), "\(output)")
      let doctor = try scene.here.yearbook(["doctor"])
      #expect(doctor.output.contains("3 of 4 shards answer"), "\(doctor)")
      #expect(!doctor.output.contains("hunter2"))
      try scene.use(scene.shards, spread: "tenants")
      let retry = try scene.here.yearbook(["retry"])
      #expect(
        retry.status == 0 && retry.output.contains("0 published, 1 unchanged, 0 failed"), "\(retry)"
      )
      // If any shard can hold rows of anybody, one that is down costs everybody.
      try scene.use(scene.shards, instead: [2: Self.down])
      let rows = try scene.here.yearbook(Self.run)
      #expect(
        rows.status == 1 && rows.output.contains("0 published, 0 unchanged, 4 failed"), "\(rows)")
      try scene.use(scene.shards)
      let healed = try scene.here.yearbook(["retry"])
      #expect(healed.status == 0 && healed.output.contains("4 unchanged, 0 failed"), "\(healed)")
    }
  }

  @Test func `A row on two shards fails its tenant alone, and is counted once when it has moved`()
    throws
  {
    try ShardScene.with { scene in
      for (place, code) in ["a", "b"].enumerated() {
        try scene.addMember(code)
        try scene.addVisits(code, 40, from: 1 + place * 100) { $0 % 4 + 1 }
      }
      try scene.use(scene.shards)
      // The row 105 is on the shard 2, and is being moved.
      try ShardScene.add([105], of: "b", to: scene.shards[3])
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(status == 1 && output.contains("1 published, 0 unchanged, 1 failed"), "\(output)")
      #expect(
        output.contains("the shards 2 and 4 both have a row of the query 'visits'"), "\(output)")
      try scene.shards[1].connect().execute("DELETE FROM club.visit WHERE id = 105")
      let retry = try scene.here.yearbook(["retry"])
      #expect(retry.status == 0 && retry.output.contains("1 published"), "\(retry)")
      try scene.use([scene.whole])
      let whole = try scene.here.yearbook(Self.run)
      #expect(whole.output.contains("0 published, 2 unchanged"), "\(whole)")
    }
  }

  @Test func `A tenant that is on two shards is not published where each has one of its own`()
    throws
  {
    try ShardScene.with { scene in
      try scene.addMember("a", on: [1])
      try scene.addMember("b", on: [2])
      try scene.shards[2].connect().execute(
        "INSERT INTO club.member VALUES ('b', 'America/Sao_Paulo')")
      try scene.use(scene.shards, spread: "tenants")
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(status == 1 && output.contains("1 published, 0 unchanged, 1 failed"), "\(output)")
      #expect(output.contains("the tenant is on the shards 2 and 3"), "\(output)")
    }
  }

  @Test func `Shards with other tables, and one database named twice, are refused`() throws {
    try ShardScene.with { scene in
      try scene.addMember("a")
      try scene.shards[2].connect().execute("ALTER TABLE club.visit ALTER fee DROP NOT NULL")
      try scene.use(scene.shards)
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(
        status == 78 && output.contains("the shard 3 of the source 'club' has other tables"),
        "\(output)")
      #expect(output.contains("'visit.fee'"), "\(output)")
      try scene.use(
        [scene.shards[0], scene.shards[1], scene.shards[0]],
        instead: [3: "\(scene.shards[0].conninfo) user=yearbook_reader  "])
      let twice = try scene.here.yearbook(Self.run)
      #expect(
        twice.status == 78
          && twice.output.contains("the shards 1 and 3 of the source 'club' are one database"),
        "\(twice)")
    }
  }

  @Test func `A statement over all shards can reach nothing but its rows`() throws {
    try ShardScene.with { scene in
      try scene.addMember("a")
      try scene.use(scene.shards)
      let file = "pipelines/visits/totals_of_all.sql"
      let sound = try String(contentsOfFile: "\(scene.here.folder)/\(file)", encoding: .utf8)
      #expect(try scene.here.yearbook(["check"]).status == 0)
      for (sql, words) in [
        (sound + ", yearbook.run", "is refused"), (sound + ", visit", "visit"),
        (sound + ", pg_catalog.pg_class", "pg_class"), (sound + ", months", "months"),
        (sound.replacing("count(*)", with: "pg_sleep(1)::text"), "pg_sleep"),
        (sound + "; DROP TABLE totals", "multiple commands"),
        (sound + " GROUP BY guest", "more than one row"),
        (sound.replacing("count(DISTINCT guest)", with: "now()"), "now"),
      ] {
        try scene.here.write(file, sql)
        let (status, output) = try scene.here.yearbook(["check"])
        #expect(status == 78 && output.contains("totals_of_all.sql"), "\(sql): \(output)")
        #expect(output.contains(words), "\(sql): \(output)")
      }
    }
  }
}
