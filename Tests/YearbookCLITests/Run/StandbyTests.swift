import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// A source that is a hot standby, with its primary beside it.
@Suite(
  .enabled(
    if: Places.noYearbook == nil && Replication.absence == nil,
    "the program is not built, or pg_basebackup is not installed"))
struct StandbyTests {
  private static let run = ["run", "rows", "--period", "2025", "--reread"]

  /// Calls `body` with an installation, and a platform with one tenant on both servers.
  private func with(_ body: (Installation, Replication, Connection) throws -> Void) throws {
    try Installation.with { here in
      let servers = try Replication()
      let outcome = Result {
        let primary = try Connection(servers.primary.conninfo())
        for file in ["docs/platform-schema.sql", "docs/platform-role.sql"] {
          try primary.execute("SET client_min_messages = warning; SET yearbook.part = 'source'")
          try primary.execute(
            String(contentsOfFile: "\(Places.project)/\(file)", encoding: .utf8))
        }
        try primary.execute(
          """
          INSERT INTO app.tenant (slug, name, timezone, locale, currency, created)
          VALUES ('acme', 'Acme', 'UTC', 'en', 'EUR', '2024-03-01');
          INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
          SELECT t.id, 'u' || n, 'F', 'L', 'x', 30, '2025-03-01' FROM app.tenant t, generate_series(1, 5) n
          """)
        try servers.catchUp()
        try body(here, servers, primary)
      }
      try servers.stop()
      try outcome.get()
    }
  }

  private func source(_ servers: Replication, _ wanted: String = "prefer-standby") -> [String] {
    [
      "YEARBOOK_SOURCE="
        + servers.conninfo(database: "postgres", user: "yearbook_reader", wanted: wanted)
    ]
  }

  @Test func `A run reads the standby, and doctor says how far it is behind`() throws {
    try with { here, servers, primary in
      let (status, output) = try here.yearbook(Self.run, environment: source(servers))
      #expect(status == 0 && output.contains("1 published"), "\(output)")
      let doctor = try here.yearbook(["doctor"], environment: source(servers))
      #expect(doctor.output.contains("a standby, 0 s behind"), "\(doctor)")
      #expect(doctor.output.contains(servers.standby.socketDirectory), "\(doctor)")
      let metrics = try here.yearbook(["metrics"], environment: source(servers))
      #expect(
        metrics.output.contains("yearbook_source_lag_seconds{source=\"source\"} "), "\(metrics)")
      let alone = try here.yearbook(
        ["doctor"],
        environment: ["YEARBOOK_SOURCE=\(servers.primary.conninfo()) user=yearbook_reader"])
      #expect(alone.output.contains("the primary"), "\(alone)")
      // Without the standby, the same string leads to the primary.
      try servers.standby.stop(.immediate)
      let left = try here.yearbook(Self.run, environment: source(servers))
      #expect(left.status == 0 && left.output.contains("1 unchanged"), "\(left)")
    }
  }

  @Test func `Rows that are older than max_lag are refused with 75, and told how old they are`()
    throws
  {
    try with { here, servers, primary in
      try here.write(
        "yearbook.yaml",
        "source: {uri: '\(servers.conninfo(database: "postgres", user: "yearbook_reader"))', max_lag: 2s}\n"
      )
      let file = ["YEARBOOK_SOURCE="]
      // However long the primary rests, nothing is missing.
      usleep(2_500_000)
      let rested = try here.yearbook(Self.run, environment: file)
      #expect(rested.status == 0 && rested.output.contains("1 published"), "\(rested)")
      let standby = try Connection(servers.standby.conninfo())
      try standby.execute("SELECT pg_wal_replay_pause()")
      try primary.execute("UPDATE app.\"user\" SET username = username || '!'")
      usleep(3_500_000)
      let (status, output) = try here.yearbook(Self.run, environment: file)
      #expect(status == 75 && output.contains("is a standby that is"), "\(output)")
      #expect(output.contains("behind its primary, and max_lag is 2 s"), "\(output)")
      try standby.execute("SELECT pg_wal_replay_resume()")
      try servers.catchUp()
      let caught = try here.yearbook(Self.run, environment: file)
      #expect(caught.status == 0 && caught.output.contains("1 published"), "\(caught)")
    }
  }

  @Test func `Rows of a standby that lags do not replace younger ones`() throws {
    try with { here, servers, primary in
      let standby = try Connection(servers.standby.conninfo())
      try standby.execute("SELECT pg_wal_replay_pause()")
      try primary.execute("UPDATE app.\"user\" SET username = username || '!'")
      let direct = ["YEARBOOK_SOURCE=\(servers.primary.conninfo()) user=yearbook_reader"]
      let young = try here.yearbook(Self.run, environment: direct)
      #expect(young.status == 0 && young.output.contains("1 published"), "\(young)")
      usleep(1_100_000)
      let old = try here.yearbook(Self.run, environment: source(servers))
      #expect(old.status == 0 && old.output.contains("0 published"), "\(old)")
      let rows = try here.payload().filter { $0.key.hasSuffix("/people.csv") }
      #expect(rows.count == 1)
      let text = rows.values.map { String(decoding: $0, as: UTF8.self) }.joined()
      #expect(text.contains("u1!"))
      try standby.execute("SELECT pg_wal_replay_resume()")
    }
  }

  @Test(arguments: ["prefer-standby", "standby"])
  func `What a standby ends again and again is read from the primary, if the URI allows it`(
    _ wanted: String
  ) throws {
    try with { here, servers, primary in
      // It takes seconds on these rows, and no time on those of the trial.
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username FROM partition p
        JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        WHERE (SELECT count(*) FROM "user" a CROSS JOIN "user" b
          WHERE a.tenantid = p.tenant_id AND md5(a.username || b.username) < 'zz') > 0
        """)
      try primary.execute(
        """
        INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
        SELECT t.id, 'v' || n, 'F', 'L', 'x', 30, '2025-03-01' FROM app.tenant t, generate_series(1, 2500) n
        """)
      try servers.catchUp()
      let writer = Busy(servers.primary.conninfo())
      let (status, output) = try here.yearbook(Self.run, environment: source(servers, wanted))
      writer.stop()
      if wanted == "standby" {
        #expect(status == 69 && output.contains("conflict with recovery"), "\(output)")
      } else {
        #expect(status == 0 && output.contains("1 published"), "\(output)")
      }
      // The standby did end statements.
      let ended = try Connection(servers.standby.conninfo()).query(
        "SELECT confl_snapshot::int AS n FROM pg_stat_database_conflicts WHERE datname = 'postgres'"
      ).only().int("n")
      #expect(ended >= 1, "\(ended)")
    }
  }
}

/// A primary whose changes stand in the way of each statement of a standby.
private final class Busy {
  private final class Switch: Sendable {
    let isOver = Mutex(false)
  }

  private let off = Switch()
  private let thread: Background

  init(_ conninfo: String) {
    thread = Background { [off] in
      do {
        let connection = try Connection(conninfo)
        // The plan is made by then, and the rows take longer.
        usleep(3_000_000)
        while !off.isOver.withLock({ $0 }) {
          try connection.execute("UPDATE app.\"user\" SET age = age")
          try connection.execute("VACUUM app.\"user\"")
          usleep(100_000)
        }
      } catch {}
    }
  }

  func stop() {
    off.isOver.withLock { $0 = true }
    thread.join()
  }
}
