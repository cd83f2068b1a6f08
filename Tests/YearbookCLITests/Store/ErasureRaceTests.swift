import Foundation
import Postgres
import TestSupport
import Testing

/// Erasing, renaming and running keep out of each other's way.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ErasureRaceTests {
  private static let key = AdvisoryKey(["yearbook", "standstill"]).value

  @Test func `Who comes second is told to come again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let rows = ["run", "rows", "--period", "2025"]
      #expect(try here.yearbook(rows).status == 0)
      let session = try here.record.connect()
      // As an erasure holds it.
      try session.query("SELECT pg_advisory_lock($1)", ["\(Self.key)"])
      let run = try here.yearbook(rows)
      #expect(run.status == 75 && run.output.contains("is being erased"), "\(run.output)")
      try session.query("SELECT pg_advisory_unlock($1)", ["\(Self.key)"])
      // As a run does.
      try session.query("SELECT pg_advisory_lock_shared($1)", ["\(Self.key)"])
      for command in [
        ["purge", "--tenant", "acme", "--yes"], ["tenant", "rename", "acme", "ajax"],
      ] {
        let outcome = try here.yearbook(command)
        #expect(outcome.status == 75, "\(command): \(outcome.output)")
      }
      #expect(try here.yearbook(rows).output.contains("1 unchanged"))
      try session.query("SELECT pg_advisory_unlock_shared($1)", ["\(Self.key)"])
      #expect(try here.yearbook(["purge", "--tenant", "acme", "--yes"]).status == 0)
    }
  }

  @Test func `Nothing of an erased tenant comes back by a run that was under way`() throws {
    let rounds = ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] == nil ? 2 : 30
    try Installation.with { here in
      try here.addTenant("other")
      let platform = try here.platform.connect()
      for round in 0..<rounds {
        try here.addTenant("acme")
        #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
        // Other names each round, and no longer ones.
        try platform.execute(
          "UPDATE app.\"user\" SET username = left(md5(id::text || '\(round)'), 12)")
        let run = try here.start(["run", "rows", "--period", "2025", "--period", "2026"])
        usleep(UInt32.random(in: 0...400_000))
        // The platform has let the tenant go; the run may have read it before.
        try platform.execute("UPDATE app.tenant SET status = 'I' WHERE slug = 'acme'")
        var purge = try here.yearbook(["purge", "--tenant", "acme", "--yes"])
        #expect([0, 75].contains(purge.status), "\(round): \(purge.output)")
        let ran = try run.wait()
        #expect([0, 75].contains(ran.status), "\(round): \(ran.output)")
        if purge.status == 75 {
          purge = try here.yearbook(["purge", "--tenant", "acme", "--yes"])
          #expect(purge.status == 0, "\(round): \(purge.output)")
        }
        let found = try Program.run(["/bin/grep", "-rlw", "acme", "\(here.folder)/store"])
        #expect(found.output == "", "\(round)")
        let verified = try here.yearbook(["verify", "--deep"])
        #expect(verified.status == 0, "\(round): \(verified.output)")
        try platform.execute("UPDATE app.tenant SET slug = 'gone-\(round)' WHERE slug = 'acme'")
      }
    }
  }
}
