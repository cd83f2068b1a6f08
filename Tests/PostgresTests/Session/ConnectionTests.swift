import Diagnostics
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct ConnectionTests {
  @Test func `Values come back by name and type`() throws {
    let connection = try TestDatabase().connect()
    let row = try connection.query(
      "SELECT $1::int AS number, $2 AS word, $3::text AS nothing, true AS yes",
      ["7", "ação", nil]
    ).only()
    #expect(try row.int("number") == 7)
    #expect(try row.string("word") == "ação")
    #expect(try row.optionalString("nothing") == nil)
    #expect(try row.bool("yes"))
    #expect(row.values == ["7", "ação", nil, "t"])
    #expect(
      throws: Diagnostic(.bug, "a statement's column “nothing” is NULL where a value was expected")
    ) { try row.string("nothing") }
    #expect(throws: Diagnostic(.bug, "a statement's result has no column “missing”")) {
      try row.int("missing")
    }
    #expect(throws: Diagnostic(.bug, "a statement's column “word” is not an integer")) {
      try row.int("word")
    }
  }

  @Test func `Work goes on while the server answers, and an error leaves the session usable`()
    throws
  {
    let database = try TestDatabase()
    let (connection, other) = (try database.connect(), try database.connect())
    try other.execute("SELECT pg_advisory_lock(7)")
    // The statement waits for a lock that only what is done meanwhile gives back.
    let (rows, made) = try connection.queryPrepared(
      "SELECT pg_advisory_lock_shared(7), $1::int AS number", ["5"]
    ) { (try? other.execute("SELECT pg_advisory_unlock(7)")) ?? 0 }
    #expect(try rows.only().int("number") == 5 && made == 1)
    var isCalled = false
    let error = #expect(throws: Diagnostic.self) {
      try connection.queryPrepared("SELECT 1 / $1::int AS number", ["0"]) { isCalled = true }
    }
    #expect(error?.message.contains("division by zero") == true && isCalled)
    #expect(try connection.queryPrepared("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `An array of any words arrives unchanged, also in a prepared statement`() throws {
    let connection = try TestDatabase().connect()
    let words: [String?] = [
      "plain", "", nil, "NULL", "a,b", "{}", "\"quoted\"", "back\\slash", "'", "new\nline",
      "ação 🎉",
    ]
    for _ in 1...2 {
      let rows = try connection.queryPrepared(
        "SELECT word FROM unnest($1::text[]) WITH ORDINALITY AS u (word, place) ORDER BY place",
        [Quoting.array(words)])
      #expect(try rows.map { try $0.optionalString("word") } == words)
    }
    #expect(
      try connection.queryPrepared("SELECT $1::text[] = '{}' AS empty", [Quoting.array([])])
        .only().bool("empty"))
  }

  @Test func `A session prints values in the same way for all defaults of the database`() throws {
    let database = try TestDatabase()
    try database.connect().execute(
      """
      ALTER DATABASE \(database.name) SET TimeZone = 'Asia/Tokyo';
      ALTER DATABASE \(database.name) SET DateStyle = 'German';
      ALTER DATABASE \(database.name) SET IntervalStyle = 'postgres_verbose';
      ALTER DATABASE \(database.name) SET extra_float_digits = -5;
      ALTER DATABASE \(database.name) SET standard_conforming_strings = off;
      CREATE SCHEMA app;
      CREATE TABLE app.thing();
      """)
    let settings = SessionSettings(
      searchPath: ["app"], statementTimeout: 60_000, lockTimeout: 1000, isReadOnly: true)
    let row = try database.connect(settings: settings).query(
      """
      SELECT '2026-03-04 05:06:07.5+00'::timestamptz AS at, '1 day 02:00'::interval AS length,
        0.1::float8 + 0.2::float8 AS sum, 'thing'::regclass AS found,
        current_setting('statement_timeout') AS timeout
      """
    ).only()
    #expect(
      row.values == ["2026-03-04 05:06:07.5+00", "P1DT2H", "0.30000000000000004", "thing", "1min"])
    let readOnly = try database.connect(settings: settings)
    let error = #expect(throws: Diagnostic.self) { try readOnly.execute("CREATE TABLE app.no()") }
    #expect((error?.underlying as? PostgresError)?.sqlState == "25006")
    #expect(error?.code == .configuration)
  }

  @Test func `A statement's error has its state and place, and no data`() throws {
    let connection = try TestDatabase().connect()
    try connection.execute("CREATE TABLE t (a int PRIMARY KEY, b text)")
    try connection.execute("INSERT INTO t VALUES (1, 'secret')")

    #expect(
      throws: Diagnostic(
        .configuration, "PostgreSQL: column \"c\" does not exist (SQLSTATE 42703)")
    ) { try connection.query("SELECT c FROM t") }
    let missing = #expect(throws: Diagnostic.self) { try connection.query("SELECT ção FROM t") }
    #expect((missing?.underlying as? PostgresError)?.position == 8)
    #expect(
      throws: Diagnostic(
        .data,
        "PostgreSQL: duplicate key value violates unique constraint \"t_pkey\" (SQLSTATE 23505)")
    ) { try connection.execute("INSERT INTO t VALUES (1, 'other')") }
    #expect(
      throws: Diagnostic(
        .data, "PostgreSQL: invalid input syntax for type integer: \"…\" (SQLSTATE 22P02)")
    ) { try connection.query("SELECT b::int FROM t") }
    #expect(throws: Diagnostic(.configuration, "the statement is empty")) {
      try connection.query(" -- nothing\n")
    }
    #expect(throws: Diagnostic(.data, "a text for PostgreSQL contains a NUL character")) {
      try connection.query("SELECT $1", ["a\0b"])
    }
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `An unreachable server is named without its password`() throws {
    let error = #expect(throws: Diagnostic.self) {
      try Connection("postgresql://ana:s3cr%40t@127.0.0.1:1/sales?connect_timeout=2")
    }
    #expect(
      error
        == Diagnostic(
          .unavailable,
          """
          cannot connect to PostgreSQL (host 127.0.0.1, port 1, database sales, user ana): \
          connection to server at "127.0.0.1", port 1 failed: Connection refused \
          Is the server running on that host and accepting TCP/IP connections?
          """,
          hint: "check that PostgreSQL runs there and that the host and the port are correct",
          isTransient: true))
  }

  @Test func `A missing database is not a transient failure`() throws {
    let conninfo = try TestServer.conninfo(database: "absent")
    let error = #expect(throws: Diagnostic.self) { try Connection(conninfo + " password=hush") }
    #expect(error?.code == .configuration)
    #expect(error?.isTransient == false)
    #expect(error?.message.contains("database \"absent\" does not exist") == true)
    #expect(error?.message.contains("hush") == false)
  }

  @Test(arguments: ["postgresql://ana:pass%zzword@host/x", "host=x passwrod=secret", "a=b\0c"])
  func `A malformed connection string is not repeated`(conninfo: String) throws {
    let error = #expect(throws: Diagnostic.self) { try Connection(conninfo) }
    #expect(error?.code == .configuration)
    #expect(error?.message == "the connection string is malformed")
  }

  @Test func `A statement is interrupted from another thread`() throws {
    let connection = try TestDatabase().connect()
    let token = connection.cancelToken
    let isOver = Atomic<Bool>(false)
    let thread = Background {
      // Before the statement runs, a cancel request has no effect.
      while !isOver.load(ordering: .relaxed) {
        token.cancel()
        usleep(20_000)
      }
    }
    #expect(throws: Diagnostic(.interrupted, "the statement was cancelled")) {
      try connection.query("SELECT pg_sleep(60)")
    }
    isOver.store(true, ordering: .relaxed)
    thread.join()
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `A statement that takes too long is ended by the server`() throws {
    let connection = try TestDatabase().connect(settings: SessionSettings(statementTimeout: 50))
    #expect(
      throws: Diagnostic(
        .unavailable,
        "PostgreSQL: canceling statement due to statement timeout (SQLSTATE 57014)",
        hint: "the statement took longer than the session's statement_timeout")
    ) { try connection.query("SELECT pg_sleep(60)") }
  }

  @Test func `A lost session is a transient failure`() throws {
    let database = try TestDatabase()
    let connection = try database.connect()
    let pid = try connection.query("SELECT pg_backend_pid() AS pid").only().int("pid")
    try database.connect().query("SELECT pg_terminate_backend($1, 10000)", [String(pid)])
    let error = #expect(throws: Diagnostic.self) { try connection.query("SELECT 1") }
    #expect(error?.code == .unavailable)
    #expect(error?.isTransient == true)
    #expect(!connection.isOpen)
    // Writing to the closed socket does not raise SIGPIPE.
    #expect(throws: Diagnostic.self) { try connection.execute("SELECT 1") }
  }

  @Test func `Notices go to the closure and nowhere else`() throws {
    let connection = try TestDatabase().connect()
    var notices: [String] = []
    connection.onNotice = { notices.append($0.message) }
    try connection.execute("DO $$ BEGIN RAISE WARNING 'look out'; RAISE NOTICE 'psst'; END $$")
    #expect(notices == ["look out"])
  }

  @Test(arguments: ["plain", "it's", "back\\slash", "“quoted” \"twice\"", "çã🙂", ""])
  func `Quoted text is read back unchanged`(text: String) throws {
    let connection = try TestDatabase().connect()
    for conforming in ["on", "off"] {
      try connection.execute("SET standard_conforming_strings = \(conforming)")
      let row = try connection.query("SELECT \(Quoting.literal(text)) AS text").only()
      #expect(try row.string("text") == text)
    }
    if !text.isEmpty {
      let rows = try connection.query("SELECT 1 AS \(Quoting.identifier(text))")
      #expect(rows.names == [text])
    }
  }

  @Test func `A statement is described without being run`() throws {
    let connection = try TestDatabase().connect()
    try connection.execute(
      "CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN name_of AS varchar(9);"
        + " CREATE TABLE t (a char(3), b name_of, c mood)")
    let columns = try connection.describe(
      "SELECT a, b, c, now() AS d, 1.5 AS e, 1/(SELECT 0) AS f FROM t")
    #expect(columns.map(\.name) == ["a", "b", "c", "d", "e", "f"])
    #expect(
      columns.map(\.typeName) == ["char", "varchar", "mood", "timestamptz", "numeric", "integer"])
    #expect(try connection.describe("INSERT INTO t DEFAULT VALUES") == [])
    for two in ["SELECT 1; SELECT 2", "SELECT 1 /* ; */; DROP TABLE t"] {
      #expect(
        throws: Diagnostic(
          .configuration,
          "PostgreSQL: cannot insert multiple commands into a prepared statement (SQLSTATE 42601)")
      ) { try connection.describe(two) }
    }
    #expect(
      throws: Diagnostic(
        .configuration, "the statement has parameters ($1), but no parameters are given here")
    ) { try connection.describe("SELECT $1::int") }
  }

  @Test func `The server's version is known`() throws {
    #expect(try TestDatabase().connect().serverVersion >= 130000)
  }
}
