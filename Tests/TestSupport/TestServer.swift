import FoundationEssentials
import Glibc
package import Postgres
import Synchronization

/// The private PostgreSQL server of a test process. It is started for the first database that a
/// test needs and stopped when the process ends. The next test process cleans up after a killed
/// one.
package enum TestServer {
  private static let prefix = "yearbook-tests-"
  private static let server = Mutex<PrivateServer?>(nil)
  private static let counter = Atomic<Int>(0)

  /// A superuser's connection string for one of the server's databases.
  package static func conninfo(database: String = "postgres") throws -> String {
    try server.withLock { server in
      if let server { return server.conninfo(database: database) }
      try clearAbandoned()
      let options = PrivateServer.Options(
        isDurable: false, settings: ["max_connections=200", "shared_buffers=32MB", "jit=off"])
      let started = try PrivateServer.start(in: "/tmp/\(prefix)\(getpid())", options: options)
      server = started
      atexit { TestServer.stop() }
      return started.conninfo(database: database)
    }
  }

  /// A name for a database that no other test of this process uses.
  static func freshName() -> String {
    "test_\(counter.add(1, ordering: .relaxed).newValue)"
  }

  private static func stop() {
    server.withLock { server in
      guard let running = server else { return }
      server = nil
      let directory = running.directory
      do {
        try running.stop(.immediate)
        try PrivateServer.remove(directory)
      } catch {
        print("cannot stop the tests' PostgreSQL: \(error)")
      }
    }
  }

  private static func clearAbandoned() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: "/tmp") {
      guard name.hasPrefix(prefix), let owner = pid_t(name.dropFirst(prefix.count)),
        kill(owner, 0) != 0, errno == ESRCH
      else { continue }
      try PrivateServer.remove("/tmp/" + name)
    }
  }
}

/// A new, empty database on the tests' server. It stays until the process ends, so that a test can
/// release it while its connections are open.
package struct TestDatabase: Sendable {
  package let name: String
  package let conninfo: String

  package init() throws {
    name = TestServer.freshName()
    conninfo = try TestServer.conninfo(database: name)
    let admin = try Connection(try TestServer.conninfo(), application: "tests")
    try admin.execute("CREATE DATABASE \(name) TEMPLATE template0")
  }

  /// A new session in this database.
  package func connect(settings: SessionSettings = SessionSettings()) throws -> Connection {
    try Connection(conninfo, application: "tests", settings: settings)
  }

  /// Ends the sessions and drops the database now.
  package func drop() throws {
    let admin = try Connection(try TestServer.conninfo(), application: "tests")
    try admin.execute("DROP DATABASE \(name) WITH (FORCE)")
  }
}

/// Runs `body` with the connection string of a new, empty database, which is dropped afterwards.
package func withDatabase<T>(_ body: (_ conninfo: String) throws -> T) throws -> T {
  let database = try TestDatabase()
  let value: T
  do {
    value = try body(database.conninfo)
  } catch {
    try database.drop()
    throw error
  }
  try database.drop()
  return value
}
