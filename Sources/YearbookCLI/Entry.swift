import ArgumentParser
import Diagnostics
import Foundation
import Media

/// Where the process begins.
public enum Entry {
  public static func main() -> Never {
    HeapLimits.giveBack()
    let arguments = Array(CommandLine.arguments.dropFirst())
    // Hostile media is decoded by this same program in a child without rights; nothing else of the
    // program may have run there.
    if arguments.first == "media-child" {
      SandboxChild.main(arguments: Array(arguments.dropFirst()))
    }
    // A reader that goes away is an error of the write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    exit(run(arguments))
  }

  /// Runs one command line and gives its exit code.
  public static func run(_ arguments: [String]) -> Int32 {
    do {
      var command = try YearbookCommand.parseAsRoot(arguments)
      try command.run()
      return 0
    } catch let failure as CommandFailure {
      return failure.exitCode
    } catch let error as Diagnostic {
      Console.standardError.write(report: [error])
      return error.code == .interrupted ? Signals.exitCode : error.code.exitCode
    } catch let error as Diagnostics {
      Console.standardError.write(report: error.all)
      return error.all.first?.code.exitCode ?? Diagnostic.Code.bug.exitCode
    } catch {
      let code = YearbookCommand.exitCode(for: error)
      let message = YearbookCommand.fullMessage(for: error)
      if code == .success {
        Console.standardOutput.write(message + "\n")
      } else if !message.isEmpty {
        Console.standardError.write(message + "\n")
      }
      return code.rawValue
    }
  }
}

/// A command that has said all there is to say and ends with a code other than 0.
struct CommandFailure: Error {
  var exitCode: Int32
}

/// The root command.
struct YearbookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yearbook",
    abstract: "Turns a platform's database and media into published reports and films of the year.",
    discussion: """
      Examples:
        yearbook demo                                   a sample platform, from nothing to a film
        yearbook run nightly                            all active tenants, what changed
        yearbook run annual --tenant acme --period 2026 one report, now
        yearbook status                                 the last run, and how to retry what failed

      Exit codes: 0 done · 1 some partitions failed, the rest is published · 64 usage · 65 bad input ·
      69 a database is unavailable · 70 a bug · 74 input, output or a full disk · 75 another run holds
      the lock · 78 configuration · 130, 143 interrupted, what was done is kept.
      """,
    version: Version.text,
    subcommands: [
      DemoCommand.self, SampleCommand.self, RunCommand.self, StatusCommand.self, RetryCommand.self,
      ExplainCommand.self, FilmCommand.self,
      RunsCommand.self, LogsCommand.self, CancelCommand.self, RequestsCommand.self,
      CollectCommand.self,
      CheckCommand.self, VerifyCommand.self, DoctorCommand.self,
      ReleasesCommand.self, ShowCommand.self, DiffCommand.self, RestoreCommand.self,
      RollbackCommand.self, PruneCommand.self, PurgeCommand.self, TenantCommand.self,
      MirrorCommand.self,
    ])

  // Given before the command's name or after it: the command finds them either way.
  @OptionGroup var shared: SharedOptions
}
