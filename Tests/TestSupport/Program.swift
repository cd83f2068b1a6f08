import FoundationEssentials
package import Glibc

/// Runs other programs, as judges, and our own program as users start it.
package enum Program {
  /// Runs a program until it ends. Returns its exit status and the text that it wrote to both
  /// outputs.
  ///
  /// - Parameters:
  ///   - arguments: The program's absolute path and its arguments.
  ///   - folder: The program's working folder.
  ///   - environment: `NAME=value` words, added to this process's environment.
  package static func run(
    _ arguments: [String], in folder: String = "/", environment: [String] = []
  ) throws -> (status: Int32, output: String) {
    try RunningProgram(arguments, in: folder, environment: environment).wait()
  }
}

/// A running program.
package final class RunningProgram {
  package let pid: pid_t
  private let scratch: TemporaryFolder
  private var ended: (status: Int32, output: String)?
  /// The most memory that the program itself held, in kilobytes, read a few times each second.
  ///
  /// The `ru_maxrss` of `wait4` is no use here: a process that was started by vfork begins with the
  /// memory of the process that started it, and tests are large.
  package private(set) var peakMemory = 0

  /// Starts a program. The parameters are the same as for `Program.run`.
  package init(_ arguments: [String], in folder: String = "/", environment: [String] = []) throws {
    scratch = try TemporaryFolder()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, 1, scratch.path + "/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let command = ["/usr/bin/env", "--chdir=\(folder)"] + environment + arguments
    var argv = command.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, command[0], &actions, nil, &argv, environ)
    guard failure == 0 else { throw POSIXFailure(failure) }
    self.pid = pid
  }

  /// The output so far.
  package var output: String {
    FileManager.default.contents(atPath: scratch.path + "/output").map {
      String(decoding: $0, as: UTF8.self)
    } ?? ""
  }

  /// Whether the program has ended. It stays a zombie until `wait`.
  package var hasEnded: Bool {
    if ended != nil { return true }
    var found = siginfo_t()
    return waitid(P_PID, id_t(pid), &found, WEXITED | WNOHANG | WNOWAIT) != 0
      || found.si_signo == SIGCHLD
  }

  package func send(_ signal: Int32) { kill(pid, signal) }

  /// Waits until the program ends. Returns its exit status, or 128 + the signal that ended it, and
  /// its whole output.
  @discardableResult
  package func wait() throws -> (status: Int32, output: String) {
    if let ended { return ended }
    var status: Int32 = 0
    wait: while true {
      switch waitpid(pid, &status, WNOHANG) {
      case 0:
        peakMemory = max(peakMemory, memoryHeld)
        usleep(5_000)
      case pid: break wait
      default: guard errno == EINTR else { throw POSIXFailure(errno) }
      }
    }
    let signal = status & 0x7f
    let found = (signal == 0 ? (status >> 8) & 0xff : 128 + signal, output)
    ended = found
    return found
  }

  /// The most memory that the program held so far, in kilobytes; 0 if it has ended.
  private var memoryHeld: Int {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/status") else { return 0 }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }
}

/// Waits until `condition` is true, with frequent checks. Returns `false` after this number of
/// seconds.
package func eventually(within seconds: Int = 20, _ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<(seconds * 50) {
    if try condition() { return true }
    usleep(20_000)
  }
  return false
}
