import Basics
import Diagnostics
import NIOPosix
import Postgres
import Synchronization

/// Sessions with the record, and the threads that wait for them. libpq blocks, so no call of it is
/// made on an event loop or in Swift's cooperative pool.
final class RecordPool: Sendable {
  /// The record does not answer, or too many wait for it.
  struct Unavailable: Error {}

  private let conninfo: String
  private let threads: NIOThreadPool
  private let free = FreeSessions()
  private let waiting = Atomic<Int>(0)
  private let mostWaiting: Int
  private let log: ServiceLog

  /// - Parameter sessions: how many there are at most, one for each thread.
  init(_ conninfo: String, sessions: Int, log: ServiceLog) {
    self.conninfo = conninfo
    self.log = log
    threads = NIOThreadPool(numberOfThreads: sessions)
    threads.start()
    mostWaiting = sessions * 256
  }

  /// Ends the threads and the sessions.
  func shutdown() async {
    do { try await threads.shutdownGracefully() } catch { log.line("threads did not end") }
    free.removeAll()
  }

  /// Calls `body` with a session, on a thread that can wait.
  ///
  /// - Parameter isRead: Whether it changes nothing: then it is tried again once if the session
  ///   turns out to be lost.
  func run<T: Sendable>(
    isRead: Bool = true, _ body: @escaping @Sendable (Connection) throws -> T
  ) async throws -> T {
    guard waiting.add(1, ordering: .relaxed).newValue <= mostWaiting else {
      waiting.subtract(1, ordering: .relaxed)
      throw Unavailable()
    }
    defer { waiting.subtract(1, ordering: .relaxed) }
    do {
      return try await threads.runIfActive { [self] in
        do {
          return try once(body)
        } catch let error as Diagnostic where isRead && error.isTransient {
          return try once(body)
        }
      }
    } catch let error as Diagnostic where error.isTransient || error.code == .unavailable {
      log.line("the record does not answer: \(error.message)")
      throw Unavailable()
    }
  }

  private func once<T>(_ body: (Connection) throws -> T) throws -> T {
    let session = try free.take() ?? open()
    // A session that broke, or stands in a transaction that failed, is not used again.
    defer { if session.isUsable { free.give(session) } }
    return try body(session)
  }

  private func open() throws -> Connection {
    try Connection(
      conninfo, application: "yearbook service",
      settings: SessionSettings(
        searchPath: ["pg_catalog", "pg_temp"], statementTimeout: 5000, lockTimeout: 3000),
      isWithPrimary: true)
  }
}

/// Sessions that nobody uses.
///
/// `@unchecked Sendable`: a session is used by the one who took it, and by nobody while it is here.
private final class FreeSessions: @unchecked Sendable {
  private let sessions = Locked<[Connection]>([])

  func take() -> Connection? {
    sessions.withLock { sessions in
      while let session = sessions.popLast() { if session.isUsable { return session } }
      return nil
    }
  }

  func give(_ session: Connection) { sessions.withLock { $0.append(session) } }

  func removeAll() { sessions.withLock { $0.removeAll() } }
}
