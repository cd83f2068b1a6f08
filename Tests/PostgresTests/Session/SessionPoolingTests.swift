import Diagnostics
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: Pooler.absence == nil, "pgbouncer cannot be run here"))
struct SessionPoolingTests {
  @Test(arguments: [("transaction", 1), ("transaction", 3), ("statement", 2)])
  func `A pooler that shares server processes is refused`(mode: String, size: Int) throws {
    let database = try TestDatabase()
    let pooler = try Pooler(mode: mode, size: size)
    defer { do { try pooler.stop() } catch {} }
    for _ in 1...2 {
      let error = try #require(throws: Diagnostic.self) {
        try Connection(pooler.conninfo(database: database.name))
      }
      #expect(error.code == .configuration && !error.isTransient, "\(error)")
      #expect(error.hint?.contains("pool_mode = session") == true, "\(error.hint ?? "")")
    }
  }

  @Test func `A pooler that shares server processes in turn is refused`() throws {
    let database = try TestDatabase()
    let pooler = try Pooler(mode: "transaction", size: 4, settings: ["server_round_robin = 1"])
    defer { do { try pooler.stop() } catch {} }
    #expect(throws: Diagnostic.self) {
      try Connection(pooler.conninfo(database: database.name))
    }
  }

  @Test func `A pooler that keeps a server process for each session works`() throws {
    let database = try TestDatabase()
    let pooler = try Pooler(mode: "session", size: 4)
    defer { do { try pooler.stop() } catch {} }
    let first = try Connection(pooler.conninfo(database: database.name))
    let second = try Connection(pooler.conninfo(database: database.name))
    #expect(try first.tryLock(AdvisoryKey(["one"])))
    #expect(try !second.tryLock(AdvisoryKey(["one"])))
    #expect(try first.pooling().contains("pooler"))
    #expect(try database.connect().pooling() == "a server process of its own")
  }

  @Test func `A pool with room for one session is used, as it cannot share it`() throws {
    let database = try TestDatabase()
    let pooler = try Pooler(mode: "session", size: 1)
    defer { do { try pooler.stop() } catch {} }
    let only = try Connection(pooler.conninfo(database: database.name))
    #expect(try only.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `What a pooler says of its own limits is waited for, and its refusals are explained`()
    throws
  {
    let database = try TestDatabase()
    let pooler = try Pooler(mode: "session", size: 4, settings: ["max_client_conn = 2"])
    defer { do { try pooler.stop() } catch {} }
    let conninfo = pooler.conninfo(database: database.name)
    let options = try #require(throws: Diagnostic.self) {
      try Connection("\(conninfo) options='-c search_path=app'")
    }
    #expect(options.code == .configuration && !options.isTransient, "\(options)")
    #expect(options.hint?.contains("ignore_startup_parameters") == true, "\(options.hint ?? "")")
    let stranger = try #require(throws: Diagnostic.self) {
      try Connection(pooler.conninfo(database: database.name, user: "stranger"))
    }
    #expect(stranger.code == .configuration && !stranger.isTransient, "\(stranger)")
    let sessions = [try Connection(conninfo), try Connection(conninfo)]
    let full = try #require(throws: Diagnostic.self) { try Connection(conninfo) }
    #expect(full.isTransient && full.code == .unavailable, "\(full)")
    withExtendedLifetime(sessions) {}
  }
}
