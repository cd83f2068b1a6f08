import ArgumentParser
import Diagnostics
import Foundation
import Media

/// Where the process begins.
package enum Entry {
  package static func main() -> Never {
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
        Console.standardOutput.write(YearbookCommand.fullMessage(for: error) + "\n")
      } else if code == .validationFailure {
        Console.standardError.write(report: [
          mistake(arguments, YearbookCommand.message(for: error))
        ])
      } else {
        Console.standardError.write(YearbookCommand.fullMessage(for: error) + "\n")
      }
      return code.rawValue
    }
  }
  /// What the parser of the command line says, as all other errors are said.
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
      hint: hint.map { "\($0) `\(help)` lists all" } ?? "`\(help)` says what it takes")
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
        yearbook demo                  a sample platform, from nothing to a film
        yearbook run nightly           all active tenants, what changed
        yearbook run annual --tenant acme --period 2026
                                       one report, now
        yearbook status                the last run, and how to retry what failed

      Exit codes:
        0   done                       70  a bug
        1   some partitions failed,    74  input, output, a full disk
            the rest is published      75  another run holds the lock
        64  usage                      78  configuration
        65  bad input                  130, 143  interrupted; what was done
        69  a database is unavailable            is kept
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
