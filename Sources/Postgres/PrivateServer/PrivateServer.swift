import Basics
package import Diagnostics
import FoundationEssentials
import Glibc

/// A PostgreSQL server of our own in a folder, for the sample platform and for tests.
///
/// It listens on a Unix socket only, in a short folder that only its user may enter, trusts who can reach
/// that socket, and touches no cluster of the system. Several processes may use one folder's server:
/// the first starts it, the last one that calls `stop` ends it. What a killed process left
/// running is found and used again.
///
/// Layout of the folder: `data` (the cluster, or a link to it), `server.log`, `lock`, `users`. Run as
/// root, the server runs as user `postgres`, which must be able to walk to its data. Where a folder on the
/// way forbids that (`/root` has mode 700), the cluster lies in `/var/tmp/yearbook-postgres-…` and
/// `data` is a link to it: modes of folders that are not ours are never changed.
package final class PrivateServer {
  /// How a server is made and run.
  package struct Options: Sendable {
    /// Whether data survives a power cut; tests do without.
    package var isDurable = true
    /// Further `name=value` settings.
    package var settings: [String] = []

    package init(isDurable: Bool = true, settings: [String] = []) {
      self.isDurable = isDurable
      self.settings = settings
    }
  }

  /// How fast `stop` is.
  package enum StopMode: Sendable {
    /// Sessions are ended, data is written.
    case fast
    /// As a crash: the next start recovers.
    case immediate
  }

  /// The folder the server was started in, absolute.
  package let directory: String
  /// Where the cluster lies, links resolved.
  package let dataDirectory: String
  /// The folder on the way to `directory` that user `postgres` may not enter, if the cluster therefore
  /// lies elsewhere.
  package let blockedBy: String?
  /// The folder of the Unix socket.
  package let socketDirectory: String
  /// The server's process.
  package let pid: Int32

  private let lock: FileLock
  private let users: FileLock
  private let child: ChildProcess?

  /// Starts the server in `directory`, which is created with its cluster as needed; returns when it
  /// accepts connections.
  package static func start(
    in directory: String, options: Options = Options()
  ) throws(Diagnostic) -> PrivateServer {
    try PrivateServer(directory, options)
  }

  private init(_ path: String, _ options: Options) throws(Diagnostic) {
    let user = try ServerUser.current()
    directory = try Self.makeFolder(path)
    let lock = try FileLock(directory + "/lock")
    self.lock = lock
    users = try FileLock(directory + "/users")
    lock.lockExclusively()
    defer { lock.unlock() }

    let place = try ServerPlace.find(in: directory, for: user)
    dataDirectory = place.data
    blockedBy = place.blockedBy
    if let running = try Self.running(data: place.data) {
      socketDirectory = running.socketDirectory
      pid = running.pid
      child = nil
    } else {
      let launch = ServerLaunch(place: place, user: user, directory: directory, options: options)
      let started = try launch.run()
      socketDirectory = started.socketDirectory
      pid = started.child.pid
      child = started.child
    }
    users.lockShared()
  }

  /// A connection string for one of the server's databases, as its superuser.
  package func conninfo(database: String = "postgres") -> String {
    "host=\(socketDirectory) port=5432 user=postgres dbname=\(database)"
  }

  /// Ends the use of the server, and the server with its last user.
  ///
  /// - Returns: Whether the server was stopped; `false` if another process still uses it.
  @discardableResult
  package func stop(_ mode: StopMode = .fast) throws(Diagnostic) -> Bool {
    lock.lockExclusively()
    defer { lock.unlock() }
    users.unlock()
    guard users.tryExclusively() else { return false }
    defer { users.unlock() }
    guard let running = PostmasterFile(data: dataDirectory),
      running.isAlive(data: dataDirectory)
    else {
      _ = child?.poll()
      return true
    }
    try Self.end(running, mode, log: directory + "/server.log")
    return true
  }

  /// Stops the server of a folder that no process uses any more, and removes the folder with its cluster.
  ///
  /// - Returns: `false`, and nothing is done, if a process still uses the server.
  @discardableResult
  package static func remove(_ directory: String) throws(Diagnostic) -> Bool {
    let user = try ServerUser.current()
    let directory = try makeFolder(directory)
    let lock = try FileLock(directory + "/lock")
    let users = try FileLock(directory + "/users")
    lock.lockExclusively()
    guard users.tryExclusively() else { return false }
    let place = try ServerPlace.find(in: directory, for: user)
    if let file = PostmasterFile(data: place.data), file.isAlive(data: place.data) {
      try end(file, .immediate, log: directory + "/server.log")
    }
    let shelter = place.blockedBy == nil ? nil : String(place.data.dropLast("/data".count))
    for folder in [shelter, directory].compactMap({ $0 }) {
      do {
        try FileManager.default.removeItem(atPath: folder)
      } catch {
        throw Diagnostic(.io, "cannot remove \(folder)", underlying: error)
      }
    }
    return true
  }

  private static func end(
    _ server: PostmasterFile, _ mode: StopMode, log: String
  ) throws(Diagnostic) {
    kill(server.pid, mode == .fast ? SIGINT : SIGQUIT)
    if !waitForEnd(of: server.pid, seconds: 60) {
      kill(server.pid, SIGQUIT)
      guard waitForEnd(of: server.pid, seconds: 20) else {
        throw Diagnostic(
          .unavailable, "the private PostgreSQL (process \(server.pid)) does not stop",
          hint: "see \(log)")
      }
    }
    // After a quick end the socket stays behind.
    unlink("\(server.socketDirectory)/.s.PGSQL.\(server.port)")
    unlink("\(server.socketDirectory)/.s.PGSQL.\(server.port).lock")
    rmdir(server.socketDirectory)
  }

  private static func waitForEnd(
    of process: pid_t, seconds: Int
  ) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      // If this process started it, under whatever name, it must also take in its end.
      if waitpid(process, nil, WNOHANG) == process { return true }
      if kill(process, 0) != 0, errno == ESRCH { return true }
      usleep(5000)
    }
    return false
  }

  /// The server that already runs on these data, ready for connections; `nil` if none does.
  private static func running(data: String) throws(Diagnostic) -> PostmasterFile? {
    let end = ContinuousClock.now + .seconds(60)
    while let file = PostmasterFile(data: data), file.isAlive(data: data) {
      if file.status == "ready" { return file }
      guard ContinuousClock.now < end else {
        throw Diagnostic(
          .unavailable, "the private PostgreSQL in \(data) is \(file.status) for a minute",
          hint: "stop process \(file.pid) and try again", isTransient: true)
      }
      usleep(10000)
    }
    return nil
  }

  private static func makeFolder(_ path: String) throws(Diagnostic) -> String {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(.io, "cannot create the folder \(path)", underlying: error)
    }
    guard let resolved = realpath(path, nil) else {
      throw Diagnostic(.io, "cannot find \(path): \(String(cString: strerror(errno)))")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
