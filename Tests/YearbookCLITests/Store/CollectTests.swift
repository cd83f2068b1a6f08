import Foundation
import Postgres
import TestSupport
import Testing

/// What `gc` frees, and what it must not.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct CollectTests {
  private func blobs(_ here: Installation) throws -> Set<String> {
    let root = "\(here.folder)/workspace/tenants"
    var names: Set<String> = []
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      if name.count == 64 { names.insert(path) }
    }
    return names
  }

  /// As if everything had been made so many days ago.
  private func age(_ here: Installation, days: Int) throws {
    try here.record.connect().query(
      "UPDATE yearbook.result SET made = made - $1::int * interval '1 day'", [String(days)])
    for path in try blobs(here) {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -Double(days) * 86_400)],
        ofItemAtPath: "\(here.folder)/workspace/tenants/\(path)")
    }
  }

  private func change(_ here: Installation, _ name: String) throws {
    try here.platform.connect().query(
      "UPDATE app.\"user\" SET username = $1 WHERE username LIKE 'u1%'", [name])
  }

  @Test func `What a newer release replaced is freed after a while, what stands stays`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let run = ["run", "rows", "--period", "2025"]
      #expect(try here.yearbook(run).status == 0)
      let first = try blobs(here)
      try change(here, "u1b")
      #expect(try here.yearbook(run).status == 0)
      let both = try blobs(here)
      #expect(both.isStrictSuperset(of: first))
      // Both are young.
      let early = try here.yearbook(["gc"])
      #expect(early.status == 0, "\(early.output)")
      #expect(early.output.contains("freed 0 B in 0 blobs"), "\(early.output)")
      try age(here, days: 8)
      let dry = try here.yearbook(["gc", "--dry-run", "--json"])
      #expect(try blobs(here) == both)
      #expect(dry.output.contains("\"results\" : 1"), "\(dry.output)")
      let gone = try here.yearbook(["gc"])
      #expect(gone.status == 0, "\(gone.output)")
      let left = try blobs(here)
      #expect(left.isStrictSubset(of: both) && !left.isEmpty)
      #expect(left.isDisjoint(with: first.subtracting(left)))
      // The standing release's results are found done, byte for byte.
      let payload = try here.payload()
      let again = try here.yearbook(run)
      #expect(again.output.contains("0 run, 1 found done"), "\(again.output)")
      #expect(try here.payload() == payload)
      // What was freed is made again where it is needed again.
      try change(here, "u1")
      let back = try here.yearbook(run)
      #expect(back.status == 0, "\(back.output)")
      #expect(back.output.contains("1 run, 0 found done"), "\(back.output)")
      #expect(try first.isSubset(of: blobs(here)))
    }
  }

  @Test func `What a run under way has asked for or stored again stays, however old it was`() throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let run = ["run", "rows", "--period", "2025"]
      #expect(try here.yearbook(run).status == 0)
      try age(here, days: 30)
      // A release that nobody can find any more: without it nothing is needed.
      try FileManager.default.removeItem(atPath: "\(here.folder)/store/tenants/acme")
      let other = try here.platform.connect()
      try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
      let running = try here.start(run)
      #expect(
        try eventually {
          try !here.record.connect().query(
            "SELECT FROM yearbook.run WHERE state = 'running'"
          ).isEmpty
        })
      try here.record.connect().execute(
        "UPDATE yearbook.run SET started = now() - interval '40 days' WHERE state = 'running'")
      let before = try blobs(here)
      let sweep = try here.yearbook(["gc"])
      #expect(sweep.status == 0, "\(sweep.output)")
      #expect(try blobs(here) == before)
      try other.execute("ROLLBACK")
      #expect(try running.wait().status == 0, "\(running.output)")
      // It has used them: they look new, and stay although no release had named them.
      try here.record.connect().execute(
        "UPDATE yearbook.result SET made = now() - interval '30 days'")
      #expect(try here.yearbook(["gc", "--keep", "2h"]).status == 0)
      #expect(try blobs(here) == before)
    }
  }

  @Test func `Records are dropped after 400 days, partitions' last outcomes are not`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let record = try here.record.connect()
      try record.execute(
        """
        UPDATE yearbook.run SET started = now() - interval '401 days', finished = now() - interval '401 days';
        INSERT INTO yearbook.reports (tenant_id, report_type, period, status, created_date)
        VALUES (gen_random_uuid(), 'ROWS', '2025', 'failed', now() - interval '401 days'),
          (gen_random_uuid(), 'ROWS', '2025', 'requested', now() - interval '401 days')
        """)
      let (status, output) = try here.yearbook(["gc"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("0 results, 1 run and 1 request removed"), "\(output)")
      let counts = try record.query(
        """
        SELECT (SELECT count(*) FROM yearbook.run) AS runs, (SELECT count(*) FROM yearbook.attempt) AS attempts,
          (SELECT count(*) FROM yearbook.partition) AS partitions
        """
      ).only()
      #expect(try counts.int("runs") == 0)
      #expect(try counts.int("attempts") == 0)
      #expect(try counts.int("partitions") == 1)
    }
  }

  @Test func `Two sweeps at once are one too many`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      let holder = try here.record.connect()
      #expect(try holder.tryLock(AdvisoryKey(["yearbook", "sweep"])))
      let (status, output) = try here.yearbook(["gc", "--quiet"])
      #expect(status == 75, "\(output)")
    }
  }
}
