import Basics
import Diagnostics
import Glibc

/// A program started with a clean environment in the folder `/`. It has a session of its own, so
/// that a Ctrl-C meant for this process does not reach it.
struct ChildProcess {
  let pid: pid_t

  /// glibc's POSIX_SPAWN_SETSID, which Swift does not import.
  private static let newSession: Int32 = 0x80

  /// - Parameter output: The file descriptor for the program's standard output and error.
  init(_ arguments: [String], output: Int32) throws(Diagnostic) {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    // Swift's runtime or a caller may ignore SIGPIPE. The program starts with default signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes,
      Int16(Self.newSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC"]
    // The server's user may not have access to the current folder, so the program starts in `/`.
    let command = ["/usr/bin/env", "--chdir=/"] + arguments
    var pid: pid_t = 0
    let status = Self.withPointers(command) { argv in
      Self.withPointers(environment) { envp in
        posix_spawn(&pid, command[0], &actions, &attributes, argv, envp)
      }
    }
    guard status == 0 else {
      throw Diagnostic(
        .unavailable, "cannot start \(arguments[0]): \(String(cString: strerror(status)))")
    }
    self.pid = pid
  }

  /// The exit status if the program has ended: its exit code, or 128 + the signal's number.
  func poll() -> Int32? {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    return Self.code(status)
  }

  /// Waits until the program ends.
  func wait() -> Int32 {
    var status: Int32 = 0
    guard retryingInterrupts({ waitpid(pid, &status, 0) }) == pid else { return 127 }
    return Self.code(status)
  }

  private static func code(_ status: Int32) -> Int32 {
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  private static func withPointers<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { fatalError("an array with an element has a base") }
      return body(base)
    }
  }
}
