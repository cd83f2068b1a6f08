import Basics
import CSandbox
import Diagnostics
import Glibc

/// The process that children are forked from.
///
/// A nightly run decodes thousands of objects. Starting this program takes 60 ms, mostly for
/// linking libraries; forking a process that has them takes 2 ms. The server is this program,
/// started as `media-child serve`. It has set up all libraries, has one thread and no other open
/// files, and never reads an object itself. For each job it gets the object and a pipe over its
/// socket and forks a child. The child confines itself before it reads its first byte. It is a
/// child of the server's own parent (`CLONE_PARENT`), which waits for it.
enum SandboxServer {
  static let word = "serve"
  private static let socket: Int32 = 3
  private static let largestMessage = 256

  // MARK: The server's side

  static func serve() -> Never {
    // Everything that libraries set up once, with or without files, is set up now.
    LibAV.prepare()
    yb_keep_memory()
    _ = Int.random(in: 0...1)
    // Swift's own handlers would start another process to explain a crash and wait for it for ever.
    for fault in [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGQUIT] {
      signal(fault, SIG_DFL)
    }
    guard yb_close_from(UInt32(socket) + 1) == 0 else { exit(SandboxChild.refused) }
    var bytes = [UInt8](repeating: 0, count: largestMessage)
    while true {
      var (input, output): (Int32, Int32) = (-1, -1)
      let count = yb_receive_job(socket, &bytes, bytes.count, &input, &output)
      // The parent has ended or sent a malformed message.
      guard count > 0, input >= 0, output >= 0 else { exit(0) }
      let words = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
      let child = yb_fork_sibling()
      if child == 0 { SandboxChild.begin(words.map(String.init), input: input, output: output) }
      close(input)
      close(output)
      var answer = child
      guard write(socket, &answer, MemoryLayout<pid_t>.size) == MemoryLayout<pid_t>.size else {
        exit(0)
      }
    }
  }

  // MARK: The parent's side

  private struct Running {
    var socket: Int32
    var process: pid_t
    var executable: String
  }

  private static let running = Locked<Running?>(nil)

  /// Starts a child for a job and returns its process. The caller waits for it.
  ///
  /// - Throws: faults of the machine, as `SandboxFault` says.
  static func start(
    _ words: [String], for key: String, input: Int32, output: Int32
  ) throws(Diagnostic) -> pid_t {
    var failure = Failure(number: 0)
    for _ in 0..<2 {
      let result = running.withLock { running -> Result<pid_t, Failure> in
        do throws(Failure) {
          if let old = running, old.executable != SandboxChild.executable { end(&running) }
          let server: Running
          if let running { server = running } else { server = try spawn() }
          running = server
          let child = try ask(server, words, input, output)
          return .success(child)
        } catch {
          let status = end(&running)
          return .failure(Failure(number: error.number, status: status))
        }
      }
      switch result {
      case .success(let child): return child
      case .failure(let error): failure = error
      }
    }
    if let status = failure.status, yb_has_exited(status) != 0,
      yb_exit_status(status) == SandboxChild.refused
    {
      throw SandboxFault.missing("close_range is refused", key)
    }
    let reason = "cannot start the decoding process: \(String(cString: strerror(failure.number)))"
    // The program itself is not there or cannot be run; without /proc it is not found. All else can
    // pass: too many processes, too little memory, a server that somebody ended.
    if [ENOENT, EACCES, ENOEXEC, EPERM].contains(failure.number) {
      throw SandboxFault.missing(reason, key)
    }
    throw SandboxFault.system(reason, key)
  }

  private struct Failure: Error {
    var number: Int32
    /// How the server ended, as `waitpid` tells it.
    var status: Int32?
  }

  private static func ask(
    _ server: Running, _ words: [String], _ input: Int32, _ output: Int32
  ) throws(Failure) -> pid_t {
    let text = Array(words.joined(separator: " ").utf8)
    guard text.count <= largestMessage else { throw Failure(number: E2BIG) }
    if yb_send_job(server.socket, text, text.count, input, output) < 0 {
      throw Failure(number: errno)
    }
    var child: pid_t = -1
    let count = retryingInterrupts { read(server.socket, &child, MemoryLayout<pid_t>.size) }
    if count != MemoryLayout<pid_t>.size { throw Failure(number: ECHILD) }
    if child < 0 { throw Failure(number: EAGAIN) }
    return child
  }

  /// Ends the server. Returns how it ended.
  @discardableResult
  private static func end(_ running: inout Running?) -> Int32? {
    guard let old = running else { return nil }
    running = nil
    // A server that is asked for nothing more ends by itself, and its status tells why.
    close(old.socket)
    var status: Int32 = 0
    for _ in 0..<200 {
      if retryingInterrupts({ waitpid(old.process, &status, WNOHANG) }) != 0 { return status }
      usleep(5_000)
    }
    kill(old.process, SIGKILL)
    _ = retryingInterrupts { waitpid(old.process, &status, 0) }
    return nil
  }

  private static func spawn() throws(Failure) -> Running {
    var ends: [Int32] = [-1, -1]
    if yb_socket_pair(&ends) != 0 { throw Failure(number: errno) }
    // To a number above the server's descriptors, so that it is not overwritten too early.
    let theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
    close(ends[1])
    defer { close(theirs) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for standard in Int32(0)...2 {
      posix_spawn_file_actions_addopen(
        &actions, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, theirs, socket)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Otherwise the child would inherit the signals that the parent ignores or blocks (SIGPIPE,
    // SIGINT).
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A process group of its own: Ctrl-C at the terminal reaches only the parent, which ends its
    // children.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var process: pid_t = -1
    let executable = SandboxChild.executable
    let status = withCStrings(["yearbook", SandboxChild.command, word]) { arguments in
      withCStrings(environment) { environment in
        posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
      }
    }
    if status != 0 {
      close(ends[0])
      throw Failure(number: status)
    }
    return Running(socket: ends[0], process: process, executable: executable)
  }

  /// The part of the parent's environment that a child gets: where its libraries are, and a test's
  /// settings for them.
  private static let environment: [String] = {
    let passed: [String] = ["LD_LIBRARY_PATH", "ASAN_OPTIONS", "GLIBC_TUNABLES"]
    let values = passed.compactMap { name -> String? in
      guard let value = getenv(name) else { return nil }
      return "\(name)=\(String(cString: value))"
    }
    return values + [
      "SWIFT_DETERMINISTIC_HASHING=1", "SWIFT_BACKTRACE=enable=no", "LC_ALL=C", "TZ=UTC0",
    ]
  }()
}

/// Calls `body` with a list of C strings that ends with a null pointer, valid during the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { fatalError("an array with elements has a base") }
    return body(base)
  }
}
