import Basics
package import Diagnostics
import FoundationEssentials
import Glibc

/// A private PostgreSQL server in a folder, for the sample platform and for tests.
///
/// It listens only on a Unix socket, in a folder with a short path that only its user can enter. It
/// trusts everyone who can reach that socket. It does not touch the system's clusters. Several
/// processes can use the server of one folder: the first process starts it, and the last one that
/// calls `stop` ends it. A server that a killed process left running is found and used again.
///
/// Layout of the folder: `data` (the cluster, or a link to it), `server.log`, `lock`, `users`. If
/// the caller is root, the server runs as user `postgres`, who must be able to reach the data. If a
/// folder on the way forbids that (`/root` has mode 700), the cluster is in
/// `/var/tmp/yearbook-postgres-…` and `data` is a link to it. The modes of existing folders are
/// never changed.
package final class PrivateServer {
  /// How a server is created and run.
  package struct Options: Sendable {
    /// Whether data survives a power cut. Tests do not need that.
    package var isDurable = true
    /// More settings, each as `name=value`.
    package var settings: [String] = []
    /// More of the server's environment, each as `NAME=value`.
    package var environment: [String] = []

    /// Options with these values.
    package init(
      isDurable: Bool = true, settings: [String] = [], environment: [String] = []
    ) {
      self.isDurable = isDurable
      self.settings = settings
      self.environment = environment
    }
  }

  /// How `stop` ends the server.
  package enum StopMode: Sendable {
    /// Sessions are ended and data is written.
    case fast
    /// Like a crash: the next start recovers.
    case immediate
  }

  /// The absolute path of the folder that `start` was given.
  package let directory: String
  /// The cluster's folder, with links resolved.
  package let dataDirectory: String
  /// The folder on the way to `directory` that user `postgres` cannot enter, if the cluster is
  /// elsewhere for that reason.
  package let blockedBy: String?
  /// The folder of the Unix socket.
  package let socketDirectory: String
  /// The server's process.
  package let pid: Int32

  private let lock: FileLock
  private let users: FileLock
  private let child: ChildProcess?

  /// Starts the server in `directory`. Creates the folder and the cluster if they are missing.
  /// Returns when the server accepts connections.
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
    try lock.lock(.exclusive)
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
    try users.lock(.shared)
  }

  /// A connection string for one of the server's databases, as superuser.
  package func conninfo(database: String = "postgres") -> String {
    "host=\(socketDirectory) port=5432 user=postgres dbname=\(database)"
  }

  /// Ends this process's use of the server. The last process that calls it stops the server.
  ///
  /// - Returns: Whether the server was stopped: `false` if another process still uses it.
  @discardableResult
  package func stop(_ mode: StopMode = .fast) throws(Diagnostic) -> Bool {
    try lock.lock(.exclusive)
    defer { lock.unlock() }
    users.unlock()
    guard try users.tryLock(.exclusive) else { return false }
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

  /// Stops the server of a folder and removes the folder and its cluster, if no process uses it.
  ///
  /// - Returns: `false` if a process still uses the server; then nothing is done.
  @discardableResult
  package static func remove(_ directory: String) throws(Diagnostic) -> Bool {
    let user = try ServerUser.current()
    let directory = try makeFolder(directory)
    let lock = try FileLock(directory + "/lock")
    let users = try FileLock(directory + "/users")
    try lock.lock(.exclusive)
    guard try users.tryLock(.exclusive) else { return false }
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
          .unavailable, "the private PostgreSQL server (process \(server.pid)) does not stop",
          hint: "see \(log)")
      }
    }
    // An immediate stop leaves the socket file behind.
    unlink("\(server.socketDirectory)/.s.PGSQL.\(server.port)")
    unlink("\(server.socketDirectory)/.s.PGSQL.\(server.port).lock")
    rmdir(server.socketDirectory)
  }

  private static func waitForEnd(
    of process: pid_t, seconds: Int
  ) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      // If this process started the server, it must also collect its exit status.
      if waitpid(process, nil, WNOHANG) == process { return true }
      if kill(process, 0) != 0, errno == ESRCH { return true }
      usleep(5000)
    }
    return false
  }

  /// The server that already runs on this data and accepts connections; `nil` if there is none.
  private static func running(data: String) throws(Diagnostic) -> PostmasterFile? {
    let end = ContinuousClock.now + .seconds(60)
    while let file = PostmasterFile(data: data), file.isAlive(data: data) {
      if file.status == "ready" { return file }
      guard ContinuousClock.now < end else {
        throw Diagnostic(
          .unavailable, "the private PostgreSQL in \(data) is still \(file.status) after 60 s",
          hint: "stop that process, then run again: kill \(file.pid)", isTransient: true)
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
