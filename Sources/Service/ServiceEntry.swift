import Basics
import Diagnostics
import Foundation

/// Where the process of the service begins.
package enum ServiceEntry {
  private static let help = """
    The HTTP service of Yearbook: takes requests for reports and hands out published files.

    Usage:
      yearbook-serve FILE             runs until SIGTERM
      yearbook-serve --check FILE     checks the configuration
      yearbook-serve --openapi FILE   prints the OpenAPI document

    FILE is the service's configuration: docs/how-to/serve.md
    """

  /// Runs the command line of this process and exits with its code.
  package static func main() async -> Never {
    signal(SIGPIPE, SIG_IGN)
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  private static func run(_ arguments: [String]) async -> Int32 {
    let words = arguments.filter { $0.hasPrefix("-") }
    let files = arguments.filter { !$0.hasPrefix("-") }
    if words == ["--help"] || words == ["-h"] {
      ServiceLog().answer(help)
      return 0
    }
    guard files.count == 1, words.isEmpty || words == ["--check"] || words == ["--openapi"] else {
      ServiceLog().line("expected the service's configuration (`yearbook-serve --help`)")
      return Diagnostic.Code.usage.exitCode
    }
    do {
      let settings = try ServiceSettings(path: files[0])
      if words == ["--check"] {
        if let pages = settings.pages { _ = try Pages(pages) }
        return 0
      }
      if words == ["--openapi"] {
        ServiceLog().answer(String(OpenAPI.text(settings).dropLast()))
        return 0
      }
      try await ReportService(settings).run { port in
        ServiceLog().line(port > 0 ? "listens on port \(port)" : "listens on its socket")
      }
      return 0
    } catch let fault as Diagnostic {
      return report([fault])
    } catch let faults as Diagnostics {
      return report(faults.all)
    } catch {
      ServiceLog().line("ended: \(type(of: error))")
      return Diagnostic.Code.bug.exitCode
    }
  }

  private static func report(_ faults: [Diagnostic]) -> Int32 {
    for fault in faults {
      ServiceLog().line("\(fault)" + (fault.hint.map { " (\($0))" } ?? ""))
    }
    return faults.first?.code.exitCode ?? Diagnostic.Code.bug.exitCode
  }
}
