import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Servers whose clock is wrong, or was.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ClockTests {
  private static let run = ["run", "rows", "--period", "2025"]

  @Test func `A recorded time that has not come yet stops no update, and is told`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      #expect(try here.yearbook(["status", "--max-age", "1h"]).status == 0)
      let record = try here.record.connect()
      try record.execute("UPDATE yearbook.partition SET snapshot = now() + interval '1 year'")
      let red = try here.yearbook(["status", "--max-age", "1h"])
      #expect(red.status == 1 && red.output.contains("wrong clock"), "\(red.output)")
      #expect(try here.yearbook(["status"]).output.contains("at a time that has not come yet"))
      let json = try here.yearbook(["status", "--json"]).output
      #expect(json.contains("\"partitions_ahead\""), "\(json)")

      try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || 'x'")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 0 && output.contains("published rows acme"), "\(output)")
      #expect(output.contains("at a time that has not come yet"), "\(output)")
      #expect(try here.yearbook(["status"]).output.contains("(snapshot-ahead)"))
      let green = try here.yearbook(["status", "--max-age", "1h"])
      #expect(green.status == 0, "\(green.output)")
      // It is told once: the run has corrected it.
      let quiet = try here.yearbook(["run", "nightly", "--strict"])
      #expect(quiet.status == 0 && !quiet.output.contains("warning"), "\(quiet.output)")
    }
  }

  @Test func `An unchanged release's time that has not come yet is corrected`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(Self.run).status == 0)
      let record = try here.record.connect()
      try record.execute("UPDATE yearbook.partition SET snapshot = now() + interval '1 year'")
      let again = try here.yearbook(Self.run)
      #expect(again.status == 0 && again.output.contains("1 unchanged"), "\(again.output)")
      let ahead = try record.query(
        "SELECT count(*) AS count FROM yearbook.partition WHERE snapshot > now()"
      ).only().int("count")
      #expect(ahead == 0)
    }
  }

  @Test func `A run that began at a time that has not come yet is not the last good one`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      let record = try here.record.connect()
      try record.execute("UPDATE yearbook.run SET started = now() + interval '1 year'")
      #expect(try here.yearbook(["status", "--max-age", "1h"]).status == 1)
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      #expect(try here.yearbook(["status", "--max-age", "1h"]).status == 0)
      let ids = try record.query(
        "SELECT id FROM yearbook.run ORDER BY started"
      ).map { try $0.string("id") }
      #expect(try here.yearbook(["status"]).output.contains("run \(ids[0]) "))
    }
  }

  private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
  private static let noClock = access(library, R_OK) != 0

  /// A server with a wrong clock that holds a copy of the installation's platform.
  private func replica(
    of here: Installation, clock: String, in folder: String
  ) throws -> PrivateServer {
    let server = try PrivateServer.start(
      in: "\(folder)/server",
      options: .init(
        isDurable: false, settings: ["shared_buffers=16MB", "max_connections=20"],
        environment: [
          "LD_PRELOAD=\(Self.library)", "FAKETIME=\(clock)", "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ]))
    let copy = try Connection(server.conninfo())
    try copy.execute(Installation.text("docs/platform-schema.sql"))
    try copy.query("SELECT set_config('yearbook.part', 'source', false)")
    try copy.execute(Installation.text("docs/platform-role.sql"))
    let platform = try here.platform.connect()
    for table in ["tenant", "user"] {
      let name = "app.\(Quoting.identifier(table))"
      for row in try platform.query("SELECT to_jsonb(t)::text AS row FROM \(name) t") {
        try copy.query(
          "INSERT INTO \(name) SELECT (jsonb_populate_record(NULL::\(name), $1::jsonb)).*",
          [try row.string("row")])
      }
    }
    return server
  }

  @Test(
    .enabled(if: !noClock, "faketime is not installed"), arguments: ["-2h", "+2h"])
  func `A replica whose clock is wrong hides no update, before and after it`(
    clock: String
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(Self.run).status == 0)
      try withTemporaryFolder { folder in
        chmod(folder, 0o755)
        let server = try replica(of: here, clock: clock, in: folder)
        defer { do { try server.stop() } catch {} }
        let copy = try Connection(server.conninfo())
        try copy.execute("UPDATE app.\"user\" SET username = username || 'copy'")
        let source = "YEARBOOK_SOURCE=\(server.conninfo()) user=yearbook_reader"
        let (status, output) = try here.yearbook(Self.run, environment: [source])
        #expect(status == 0 && output.contains("1 published"), "\(output)")
        #expect(
          output.contains(
            "the source's clock is 2 h 0 min \(clock == "-2h" ? "behind" : "ahead of")"),
          "\(output)")
        let told = try here.yearbook(["status"])
        #expect(told.output.contains("(source-clock)"), "\(told.output)")
        #expect(try here.yearbook(Self.run + ["--strict"], environment: [source]).status == 1)
        // Back at the server whose clock is right.
        let back = try here.yearbook(Self.run)
        #expect(back.status == 0 && back.output.contains("1 published"), "\(back.output)")
        #expect(!back.output.contains("clock"), "\(back.output)")
      }
    }
  }

  @Test(.enabled(if: !noClock, "faketime is not installed"))
  func `A host whose clock differs from the record's is told so`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withTemporaryFolder { folder in
        chmod(folder, 0o755)
        let server = try replica(of: here, clock: "-3d", in: folder)
        defer { do { try server.stop() } catch {} }
        let admin = try Connection(server.conninfo())
        try admin.query("SELECT set_config('yearbook.part', 'record', false)")
        try admin.execute(Installation.text("docs/platform-role.sql"))
        let (status, output) = try here.yearbook(
          Self.run,
          environment: [
            "YEARBOOK_SOURCE=\(server.conninfo()) user=yearbook_reader",
            "YEARBOOK_RECORD=\(server.conninfo()) user=yearbook",
          ])
        #expect(status == 0 && output.contains("1 published"), "\(output)")
        #expect(output.contains("this host's clock is 3 days ahead of the record's"), "\(output)")
        #expect(!output.contains("the source's clock"), "\(output)")
      }
    }
  }
}
