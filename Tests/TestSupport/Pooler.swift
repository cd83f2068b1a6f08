import FoundationEssentials
import Glibc
import Postgres

/// A PgBouncer of a test's own, before the tests' PostgreSQL.
package final class Pooler {
  /// The folder of its Unix socket.
  package let folder: String
  private let scratch: TemporaryFolder
  private let process: RunningProgram

  /// Why tests with a pooler are skipped; `nil` if they can run.
  package static let absence: String? =
    program == nil
    ? "pgbouncer is not installed"
    : geteuid() == 0 && setpriv == nil
      ? "pgbouncer refuses to run as root, and setpriv is missing" : nil

  private static let program = Places.program("pgbouncer") ?? executable("/usr/sbin/pgbouncer")
  private static let setpriv = Places.program("setpriv")

  private static func executable(_ path: String) -> String? { access(path, X_OK) == 0 ? path : nil }

  /// Starts one. Roles have no passwords.
  ///
  /// - Parameters:
  ///   - mode: `session`, `transaction` or `statement`.
  ///   - settings: more settings, each as `name = value`.
  package init(mode: String, size: Int, settings: [String] = []) throws {
    scratch = try TemporaryFolder()
    folder = scratch.path
    let server = try TestServer.conninfo()
    let host = server.split(separator: " ").first { $0.hasPrefix("host=") } ?? ""
    let users = ["postgres", "yearbook", "yearbook_reader"].map { "\"\($0)\" \"\"\n" }.joined()
    try Data(users.utf8).write(to: URL(filePath: "\(folder)/users"))
    let lines =
      [
        "[databases]", "* = \(host) port=5432", "[pgbouncer]", "auth_type = trust",
        "auth_file = \(folder)/users", "unix_socket_dir = \(folder)", "listen_port = 6432",
        "logfile = \(folder)/log", "pool_mode = \(mode)", "default_pool_size = \(size)",
      ] + settings
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/pgbouncer.ini"))
    var command = [Self.program ?? "pgbouncer", "\(folder)/pgbouncer.ini"]
    if geteuid() == 0 {
      // Its user is PostgreSQL's, who alone can reach the server's socket.
      chmod(folder, 0o755)
      guard let entry = getpwnam("postgres") else { throw POSIXFailure(ENOENT) }
      chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid)
      command =
        [
          Self.setpriv ?? "setpriv", "--reuid=\(entry.pointee.pw_uid)",
          "--regid=\(entry.pointee.pw_gid)", "--clear-groups", "--",
        ] + command
    }
    process = try RunningProgram(command)
    guard eventually({ access("\(folder)/.s.PGSQL.6432", F_OK) == 0 }) else {
      throw POSIXFailure(ETIMEDOUT)
    }
  }

  /// A connection string for a database and a role, by way of the pooler.
  package func conninfo(database: String, user: String = "postgres") -> String {
    "host=\(folder) port=6432 dbname=\(database) user=\(user)"
  }

  /// Ends it.
  package func stop() throws {
    // A thread of the tests can block SIGTERM, and its programs then do too.
    process.send(SIGKILL)
    try process.wait()
  }
}
