import FoundationEssentials
import Glibc

/// Other people's programs, as judges.
public enum Program {
  /// Runs a program to its end and returns its exit status and what it wrote to both outputs.
  ///
  /// - Parameters:
  ///   - arguments: The program's absolute path and its arguments.
  ///   - folder: The folder it works in.
  ///   - environment: `NAME=value`, added to this process's.
  public static func run(
    _ arguments: [String], in folder: String = "/", environment: [String] = []
  ) throws -> (status: Int32, output: String) {
    let scratch = try TemporaryFolder()
    let output = scratch.path + "/output"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let command = ["/usr/bin/env", "--chdir=\(folder)"] + environment + arguments
    var argv = command.map { strdup($0) } + [nil]
    defer { for argument in argv { free(argument) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, command[0], &actions, nil, &argv, environ)
    guard failure == 0 else { throw POSIXFailure(failure) }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { throw POSIXFailure(errno) }
    }
    let text = FileManager.default.contents(atPath: output).map {
      String(decoding: $0, as: UTF8.self)
    }
    let signal = status & 0x7f
    return (signal == 0 ? (status >> 8) & 0xff : 128 + signal, text ?? "")
  }
}
