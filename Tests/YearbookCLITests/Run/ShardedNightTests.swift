import Foundation
import Postgres
import TestSupport
import Testing

/// Nights of a source of several shards: what has changed on none of them is not read again.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ShardedNightTests {
  private static let run = ["run", "visits", "--period", "2025", "--json"]

  /// Runs a night and says how many partitions it read and published.
  private func night(
    _ scene: ShardScene, _ what: Comment, more: [String] = []
  ) throws -> (extracted: Int, unchanged: Int, published: Int) {
    let (status, output) = try scene.here.yearbook(Self.run + more)
    #expect(status == 0, "\(what): \(output)")
    let (extracted, unchanged) = try Installation.read(output)
    let published = output.split(separator: "\n").filter { $0.contains("\"event\":\"published\"") }
    return (extracted, unchanged, published.count)
  }

  @Test func `A change on any shard is seen, and without one no shard is read`() throws {
    try ShardScene.with { scene in
      for (place, code) in ["a", "b", "c"].enumerated() {
        try scene.addMember(code)
        try scene.addVisits(code, 40, from: 1 + place * 1_000) { $0 % 4 + 1 }
      }
      try scene.use(scene.shards)
      #expect(try night(scene, "first") == (3, 0, 3))
      #expect(try night(scene, "unchanged") == (0, 3, 0))
      for number in 1...4 {
        // 1 004 and its neighbours are rows of b; each shard has a fourth of them.
        let id = try scene.shards[number - 1].connect().query(
          "SELECT min(id)::int AS id FROM club.visit WHERE who = 'b'"
        ).only().int("id")
        for sql in [
          "UPDATE club.visit SET fee = fee + 100 WHERE id = \(id)",
          "UPDATE club.visit SET guest = 'somebody else' WHERE id = \(id)",
          "DELETE FROM club.visit WHERE id = \(id)",
        ] {
          for database in [scene.shards[number - 1], scene.whole] {
            try database.connect().execute(sql)
          }
          #expect(try night(scene, "\(sql)") == (1, 2, 1), "on the shard \(number): \(sql)")
        }
      }
      // A row that moves is read again, and nothing is published.
      let moved = try scene.shards[0].connect().query(
        "SELECT min(id)::int AS id FROM club.visit WHERE who = 'c'"
      ).only().int("id")
      try scene.shards[0].connect().execute("DELETE FROM club.visit WHERE id = \(moved)")
      try ShardScene.add([moved], of: "c", to: scene.shards[2])
      #expect(try night(scene, "moved") == (1, 2, 0))
      #expect(try night(scene, "after it") == (0, 3, 0))
      let sharded = try scene.here.payload()
      #expect(try night(scene, "reread", more: ["--reread"]) == (3, 0, 0))
      // One database with all rows says the same, and so does its second night, which combines too.
      try scene.use([scene.whole])
      #expect(try night(scene, "whole") == (3, 0, 0))
      #expect(try night(scene, "whole again") == (0, 3, 0))
      try scene.whole.connect().execute("UPDATE club.visit SET fee = 7 WHERE id = 2004")
      #expect(try night(scene, "whole, changed") == (1, 2, 1))
      try scene.whole.connect().execute(
        "UPDATE club.visit SET fee = (2004 % 13)::numeric / 4 WHERE id = 2004")
      #expect(try night(scene, "whole, as before") == (1, 2, 1))
      #expect(try scene.here.payload() == sharded)
    }
  }

  @Test func `A statement over all shards that has changed reads their rows again`() throws {
    try ShardScene.with { scene in
      for (place, code) in ["a", "b"].enumerated() {
        try scene.addMember(code)
        try scene.addVisits(code, 20, from: 1 + place * 100) { $0 % 4 + 1 }
      }
      try scene.use(scene.shards)
      #expect(try night(scene, "first") == (2, 0, 2))
      try scene.here.write(
        "pipelines/visits/months_of_all.sql",
        "SELECT month, 2 * sum(visits)::bigint AS visits, sum(fees) AS fees FROM months GROUP BY month"
      )
      #expect(try night(scene, "the statement doubles") == (2, 0, 2))
      #expect(try night(scene, "unchanged") == (0, 2, 0))
      // Fewer shards are other rows.
      try scene.use(Array(scene.shards.prefix(3)))
      #expect(try night(scene, "three shards") == (2, 0, 2))
    }
  }

  @Test func `While a shard is down nothing stands for its rows`() throws {
    try ShardScene.with { scene in
      for (place, code) in ["a", "b", "c", "d"].enumerated() {
        try scene.addMember(code, on: [place + 1])
        try scene.addVisits(code, 20, from: 1 + place * 100) { _ in place + 1 }
      }
      try scene.use(scene.shards, spread: "tenants")
      #expect(try night(scene, "first") == (4, 0, 4))
      try scene.use(
        scene.shards, spread: "tenants", instead: [3: "host=/nonexistent user=u dbname=d"])
      let (status, output) = try scene.here.yearbook(Self.run)
      #expect(status == 1 && output.contains("\"failed\":1"), "\(output)")
      #expect(try Installation.read(output) == (0, 3), "\(output)")
      try scene.use(scene.shards, spread: "tenants")
      #expect(try night(scene, "it is back") == (0, 4, 0))
      let explained = try scene.here.yearbook([
        "explain", "visits", "--tenant", "club-c", "--period", "2025",
      ])
      #expect(explained.status == 0, "\(explained)")
      try scene.shards[2].connect().execute("UPDATE club.visit SET fee = 99 WHERE id = 205")
      let changed = try scene.here.yearbook([
        "explain", "visits", "--tenant", "club-c", "--period", "2025",
      ])
      #expect(changed.output.contains("table visit of the shard 3"), "\(changed)")
    }
  }
}
