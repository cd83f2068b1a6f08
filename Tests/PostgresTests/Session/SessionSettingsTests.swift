import Diagnostics
import Glibc
import Postgres
import TestSupport
import Testing

/// What a role, a database or a server sets for every session changes nothing here.
@Suite struct SessionSettingsTests {
  private func database(_ settings: [String]) throws -> TestDatabase {
    let database = try TestDatabase()
    let admin = try database.connect()
    for setting in settings {
      try admin.execute("ALTER DATABASE \(database.name) SET \(setting)")
    }
    return database
  }

  @Test func `Time limits of the database do not end a session that only waits`() throws {
    let database = try database([
      "idle_in_transaction_session_timeout = '100ms'", "statement_timeout = '200ms'",
    ])
    let admin = try database.connect()
    if admin.serverVersion >= 140_000 {
      try admin.execute("ALTER DATABASE \(database.name) SET idle_session_timeout = '100ms'")
    }
    if admin.serverVersion >= 170_000 {
      try admin.execute("ALTER DATABASE \(database.name) SET transaction_timeout = '100ms'")
    }
    let holder = try database.connect()
    #expect(try holder.tryLock(AdvisoryKey(["kept"])))
    let reader = try database.connect()
    try reader.transaction {
      try reader.query("SELECT 1")
      usleep(400_000)
      try reader.query("SELECT pg_sleep(0.4)")
    }
    #expect(try !reader.tryLock(AdvisoryKey(["kept"])))
    try holder.unlock(AdvisoryKey(["kept"]))
    let told = try reader.inheritedLimits()
    #expect(told.contains("idle_in_transaction_session_timeout 100 ms"), "\(told)")
    #expect(told.contains("statement_timeout 200 ms"), "\(told)")
    #expect(try TestDatabase().connect().inheritedLimits() == "no time limits")
  }

  @Test(arguments: [
    ("idle_in_transaction_session_timeout", "25P03", 0, "BEGIN"),
    ("idle_session_timeout", "57P05", 140_000, "SELECT 1"),
    ("transaction_timeout", "25P04", 170_000, "BEGIN"),
  ])
  func `A session that a time limit ended is opened again`(
    setting: String, state: String, version: Int, first: String
  ) throws {
    let connection = try TestDatabase().connect()
    if connection.serverVersion < version { return }
    try connection.execute("SET \(setting) = '50ms'")
    try connection.execute(first)
    usleep(300_000)
    let error = try #require(throws: Diagnostic.self) { try connection.execute("SELECT 1") }
    // What came before the statement was sent is in libpq's message alone, without its state.
    #expect([state, nil].contains((error.underlying as? PostgresError)?.sqlState), "\(error)")
    #expect(error.isTransient && error.code == .unavailable)
    #expect(!connection.isOpen)
  }

  @Test func `Settings of the database do not change what a statement means`() throws {
    let database = try database([
      "array_nulls = off", "transform_null_equals = on", "quote_all_identifiers = on",
      "bytea_output = 'escape'", "timezone_abbreviations = 'Australia'", "row_security = on",
      "gin_fuzzy_search_limit = 3", "default_transaction_isolation = 'serializable'",
      "default_transaction_read_only = on", "search_path = 'nowhere'",
    ])
    let row = try database.connect().query(
      """
      SELECT ($1::text[])[1] IS NULL AS array_null, (NULL = NULL) IS NULL AS null_equals,
        format_type('timestamptz'::regtype, NULL) AS type, 'pg_class'::regclass::text AS name,
        '\\x00ff'::bytea::text AS bytes, '2026-01-01 12:00 EST'::timestamptz::text AS moment,
        current_setting('gin_fuzzy_search_limit') AS fuzzy,
        current_setting('row_security') AS security,
        current_setting('transaction_isolation') AS isolation
      """, [Quoting.array([nil])]
    ).only()
    #expect(
      row.values == [
        "t", "t", "timestamp with time zone", "pg_class", "\\x00ff", "2026-01-01 17:00:00+00", "0",
        "off", "read committed",
      ])
  }

  @Test func `A session that a failover made read-only is opened again`() throws {
    let connection = try TestDatabase().connect()
    try connection.execute("SET default_transaction_read_only = on")
    let error = try #require(throws: Diagnostic.self) {
      try connection.execute("CREATE TABLE t ()")
    }
    #expect((error.underlying as? PostgresError)?.sqlState == "25006")
    #expect(error.isTransient && error.code == .unavailable)
    #expect(error.hint?.contains("target_session_attrs=read-write") == true)
  }

  @Test(arguments: [
    ("53400", false, Diagnostic.Code.configuration), ("72000", true, .unavailable),
    ("40001", true, .unavailable), ("40P01", true, .unavailable), ("57P04", false, .unavailable),
    ("25P03", true, .unavailable), ("HV00N", true, .unavailable),
    ("08006", true, .unavailable), ("57P02", true, .unavailable),
  ])
  func `An error's state says whether it passes`(
    state: String, isTransient: Bool, code: Diagnostic.Code
  ) throws {
    let connection = try TestDatabase().connect()
    let error = try #require(throws: Diagnostic.self) {
      try connection.execute(
        "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '\(state)', MESSAGE = 'não foi possível'; END $$"
      )
    }
    #expect((error.underlying as? PostgresError)?.sqlState == state)
    #expect(error.isTransient == isTransient)
    #expect(error.code == code)
  }
}
