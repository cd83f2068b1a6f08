import Basics
import Diagnostics
import Extraction
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine

@Suite struct SourceSessionsTests {
  /// A platform with one row, a session of its owner, and a way to open sessions that can only read.
  private func withSource(
    _ body: (_ admin: Connection, _ open: @escaping @Sendable () throws -> Source) throws -> Void
  ) throws {
    try withDatabase { conninfo in
      let admin = try Connection(conninfo)
      let role = "reader_" + UUID().uuidString.prefix(8).lowercased()
      try admin.execute(
        """
        CREATE SCHEMA app; CREATE TABLE app.tenant (id uuid, slug text);
        INSERT INTO app.tenant SELECT gen_random_uuid(), 't' || n FROM generate_series(1, 1000) n;
        CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA app TO \(role);
        GRANT SELECT ON ALL TABLES IN SCHEMA app TO \(role)
        """)
      try body(admin) { try Source("\(conninfo) user=\(role)", schema: "app") }
    }
  }

  /// What the bodies of one trial saw.
  private struct Seen {
    var indices: [Int] = []
    var processes: Set<Int> = []
    var rows: Set<Int> = []
  }

  private static func look(_ source: Source) throws -> (process: Int, rows: Int) {
    let row = try source.connection.query(
      "SELECT pg_backend_pid() AS process, count(*) AS rows FROM app.tenant"
    ).only()
    return (try row.int("process"), try row.int("rows"))
  }

  private func reading<T>(
    _ first: Source, most: Int, open: @escaping () throws -> Source,
    _ body: (SourceSessions) throws -> T
  ) throws -> T {
    try first.connection.transaction(.readOnlySnapshot) {
      let sessions = try SourceSessions(
        first, most: most, interruption: Interruption(), open: open)
      defer { sessions.close() }
      return try body(sessions)
    }
  }

  @Test func `Several sessions work side by side, and all of them see the first one's moment`()
    throws
  {
    try withSource { admin, open in
      let first = try open()
      let seen = Locked(Seen())
      let together = Locked(0)
      try reading(first, most: 3, open: open) { sessions in
        _ = try Self.look(first)
        try admin.execute("INSERT INTO app.tenant SELECT gen_random_uuid(), 'late'")
        for _ in 1...2 {
          try sessions.forEach(40, first: first) { index, source in
            let (process, rows) = try Self.look(source)
            _ = try source.connection.query("SELECT pg_sleep(0.02)")
            seen.withLock {
              $0.indices.append(index)
              $0.processes.insert(process)
              $0.rows.insert(rows)
            }
            together.withLock { $0 += 1 }
          }
        }
        #expect(sessions.warnings.isEmpty)
      }
      let found = seen.withLock { $0 }
      #expect(found.indices.sorted() == (0..<40).flatMap { [$0, $0] })
      #expect(found.processes.count == 3)
      #expect(found.rows == [1000])
      // The further sessions are closed with the reading, not some time later.
      #expect(
        try admin.query(
          "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'yearbook source'"
            + " AND datname = current_database() AND state LIKE 'idle in transaction%'"
        ).only().int("n") == 0)
    }
  }

  @Test func `What a session was doing when it was lost is done by another`() throws {
    try withSource { admin, open in
      let first = try open()
      let seen = Locked(Seen())
      let lost = Locked(0)
      let owner = Locked(admin)
      let own = try Self.look(first).process
      let warnings = try reading(first, most: 3, open: open) { sessions in
        try sessions.forEach(30, first: first) { index, source in
          let (process, rows) = try Self.look(source)
          if process != own,
            lost.withLock({
              $0 += 1; return $0 == 1
            })
          {
            _ = try owner.withLock { try $0.query("SELECT pg_terminate_backend(\(process))") }
          }
          _ = try source.connection.query("SELECT pg_sleep(0.02)")
          seen.withLock {
            $0.indices.append(index)
            $0.rows.insert(rows)
          }
        }
        return sessions.warnings
      }
      #expect(seen.withLock { $0.indices.sorted() } == Array(0..<30))
      #expect(seen.withLock { $0.rows } == [1000])
      #expect(warnings.map(\.code) == ["fewer-sessions"])
    }
  }

  @Test func `Without a connection to spare, or on another server, one session reads everything`()
    throws
  {
    try withSource { admin, open in
      let first = try open()
      // A session that does not know the snapshot, as of another host of the URI.
      let other = try TestDatabase()
      let stranger = try other.connect()
      try stranger.execute("CREATE SCHEMA app; CREATE TABLE app.tenant (id uuid, slug text)")
      let role = "reader_" + UUID().uuidString.prefix(8).lowercased()
      try stranger.execute("CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA app TO \(role)")
      let elsewhere: () throws -> Source = {
        try Source("\(other.conninfo) user=\(role)", schema: "app")
      }
      let refused: () throws -> Source = {
        throw Diagnostic(.unavailable, "too many connections", isTransient: true)
      }
      for open in [elsewhere, refused] {
        let seen = Locked(Seen())
        let warnings = try reading(first, most: 4, open: open) { sessions in
          try sessions.forEach(12, first: first) { index, source in
            let (process, rows) = try Self.look(source)
            usleep(5_000)
            seen.withLock {
              $0.indices.append(index)
              $0.processes.insert(process)
              $0.rows.insert(rows)
            }
          }
          return sessions.warnings
        }
        let found = seen.withLock { $0 }
        #expect(found.indices.sorted() == Array(0..<12))
        #expect(found.processes.count == 1 && found.rows == [1000])
        #expect(warnings.map(\.code) == ["fewer-sessions"])
      }
      try other.drop()
    }
  }

  @Test func `The first failure stops the others, and is the one that is thrown`() throws {
    try withSource { _, open in
      let first = try open()
      let begun = Locked(0)
      let error = #expect(throws: Diagnostic.self) {
        try reading(first, most: 2, open: open) { sessions in
          try sessions.forEach(1000, first: first) { index, source in
            begun.withLock { $0 += 1 }
            if index == 5 { throw Diagnostic(.data, "the fifth") }
            _ = try source.connection.query("SELECT pg_sleep(0.005)")
          }
        }
      }
      #expect(error?.message == "the fifth")
      #expect(begun.withLock { $0 } < 20)
    }
  }
}
