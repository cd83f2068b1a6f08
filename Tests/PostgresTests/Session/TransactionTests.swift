import Diagnostics
import Postgres
import TestSupport
import Testing

@Suite struct TransactionTests {
  struct Broken: Error, Equatable {}

  @Test func `A body that throws is rolled back, one that returns is committed`() throws {
    let connection = try TestDatabase().connect()
    try connection.execute("CREATE TABLE t (id int)")
    #expect(throws: Broken()) {
      try connection.transaction {
        try connection.execute("INSERT INTO t VALUES (1)")
        throw Broken()
      }
    }
    let value = try connection.transaction(.serializable) {
      try connection.execute("INSERT INTO t VALUES (2)")
      #expect(throws: Broken()) {
        try connection.savepoint {
          try connection.execute("INSERT INTO t VALUES (3)")
          throw Broken()
        }
      }
      return "done"
    }
    #expect(value == "done")
    #expect(try connection.query("SELECT id FROM t").only().int("id") == 2)
  }

  @Test func `A statement's error undoes only its savepoint`() throws {
    let connection = try TestDatabase().connect()
    try connection.transaction(.readOnlySnapshot) {
      #expect(throws: Diagnostic.self) {
        try connection.savepoint { try connection.query("SELECT 1 / 0") }
      }
      let one = try connection.query("SELECT 1 AS one").only().int("one")
      #expect(one == 1)
      #expect(throws: Diagnostic.self) {
        try connection.savepoint { try connection.execute("CREATE TABLE no ()") }
      }
    }
  }

  @Test func `A transaction that continues after a failed statement is refused`() throws {
    let connection = try TestDatabase().connect()
    #expect(throws: Diagnostic(.bug, "a transaction continued after a failed statement")) {
      try connection.transaction {
        #expect(throws: Diagnostic.self) { try connection.query("SELECT 1 / 0") }
      }
    }
    #expect(throws: Diagnostic(.bug, "a transaction was started inside another transaction")) {
      try connection.transaction { try connection.transaction {} }
    }
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `Sessions that share a snapshot see one moment`() throws {
    let database = try TestDatabase()
    let (first, second, writer) = (
      try database.connect(), try database.connect(), try database.connect()
    )
    try writer.execute("CREATE TABLE t (id int)")
    try first.transaction(.readOnlySnapshot) {
      let snapshot = try first.exportSnapshot()
      try writer.execute("INSERT INTO t VALUES (1)")
      try second.transaction(.importedSnapshot(snapshot)) {
        let count = try second.query("SELECT count(*) AS n FROM t").only().int("n")
        #expect(count == 0)
      }
      #expect(try first.query("SELECT count(*) AS n FROM t").only().int("n") == 0)
    }
    #expect(try second.query("SELECT count(*) AS n FROM t").only().int("n") == 1)
    #expect(throws: Diagnostic.self) { try second.transaction(.importedSnapshot("'; --")) {} }
    #expect(try second.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `A conflict with another session is a transient failure`() throws {
    let database = try TestDatabase()
    let (first, second) = (try database.connect(), try database.connect())
    try first.execute("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 0)")
    let error = #expect(throws: Diagnostic.self) {
      try first.transaction(.serializable) {
        try first.query("SELECT * FROM t")
        try second.execute("UPDATE t SET n = 1")
        try first.execute("UPDATE t SET n = 2")
      }
    }
    #expect((error?.underlying as? PostgresError)?.sqlState == "40001")
    #expect(error?.isTransient == true)
  }

  @Test func `A lock ends with the session that held it`() throws {
    let database = try TestDatabase()
    let key = AdvisoryKey(["partition", "acme", "2026"])
    #expect(key != AdvisoryKey(["partition", "acme2026", ""]))
    var holder: Connection? = try database.connect()
    let other = try database.connect(settings: SessionSettings(lockTimeout: 30))
    #expect(try holder?.tryLock(key) == true)
    #expect(try !other.tryLock(key))
    #expect(
      throws: Diagnostic(
        .busy, "PostgreSQL: canceling statement due to lock timeout (SQLSTATE 55P03)")
    ) { try other.lock(key) }
    #expect(throws: Diagnostic(.bug, "a session released an advisory lock that it did not hold")) {
      try other.unlock(key)
    }
    holder = nil
    let patient = try database.connect(settings: SessionSettings(lockTimeout: 20_000))
    try patient.lock(key)
    try patient.unlock(key)
    #expect(try other.tryLock(key))
  }
}
