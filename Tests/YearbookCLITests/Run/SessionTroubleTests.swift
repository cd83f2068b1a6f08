import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Sessions that something between here and PostgreSQL ends, shares or cannot name.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct SessionTroubleTests {
  private static let run = ["run", "rows", "--period", "2025"]

  @Test func `Time limits of the databases do not end a run that waits`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let platform = try here.platform.connect()
      let settings =
        ["idle_in_transaction_session_timeout"]
        + (platform.serverVersion >= 140_000 ? ["idle_session_timeout"] : [])
        + (platform.serverVersion >= 170_000 ? ["transaction_timeout"] : [])
      for database in [here.platform, here.record] {
        for setting in settings {
          try platform.execute("ALTER DATABASE \(database.name) SET \(setting) = '200ms'")
        }
      }
      // The source waits for this lock, and so the sessions of the record have nothing to do.
      try platform.execute("SET idle_in_transaction_session_timeout = 0")
      let run: RunningProgram = try platform.transaction {
        try platform.execute("LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
        let run = try here.start(Self.run)
        #expect(
          try eventually {
            try !platform.query(
              "SELECT FROM pg_locks WHERE NOT granted AND relation = 'app.\"user\"'::regclass"
            ).isEmpty
          },
          "\(run.output)")
        usleep(1_000_000)
        return run
      }
      let (status, output) = try run.wait()
      #expect(status == 0 && output.contains("1 published"), "\(output)")
    }
  }

  @Test(
    .enabled(if: Pooler.absence == nil, "pgbouncer cannot be run here"),
    arguments: ["record", "source"])
  func `Behind a pooler that shares server processes no run begins`(part: String) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let pooler = try Pooler(mode: "transaction", size: 3)
      defer { do { try pooler.stop() } catch {} }
      let conninfo =
        part == "record"
        ? pooler.conninfo(database: here.record.name, user: "yearbook")
        : pooler.conninfo(database: here.platform.name, user: "yearbook_reader")
      let (status, output) = try here.yearbook(
        ["run", "nightly"], environment: ["YEARBOOK_\(part.uppercased())=\(conninfo)"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("pool_mode = session"), "\(output)")
      #expect(try here.payload().isEmpty)
    }
  }

  @Test(.enabled(if: Pooler.absence == nil, "pgbouncer cannot be run here"))
  func `Behind a pooler that keeps sessions a run does all its work, and two exclude each other`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let pooler = try Pooler(mode: "session", size: 20)
      defer { do { try pooler.stop() } catch {} }
      let environment = [
        "YEARBOOK_RECORD=\(pooler.conninfo(database: here.record.name, user: "yearbook"))",
        "YEARBOOK_SOURCE="
          + pooler.conninfo(database: here.platform.name, user: "yearbook_reader"),
      ]
      let first = try here.yearbook(["run", "nightly"], environment: environment)
      #expect(first.status == 0 && first.output.contains("published rows acme"), "\(first.output)")
      let platform = try here.platform.connect()
      let run: RunningProgram = try platform.transaction {
        try platform.execute("LOCK TABLE app.\"user\" IN ACCESS EXCLUSIVE MODE")
        let run = try here.start(["run", "nightly"], environment: environment)
        #expect(
          try eventually {
            try !platform.query(
              "SELECT FROM pg_locks WHERE NOT granted AND relation = 'app.\"user\"'::regclass"
            ).isEmpty
          },
          "\(run.output)")
        let second = try here.yearbook(["run", "nightly"], environment: environment)
        #expect(second.status == 75, "\(second.output)")
        return run
      }
      let (status, output) = try run.wait()
      #expect(status == 0, "\(output)")
    }
  }
}

/// A process whose user id has no name, as in containers with arbitrary ids.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: geteuid() == 0, "only root can take another user id"),
  .enabled(if: Places.program("setpriv") != nil, "setpriv is not installed"),
  .enabled(if: getpwuid(1_000_360_000) == nil, "the user id has a name here"))
struct NamelessUserTests {
  private static let asNobody = [
    "env", "-u", "HOME", "-u", "USER", "-u", "LOGNAME", "-u", "PGUSER",
    Places.program("setpriv") ?? "setpriv", "--reuid=1000360000", "--regid=0", "--clear-groups",
    "--",
  ]

  @Test func `A connection without a user says which user id has no name, and what to set`() throws
  {
    try withTemporaryFolder { folder in
      chmod(folder, 0o777)
      let (status, output) = try Program.run(
        Self.asNobody + [Places.yearbook, "status"], in: folder,
        environment: ["YEARBOOK_RECORD=host=/tmp dbname=yearbook", "NO_COLOR=1"])
      #expect(status == 78, "\(output)")
      let lines = output.split(separator: "\n")
      #expect(
        lines.count { $0.contains("the user id 1000360000 of this process") } == 1, "\(output)")
      #expect(output.contains("PGUSER") && output.contains("user=NAME"), "\(output)")
    }
  }

  @Test func `The demo says why it cannot make its server`() throws {
    try withTemporaryFolder { folder in
      chmod(folder, 0o777)
      let (status, output) = try Program.run(
        Self.asNobody + [Places.yearbook, "demo", "--folder", "\(folder)/demo"],
        in: Places.project, environment: ["NO_COLOR=1"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("the user id 1000360000 of this process"), "\(output)")
      #expect(output.contains("/etc/passwd"), "\(output)")
    }
  }

  @Test func `With complete connection strings a run works without a name`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try withTemporaryFolder { folder in
        chmod(folder, 0o755)
        // A server whose socket everybody can reach; the tests' own lets only its user in.
        let server = try PrivateServer.start(
          in: "\(folder)/server",
          options: .init(
            isDurable: false,
            settings: ["unix_socket_permissions=0777", "max_connections=20", "shared_buffers=16MB"])
        )
        defer { do { try server.stop(.immediate) } catch {} }
        chmod(server.socketDirectory, 0o755)
        let copy = try Connection(server.conninfo())
        try copy.execute(Installation.text("docs/platform-schema.sql"))
        try copy.execute("SET client_min_messages = warning")
        try copy.execute(Installation.text("docs/platform-role.sql"))
        try copy.execute(
          """
          INSERT INTO app.tenant (slug, name, timezone, locale, currency, created)
          VALUES ('acme', 'acme', 'UTC', 'en', 'EUR', '2024-03-01');
          INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
          SELECT id, 'ana', 'A', 'B', 'x@example.org', 30, '2025-03-01' FROM app.tenant
          """)
        chmod(here.folder, 0o777)
        for name in ["pipelines", "templates"] {
          _ = try Program.run(["chmod", "-R", "a+rX", "\(here.folder)/\(name)"])
        }
        let (status, output) = try Program.run(
          Self.asNobody
            + [
              Places.yearbook, "run", "rows", "--period", "2025", "--pipelines",
              "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates",
            ], in: here.folder,
          environment: here.environment + [
            "YEARBOOK_SOURCE=\(server.conninfo()) user=yearbook_reader",
            "YEARBOOK_RECORD=\(server.conninfo()) user=yearbook",
            "PGPASSFILE=\(here.folder)/.pgpass",
          ])
        #expect(status == 0 && output.contains("1 published"), "\(output)")
      }
    }
  }
}
