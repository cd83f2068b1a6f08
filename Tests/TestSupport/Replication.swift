import FoundationEssentials
import Glibc
package import Postgres

/// A primary and a hot standby that follows it, both a test's own.
package final class Replication {
  package let primary: PrivateServer
  package let standby: PrivateServer
  private let scratch: TemporaryFolder

  /// Why tests with a standby are skipped; `nil` if they can run.
  package static let absence: String? =
    basebackup == nil ? "pg_basebackup is not installed" : nil

  private static let basebackup = Places.program("pg_basebackup")

  /// Starts both. The standby ends statements at once that are in the way of the primary's changes.
  package init() throws {
    scratch = try TemporaryFolder()
    let (first, second) = ("\(scratch.path)/primary", "\(scratch.path)/standby")
    let settings = ["max_connections=60", "shared_buffers=16MB", "jit=off", "autovacuum=off"]
    primary = try PrivateServer.start(
      in: first, options: .init(isDurable: false, settings: settings))
    try FileManager.default.createDirectory(
      atPath: second, withIntermediateDirectories: true)
    if geteuid() == 0 {
      // The server's user must reach its data.
      for folder in [scratch.path, second] { chmod(folder, 0o755) }
    }
    let data = "\(second)/data"
    let status = try Program.run(
      [
        Self.basebackup ?? "pg_basebackup", "--pgdata=\(data)", "--host=\(primary.socketDirectory)",
        "--port=5432", "--username=postgres", "--write-recovery-conf", "--wal-method=stream",
        "--checkpoint=fast", "--no-sync",
      ], in: scratch.path)
    guard status.status == 0 else { throw POSIXFailure(EIO) }
    if geteuid() == 0 { _ = try Program.run(["/bin/chown", "-R", "postgres:", data]) }
    standby = try PrivateServer.start(
      in: second,
      options: .init(
        isDurable: false,
        settings: settings + ["max_standby_streaming_delay=0", "hot_standby_feedback=off"]))
  }

  /// A connection string that names the standby first, then the primary.
  package func conninfo(database: String, user: String, wanted: String = "prefer-standby") -> String
  {
    "host=\(standby.socketDirectory),\(primary.socketDirectory) port=5432 user=\(user)"
      + " dbname=\(database) target_session_attrs=\(wanted)"
  }

  /// Waits until the standby has replayed what the primary has written.
  package func catchUp() throws {
    let written = try Connection(primary.conninfo()).query(
      "SELECT pg_current_wal_lsn()::text AS lsn"
    ).only().string("lsn")
    let follower = try Connection(standby.conninfo())
    guard
      eventually({
        do {
          return try follower.query(
            "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS is_there", [written]
          ).only().bool("is_there")
        } catch { return false }
      })
    else { throw POSIXFailure(ETIMEDOUT) }
  }

  /// Ends both.
  package func stop() throws {
    try standby.stop(.immediate)
    try primary.stop(.immediate)
  }
}
