import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Runs that are stopped, meet another run, or lose a database: nothing is lost and nobody waits
/// for ever.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct InterruptionTests {
  /// A run of the nightly schedule that hangs in its extraction until `body` has ended.
  private func withHangingNightly(
    _ here: Installation, _ body: (RunningProgram, Connection) throws -> Void
  ) throws {
    let other = try here.platform.connect()
    try other.execute("BEGIN; LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
    let run = try here.start(["run", "nightly"])
    let isWaiting = try eventually {
      try !here.platform.connect().query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'yearbook source' AND"
          + " wait_event_type = 'Lock' AND datname = $1", [here.platform.name]
      ).isEmpty
    }
    #expect(isWaiting, "\(run.output)")
    try body(run, other)
    run.send(SIGKILL)
    try run.wait()
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `A run that is told to stop does so while the database keeps it waiting`(
    signal: Int32
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withHangingNightly(here) { run, other in
        let began = Date()
        run.send(signal)
        let (status, output) = try run.wait()
        #expect(status == 128 + signal, "\(output)")
        #expect(Date().timeIntervalSince(began) < 10)
        try other.execute("ROLLBACK")
      }
      #expect(try here.payload().isEmpty)
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      #expect(try !here.payload().isEmpty)
    }
  }

  @Test func `A run can be cancelled from elsewhere`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withHangingNightly(here) { run, _ in
        try here.record.connect().execute("UPDATE yearbook.run SET is_cancelled = true")
        let (status, output) = try run.wait()
        #expect(status == 130, "\(output)")
      }
    }
  }

  @Test func `A second run of a schedule ends at once, or waits, and the first goes on`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withHangingNightly(here) { run, other in
        let (status, output) = try here.yearbook(["run", "nightly"])
        #expect(status == 75, "\(output)")
        #expect(output.contains("another run of 'nightly' is under way"), "\(output)")
        // One report on demand does not wait for the nightly run.
        let waiting = try here.start(["run", "nightly", "--wait", "1m"])
        usleep(300_000)
        try other.execute("ROLLBACK")
        #expect(try run.wait().status == 0)
        let late = try waiting.wait()
        #expect(late.status == 0, "\(late.output)")
        #expect(late.output.contains("0 published"), "\(late.output)")
      }
    }
  }

  @Test func `A run right after a killed one does not wait for the dead one's claims`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withHangingNightly(here) { run, other in
        run.send(SIGKILL)
        try run.wait()
        try other.execute("ROLLBACK")
        let began = Date()
        let (status, output) = try here.yearbook(["run", "nightly"])
        #expect(status == 0, "\(output)")
        #expect(Date().timeIntervalSince(began) < 5)
      }
    }
  }

  @Test func `Two that share a schedule's run do everything once`() throws {
    try Installation.with { here in
      for number in 1...40 { try here.addTenant("tenant-\(number)") }
      let first = try here.start(["run", "nightly", "--jobs", "1"])
      #expect(eventually { first.output.contains("partitions") }, "\(first.output)")
      let (status, output) = try here.yearbook(["run", "nightly", "--join", "--jobs", "1"])
      #expect(status == 0, "\(output)")
      #expect(try first.wait().status == 0, "\(first.output)")
      let twice = try here.record.connect().query(
        "SELECT FROM yearbook.attempt GROUP BY tenant_id, pipeline, period, stage HAVING count(*) > 1"
      )
      #expect(twice.isEmpty)
      #expect(try here.payload().keys.filter { $0.hasSuffix("people.csv") }.count == 80)
    }
  }

  @Test func `What a killed run began, the one that joined it finishes`() throws {
    try Installation.with { here in
      for number in 1...40 { try here.addTenant("tenant-\(number)") }
      let first = try here.start(["run", "nightly", "--jobs", "1"])
      #expect(eventually { first.output.contains("published") }, "\(first.output)")
      let second = try here.start(["run", "nightly", "--join", "--jobs", "1"])
      #expect(eventually { second.output.contains("partitions") }, "\(second.output)")
      first.send(SIGKILL)
      #expect(try second.wait().status == 0, "\(second.output)")
      try first.wait()
      #expect(try here.payload().keys.filter { $0.hasSuffix("people.csv") }.count == 80)
    }
  }

  @Test func `A source that loses the session is opened again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withHangingNightly(here) { run, other in
        try here.platform.connect().execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE application_name = 'yearbook source' AND datname = current_database()")
        usleep(100_000)
        try other.execute("ROLLBACK")
        let (status, output) = try run.wait()
        #expect(status == 0, "\(output)")
      }
      #expect(try !here.payload().isEmpty)
    }
  }

  @Test func `Rows that were read earlier never replace those of a run that was quicker`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      let before = try here.payload()
      let platform = try here.platform.connect()
      try platform.execute("UPDATE app.\"user\" SET username = 'other' WHERE username = 'u2'")
      let tenant = try platform.query("SELECT id::text AS id FROM app.tenant").only().string("id")
      // Another run works on the partition, and this one has read its rows before it.
      let other = try here.record.connect()
      let claim = AdvisoryKey(["yearbook", "partition", tenant, "rows", "2025"])
      #expect(try other.tryLock(claim))
      let run = try here.start(["run", "rows", "--period", "2025"])
      #expect(eventually(within: 60) { run.output.contains("extracted rows") }, "\(run.output)")
      try other.execute("UPDATE yearbook.partition SET snapshot = now()")
      try other.unlock(claim)
      let (status, output) = try run.wait()
      #expect(status == 0 && output.contains("1 unchanged"), "\(output)")
      #expect(try here.payload() == before)
    }
  }
}
