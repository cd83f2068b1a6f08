import CLibPQ
package import Diagnostics
import Glibc
import Synchronization

/// Finds out whether a pooler keeps a session on one server process.
///
/// Advisory locks, settings, prepared statements and notifications belong to a server process. In
/// PgBouncer's transaction and statement modes, a session gets any free process for each
/// transaction. Then a lock protects nothing, and is left to somebody else.
///
/// One session cannot tell: a pooler with little to do gives it the same process again. Two can, as
/// an idle one leaves its process to the other. What a pooler without a free process does, the test
/// cannot say: then nothing is refused.
enum SessionPooling {
  /// How many sessions with the record a run holds at once.
  static let sessionsOfRun = 8
  /// Seconds that a question waits for a free process of the pool.
  private static let patience = 5
  private static let rounds = 8
  /// Which process of which server answers: its id, and when its server started.
  fileprivate static let serverProcess = """
    SELECT pg_catalog.pg_backend_pid()::text || ' '
      || pg_catalog.pg_postmaster_start_time()::text AS process
    """
  /// Connection strings whose sessions are kept, by hash. A mistake costs one test too few.
  private static let proven = Mutex<Set<Int>>([])

  /// Throws `configuration` if sessions like this one share server processes. Asks once per
  /// connection string.
  static func require(for session: Connection) throws(Diagnostic) {
    let key = session.conninfo.hashValue
    if proven.withLock({ $0.contains(key) }) { return }
    try test(session)
    proven.withLock { _ = $0.insert(key) }
  }

  /// Throws `configuration` if sessions like this one share server processes.
  static func test(_ session: Connection) throws(Diagnostic) {
    let other: Connection
    do throws(Diagnostic) {
      other = try Connection(alone: session.conninfo, "yearbook pooling", nil)
    } catch {
      // The pool has no room for a second session, so it does not share the first one.
      if error.isTransient { return }
      throw error
    }
    var first: String?
    for _ in 1...rounds {
      let mine = try session.query(serverProcess).only().string("process")
      guard let others = try other.serverProcess(within: patience) else { return }
      guard mine == first ?? mine, mine != others else { throw shared(session) }
      first = mine
    }
  }

  private static func shared(_ session: Connection) -> Diagnostic {
    Diagnostic(
      .configuration,
      "a connection pooler gives each transaction another server process"
        + " (\(session.target)): locks, settings and prepared statements would be lost",
      hint: "connect to PostgreSQL itself, or set pool_mode = session for this database or user in"
        + " PgBouncer, with pool_size of at least \(sessionsOfRun) for each run")
  }
}

extension Connection {
  /// Which process of which server answers; `nil` if nothing comes within these seconds.
  fileprivate func serverProcess(within seconds: Int) throws(Diagnostic) -> String? {
    guard PQsendQuery(handle, SessionPooling.serverProcess) == 1 else { throw lost() }
    let end = ContinuousClock.now + .seconds(seconds)
    while PQisBusy(handle) == 1 {
      let rest = (end - ContinuousClock.now) / .milliseconds(1)
      guard rest > 0 else { return nil }
      var watched = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
      _ = poll(&watched, 1, Int32(clamping: Int(rest.rounded(.up))))
      guard PQconsumeInput(handle) == 1 else { throw lost() }
    }
    let rows = Rows(try check(PQgetResult(handle), expecting: [PGRES_TUPLES_OK]))
    drainResults()
    return try rows.only().string("process")
  }

  /// How the session reaches its server process: itself, or by way of a pooler that keeps it.
  ///
  /// - Throws: `.configuration` if a pooler does not keep it.
  package func pooling() throws(Diagnostic) -> String {
    guard isPooled else { return "a server process of its own" }
    try SessionPooling.test(self)
    return "a pooler that keeps a server process for each session"
  }
}
