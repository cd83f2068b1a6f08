import Diagnostics
import FoundationEssentials
import Glibc

/// Creates a cluster if there is none and starts its server.
struct ServerLaunch {
  var place: ServerPlace
  var user: ServerUser
  var directory: String
  var options: PrivateServer.Options

  private var data: String { place.data }

  func run() throws(Diagnostic) -> (child: ChildProcess, socketDirectory: String) {
    let log = open(
      directory + "/server.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else {
      throw Diagnostic(
        .io, "cannot write \(directory)/server.log: \(String(cString: strerror(errno)))")
    }
    defer { close(log) }
    let version = FileManager.default.contents(atPath: data + "/PG_VERSION").map { bytes in
      String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
    let programs = try ServerPrograms.find(dataVersion: version)
    if version == nil { try makeCluster(programs, log: log) }
    removeStale()
    return try startServer(programs, log: log)
  }

  /// Runs initdb in a folder beside the final one and renames that when it is complete. So a killed
  /// initdb leaves no incomplete cluster under the final name.
  private func makeCluster(_ programs: ServerPrograms, log: Int32) throws(Diagnostic) {
    try user.requireName()
    let new = data + ".new"
    for leftover in [new, data] where access(leftover, F_OK) == 0 {
      do {
        try FileManager.default.removeItem(atPath: leftover)
      } catch {
        throw Diagnostic(.io, "cannot remove \(leftover)", underlying: error)
      }
    }
    guard mkdir(new, 0o700) == 0, chown(new, user.id, user.group) == 0 else {
      throw Diagnostic(.io, "cannot create \(new): \(String(cString: strerror(errno)))")
    }
    var arguments =
      user.prefix + [
        programs.initdb, "--pgdata=\(new)", "--username=postgres", "--encoding=UTF8",
        "--locale=C", "--auth-local=trust", "--auth-host=reject",
      ]
    if !options.isDurable { arguments.append("--no-sync") }
    guard try ChildProcess(arguments, output: log).wait() == 0 else {
      throw Diagnostic(
        .unavailable, "initdb could not create a PostgreSQL cluster in \(data)",
        hint: "see \(directory)/server.log")
    }
    guard rename(new, data) == 0 else {
      throw Diagnostic(.io, "cannot create \(data): \(String(cString: strerror(errno)))")
    }
  }

  /// Cleans up after a crash. No living process uses this data: the caller holds the lock and has
  /// checked. So postmaster.pid is stale, even if another program now has that process id.
  /// PostgreSQL itself would take that program for a server.
  private func removeStale() {
    guard let stale = PostmasterFile(data: data) else { return }
    unlink(data + "/postmaster.pid")
    let socket = "\(stale.socketDirectory)/.s.PGSQL.\(stale.port)"
    if stale.socketDirectory.hasPrefix("/tmp/yb-") {
      unlink(socket)
      unlink(socket + ".lock")
      rmdir(stale.socketDirectory)
    }
  }

  private func startServer(
    _ programs: ServerPrograms, log: Int32
  ) throws(Diagnostic) -> (child: ChildProcess, socketDirectory: String) {
    // A socket's whole path must fit in 107 bytes. The path of the user's folder can be longer.
    let sockets = try makeTemporaryFolder("/tmp/yb-XXXXXX")
    chown(sockets, user.id, user.group)
    var settings = [
      "listen_addresses=", "unix_socket_directories=\(sockets)", "unix_socket_permissions=0700",
      "port=5432", "logging_collector=off", "log_destination=stderr", "timezone=UTC",
      "log_timezone=UTC",
    ]
    if !options.isDurable {
      settings += ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
    }
    // Of the server alone: what loads a library must not do so as another user before.
    let environment = options.environment.isEmpty ? [] : ["/usr/bin/env"] + options.environment
    let arguments =
      user.prefix + environment + [programs.postgres, "-D", data]
      + (settings + options.settings).flatMap { ["-c", $0] }
    let child = try ChildProcess(arguments, output: log)
    let end = ContinuousClock.now + .seconds(60)
    while true {
      if let file = PostmasterFile(data: data), file.pid == child.pid, file.status == "ready" {
        return (child, sockets)
      }
      let code = child.poll()
      guard code == nil, ContinuousClock.now < end else {
        if code == nil {
          kill(child.pid, SIGQUIT)
          _ = child.wait()
        }
        rmdir(sockets)
        throw Diagnostic(
          .unavailable,
          code.map { "the private PostgreSQL server ended at once with status \($0)" }
            ?? "the private PostgreSQL server was not ready within 60 s",
          hint: "see \(directory)/server.log")
      }
      usleep(5000)
    }
  }
}
