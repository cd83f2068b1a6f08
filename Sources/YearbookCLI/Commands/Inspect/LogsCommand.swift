import ArgumentParser
import Diagnostics
import Engine

struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract:
      "Shows what a run tried, one line each: stages and their durations, failures, warnings.",
    discussion: """
      Stages that were found done are not tried and have no line. It shows only warnings of \
      releases that no later run has replaced.

      Examples:
        yearbook logs
        yearbook logs 20261121T0315 --tenant acme
      """)

  @Argument(help: "The run's id or its first characters (default: the last run).")
  var id: String?
  @Option(
    help: "Only this tenant, by its slug; can be given several times.",
    completion: Completions.owners)
  var tenant: [String] = []
  @Flag(help: "Print JSON, one object per line.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      guard let run = try id.map({ try record.run($0) }) ?? record.runs(limit: 1).first else {
        throw Diagnostic(
          .usage,
          id.map { "there is no run '\($0)', or the prefix is ambiguous" } ?? "nothing has run yet",
          hint: id == nil
            ? "to start one: `\(CommandText.yearbook(["run", "nightly"], shared))`"
            : "to list the runs: `\(CommandText.yearbook(["runs"], shared))`")
      }
      let lines = try record.log(of: run.id, tenants: tenant)
      let out = Console.standardOutput
      if json {
        for line in lines { try out.jsonLine(Line(line)) }
        return
      }
      out.line("run \(run.id) of \(run.name), \(run.state), began \(run.started)")
      // A failure repeats the message of its last try.
      func key(_ line: RunRecord.LogLine) -> [String?] {
        [line.pipeline, line.slug, line.period, line.stage, line.message]
      }
      let told = Set(lines.filter { $0.kind == .failure }.map(key))
      for line in lines {
        let isTold = line.kind == .attempt && line.message != nil && told.contains(key(line))
        out.line(text(line, out, isToldNext: isTold))
      }
      if let problem = run.problem {
        out.line("\(out.styled("stopped", .red)): \(problem)")
        if let hint = run.hint { out.line("  what to do: \(hint)") }
      } else if lines.isEmpty {
        out.line(
          run.state == "running"
            ? "nothing was tried yet" : "nothing was tried: everything was found done")
      }
    }
  }

  private func text(
    _ line: RunRecord.LogLine, _ out: Console, isToldNext: Bool
  ) -> String {
    let time = line.at.dropFirst(11).dropLast()
    let place = "\(time)  \(line.pipeline) \(line.slug) \(line.period)"
    switch line.kind {
    case .attempt:
      let took = line.seconds.map { "  \(Figures.duration($0))" } ?? ""
      let number = line.number ?? 1
      let which = number > 1 ? ", try \(number)" : ""
      guard let message = line.message, !isToldNext else {
        return "\(place)  \(line.stage)\(which)\(took)"
      }
      return "\(place)  \(line.stage)\(which)\(took): \(message)"
    case .failure:
      let hint = line.hint.map { "; what to do: \($0)" } ?? ""
      return
        "\(place)  \(out.styled("failed", .red)) at \(line.stage): \(line.message ?? "")\(hint)"
    case .warning:
      return "\(place)  \(out.styled("warning", .yellow)) \(line.stage): \(line.message ?? "")"
    }
  }

  private struct Line: Encodable {
    var kind, at, pipeline, tenant, period: String
    var stage, subject: String?
    var number: Int?
    var seconds: Double?
    var code, message, hint: String?

    init(_ line: RunRecord.LogLine) {
      kind = line.kind.rawValue
      at = line.at
      pipeline = line.pipeline
      tenant = line.slug
      period = line.period
      if line.kind == .warning { subject = line.stage } else { stage = line.stage }
      number = line.number
      seconds = line.seconds
      code = line.code
      message = line.message
      hint = line.hint
    }
  }
}
