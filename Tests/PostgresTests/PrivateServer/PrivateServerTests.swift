import Diagnostics
import FoundationEssentials
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct PrivateServerTests {
  private static let options = PrivateServer.Options(
    isDurable: false, settings: ["shared_buffers=16MB", "max_connections=20"])

  @Test func `A server keeps its data, and is found again after a crash`() throws {
    let parent = try TemporaryFolder()
    chmod(parent.path, 0o755)
    let folder = parent.path + "/server"
    let first = try PrivateServer.start(in: folder, options: Self.options)
    #expect(first.blockedBy == nil)
    #expect(first.dataDirectory == folder + "/data")
    #expect("\(first.socketDirectory)/.s.PGSQL.5432".utf8.count < 107)
    let session = try Connection(first.conninfo())
    try session.execute("CREATE TABLE t AS SELECT 7 AS n")
    // Without durability, a commit reaches the disk later.
    try session.execute("CHECKPOINT")
    #expect(try session.query("SHOW listen_addresses").only().values == [""])

    // The second user finds the server running. It stays when the first one stops using it.
    let second = try PrivateServer.start(in: folder, options: Self.options)
    #expect(second.pid == first.pid)
    #expect(second.conninfo() == first.conninfo())
    #expect(try !first.stop())
    #expect(try Connection(second.conninfo()).query("SELECT n FROM t").only().int("n") == 7)

    // As after a power cut: the server has ended, but its postmaster.pid still exists.
    kill(second.pid, SIGKILL)
    var status: Int32 = 0
    waitpid(second.pid, &status, 0)
    let third = try PrivateServer.start(in: folder, options: Self.options)
    #expect(third.pid != second.pid)
    #expect(try Connection(third.conninfo()).query("SELECT n FROM t").only().int("n") == 7)
    _ = try second.stop()
    #expect(try third.stop())
    #expect(access(third.socketDirectory, F_OK) != 0)
    #expect(throws: Diagnostic.self) { try Connection(third.conninfo()) }
    #expect(try PrivateServer.remove(folder))
    #expect(access(folder, F_OK) != 0)
  }

  @Test(.enabled(if: geteuid() == 0, "only root starts the server as another user"))
  func `For root, the cluster of a folder that postgres cannot enter is elsewhere`() throws {
    let closed = try TemporaryFolder()
    let folder = closed.path + "/demo/postgres"
    let server = try PrivateServer.start(in: folder, options: Self.options)
    #expect(server.blockedBy == closed.path)
    #expect(server.dataDirectory.hasPrefix("/var/tmp/yearbook-postgres-"))
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/data")
        == server.dataDirectory)
    try Connection(server.conninfo()).execute("CREATE TABLE t AS SELECT 7 AS n")
    try server.stop()
    let again = try PrivateServer.start(in: folder, options: Self.options)
    #expect(again.dataDirectory == server.dataDirectory)
    #expect(try Connection(again.conninfo()).query("SELECT n FROM t").only().int("n") == 7)
    try again.stop(.immediate)
    try PrivateServer.remove(folder)
    #expect(access(server.dataDirectory, F_OK) != 0)
  }

  @Test func `Users that start together share one server, and the last one ends it`() throws {
    let parent = try TemporaryFolder()
    chmod(parent.path, 0o755)
    let folder = parent.path + "/s"
    let seen = Mutex<[String]>([])
    let users = (0..<4).map { _ in
      Background {
        do {
          let server = try PrivateServer.start(in: folder, options: Self.options)
          let row = try Connection(server.conninfo()).query("SELECT 1 AS one").only()
          seen.withLock { $0.append("\(server.pid) \(row.values)") }
          try server.stop()
        } catch {
          seen.withLock { $0.append("\(error)") }
        }
      }
    }
    for user in users { user.join() }
    // A user that comes after the last one has ended starts a new server.
    #expect(seen.withLock { $0.allSatisfy { $0.hasSuffix("[Optional(\"1\")]") } })
    #expect(access(folder + "/data/postmaster.pid", F_OK) != 0)
  }

  @Test func `A server that is in use is not removed`() throws {
    let parent = try TemporaryFolder()
    chmod(parent.path, 0o755)
    let server = try PrivateServer.start(in: parent.path + "/s", options: Self.options)
    #expect(try !PrivateServer.remove(parent.path + "/s"))
    #expect(try Connection(server.conninfo()).query("SELECT 1 AS one").only().int("one") == 1)
    try server.stop()
    #expect(try PrivateServer.remove(parent.path + "/s"))
  }

  @Test func `A setting that the server refuses is a clear error`() throws {
    let parent = try TemporaryFolder()
    chmod(parent.path, 0o755)
    let folder = parent.path + "/s"
    #expect(
      throws: Diagnostic(
        .unavailable, "the private PostgreSQL server ended at once with status 1",
        hint: "see \(folder)/server.log")
    ) {
      try PrivateServer.start(
        in: folder, options: .init(isDurable: false, settings: ["no_such_setting=1"]))
    }
  }
}
