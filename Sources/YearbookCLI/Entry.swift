import ArgumentParser
import Diagnostics
import Foundation
import Media

/// Where the process begins.
package enum Entry {
  /// Runs the command line of this process and exits with its code.
  package static func main() -> Never {
    HeapLimits.giveBack()
    let arguments = Array(CommandLine.arguments.dropFirst())
    // A child process without rights, from this same program, decodes hostile media. Nothing else
    // of the program must run in it first.
    if arguments.first == "media-child" {
      SandboxChild.main(arguments: Array(arguments.dropFirst()))
    }
    ProcessArguments.hideSecrets()
    // If a reader goes away, the write fails; the process must not die of it.
    signal(SIGPIPE, SIG_IGN)
    // A limit on the size of files that was inherited is an error of the file, too.
    signal(SIGXFSZ, SIG_IGN)
    exit(run(arguments))
  }

  /// Runs one command line and returns its exit code.
  package static func run(_ arguments: [String]) -> Int32 {
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
      if code == .success {
        Console.standardOutput.lines(YearbookCommand.fullMessage(for: error))
      } else if code == .validationFailure {
        Console.standardError.write(report: [
          mistake(arguments, YearbookCommand.message(for: error))
        ])
      } else {
        Console.standardError.lines(YearbookCommand.fullMessage(for: error))
      }
      return code.rawValue
    }
  }

  /// The argument parser's message, in the form of all other errors.
  private static func mistake(_ arguments: [String], _ message: String) -> Diagnostic {
    var hint: String?
    // The commands that were named, from the outermost on.
    var path: [String] = []
    var command: any ParsableCommand.Type = YearbookCommand.self
    for word in arguments {
      let inner = command.configuration.subcommands
      if let next = inner.first(where: { $0._commandName == word }) {
        path.append(word)
        command = next
      } else if !inner.isEmpty, !word.hasPrefix("-"), message.contains("'\(word)'") {
        hint = NearestWords.hint(for: word, in: inner.map { $0._commandName })
        break
      }
    }
    let help = (["yearbook"] + path + ["--help"]).joined(separator: " ")
    let text = message.prefix(1).lowercased() + message.dropFirst()
    return Diagnostic(
      .usage, text.hasSuffix(".") ? String(text.dropLast()) : text,
      hint: hint.map { "\($0) `\(help)` lists all commands" } ?? "to see the options: `\(help)`")
  }
}

/// Ends a command with an exit code other than 0. The command has already said why.
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
        yearbook demo                  sets up and publishes a sample platform
        yearbook run nightly           all active tenants: what has changed
        yearbook run annual --tenant acme --period 2026
                                       one report
        yearbook status                the last run, and how to retry what failed

      Exit codes:
        0         done
        1         some partitions failed; the rest is published
        64        wrong usage
        65        bad input
        69        a database is unavailable
        70        a bug
        74        an input or output error, such as a full disk
        75        another run holds the lock
        78        wrong configuration
        130, 143  interrupted; finished work is kept
      """,
    version: Version.text,
    subcommands: [
      DemoCommand.self, SampleCommand.self, RunCommand.self, StatusCommand.self, RetryCommand.self,
      ExplainCommand.self, FilmCommand.self, PlanCommand.self, FinishCommand.self,
      RunsCommand.self, LogsCommand.self, MetricsCommand.self, SLOCommand.self,
      CancelCommand.self,
      RequestsCommand.self,
      DeliverCommand.self,
      CollectCommand.self,
      CheckCommand.self, VerifyCommand.self, DoctorCommand.self,
      ReleasesCommand.self, ShowCommand.self, DiffCommand.self, RestoreCommand.self,
      RollbackCommand.self, WithdrawCommand.self, ShareCommand.self, UnshareCommand.self,
      PruneCommand.self, PurgeCommand.self,
      TenantCommand.self, MirrorCommand.self,
    ])

  // These options can stand before or after the command's name.
  @OptionGroup var shared: SharedOptions
}
