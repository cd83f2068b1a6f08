import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Plans a run whose tenants an engine hands out in run shards.",
    discussion: """
      Each shard is then worked by `yearbook run --plan FILE --shard N`, on any host that reaches \
      the record, the source and the store; `yearbook finish FILE` ends the run.

      Examples:
        yearbook plan nightly --shards auto --json >plan.json
        yearbook plan nightly --period 2026 --shards 8
      """)

  @Argument(help: "The name of a pipeline or a schedule.", completion: Completions.runnable)
  var name: String
  @Option(
    help: "A tenant's slug; can be given several times (default: all active tenants).",
    completion: Completions.tenants)
  var tenant: [String] = []
  @Option(
    help: "A period: \(Period.forms); can be given several times.",
    completion: Completions.periods)
  var period: [String] = []
  @Option(
    help: ArgumentHelp("The moment that all shards take as now.", valueName: "date"))
  var asOf: String?
  @Option(
    help: ArgumentHelp(
      "How many shards, 1 to \(ShardPlan.most), or auto: by what the last results took.",
      valueName: "number"))
  var shards = "auto"
  @Flag(help: "Print JSON: what `run --plan` and `finish` take.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if shards != "auto", !(1...ShardPlan.most).contains(Int(shards) ?? 0) {
      throw ValidationError("--shards must be auto, or a number from 1 to \(ShardPlan.most)")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      var request = Planner.Request(name: name, moment: try RunCommand.moment(asOf))
      request.tenants = tenant
      request.periods = period
      request.arguments = CommandText.recorded(CommandLine.arguments.dropFirst())
      let session = RunSession(
        configuration: configuration,
        library: try PipelineLibrary(folder: configuration.pipelineFolder()),
        templates: try configuration.templateFolder(), threads: 1,
        cancellation: Signals.cancellation, observer: ConsoleObserver(isQuiet: true))
      let plan = try session.plan(request, shards: Int(shards))
      if json { return try Console.standardOutput.json(plan) }
      let out = Console.standardOutput
      out.line("run \(plan.run) of \(plan.name) as of \(plan.asOf)")
      for shard in plan.shards {
        out.line(
          "  shard \(shard.shard): \(Figures.count(shard.partitions, "partition")) of"
            + " \(Figures.count(shard.tenants, "tenant")), at most about"
            + " \(Figures.duration(shard.seconds))")
      }
      out.line(
        "work on one: \(CommandText.yearbook(["run", "--plan", plan.run, "--shard", "0"], shared))")
      out.line("then: \(CommandText.yearbook(["finish", plan.run], shared))")
    }
  }
}
