import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

/// The flags of commands that run stages.
struct RunOptions: ParsableArguments {
  @Option(help: "The number of threads (default: the machine's cores).")
  var jobs: Int?
  @Flag(help: "Exit with 1 if there are warnings.")
  var strict = false
  @OptionGroup var reporting: ReportingOptions

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs must be a number from 1 to 256")
    }
  }

  var quiet: Bool { reporting.quiet }
  var threads: Int { jobs ?? ProcessInfo.processInfo.activeProcessorCount }
}

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a pipeline or a schedule; finished work is not repeated.",
    discussion: """
      Examples:
        yearbook run nightly
        yearbook run annual --tenant acme --period 2026
        yearbook run billing --tenant acme --period 2026-10 --as-of 2026-10-31
        yearbook run --plan plan.json --shard 3     one run shard of a planned run
      """)

  @Argument(help: "The name of a pipeline or a schedule.", completion: Completions.runnable)
  var name: String?
  @Option(
    help: "A tenant's slug; can be given several times (default: all active tenants).",
    completion: Completions.tenants)
  var tenant: [String] = []
  @Option(
    help: "A period: \(Period.forms); can be given several times.",
    completion: Completions.periods)
  var period: [String] = []
  @Option(
    help: ArgumentHelp(
      "The moment that the run takes as now: rows created later are left out (later updates"
        + " cannot be undone).",
      valueName: "date"))
  var asOf: String?
  @Flag(help: "Print what would run, why, and the expected time; run nothing.")
  var dryRun = false
  @Flag(
    help:
      "Run every stage, even if it has a result. With --tenant and --period, also publish again what was withdrawn."
  )
  var force = false
  @Flag(help: "Read all media files again, even if their size and times have not changed.")
  var rehash = false
  @Flag(help: "Read all rows again, even if their fingerprints have not changed.")
  var reread = false
  @Flag(
    help:
      "Replace results that another version of Yearbook or a library made, within --budget.")
  var refresh = false
  @Option(help: ArgumentHelp("The time limit of --refresh.", valueName: "time"))
  var budget: String = "2h"
  @Option(
    help: ArgumentHelp(
      "The time to wait for another run of the same schedule (default: exit with 75 at once).",
      valueName: "time"))
  var wait: String?
  @Flag(help: "Share the work of a run of the same schedule that is under way.")
  var join = false
  @Option(
    help: ArgumentHelp(
      "Work on one shard of a planned run: the file that `yearbook plan` wrote, or the run's id.",
      valueName: "file"),
    completion: .file(extensions: ["json"]))
  var plan: String?
  @Option(
    help: ArgumentHelp(
      "The shard, from 0 (default: from \(TaskIndex.variables.joined(separator: ", "))).",
      valueName: "number"))
  var shard: Int?
  @OptionGroup var running: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard plan != nil else {
      if shard != nil { throw ValidationError("--shard needs --plan") }
      if name == nil { throw ValidationError("name a pipeline or a schedule, or give --plan") }
      return
    }
    let others: [(String, Bool)] = [
      ("a name", name != nil), ("--tenant", !tenant.isEmpty), ("--period", !period.isEmpty),
      ("--as-of", asOf != nil), ("--dry-run", dryRun), ("--join", join),
    ]
    if let other = others.first(where: \.1) {
      throw ValidationError("--plan has all that is asked for: leave \(other.0) out")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      if let plan { return try work(on: plan, configuration) }
      guard let name else { return }
      var request = Planner.Request(name: name, moment: try Self.moment(asOf))
      request.tenants = tenant
      request.periods = period
      request.arguments = CommandText.recorded(CommandLine.arguments.dropFirst())
      try RunCommand.run(
        request, configuration, running, commandFlags: CommandText.flags(shared),
        policy: policy(), isDryRun: dryRun)
    }
  }

  /// Works on one shard of a planned run. Reports of the whole run are left to `finish`.
  private func work(on plan: String, _ configuration: Configuration) throws {
    let run = try ShardPlan.run(named: plan)
    let number = try shard ?? TaskIndex.number(ProcessInfo.processInfo.environment)
    let console = running.reporting.reporter(commandFlags: CommandText.flags(shared))
    let session = RunSession(
      configuration: configuration,
      library: try PipelineLibrary(folder: configuration.pipelineFolder()),
      templates: try configuration.templateFolder(), threads: running.threads,
      cancellation: Signals.cancellation, observer: console)
    Signals.watch()
    let summary = try session.work(onShard: number, of: run, policy: policy())
    console.finish(summary)
    if summary.wasInterrupted { throw CommandFailure(exitCode: Signals.exitCode) }
    try summary.exit(strict: running.strict)
  }

  private func policy() throws -> RunPolicy {
    var policy = RunPolicy()
    policy.isForced = force
    // Who makes everything again need not know what was withdrawn; who names it does.
    policy.replacesWithdrawn = force && !tenant.isEmpty && !period.isEmpty
    policy.joins = join
    policy.rehashes = rehash
    policy.rereads = reread
    policy.waitSeconds = try wait.map { try Self.seconds($0, "--wait") } ?? 0
    let seconds = try Self.seconds(budget, "--budget")
    if refresh { policy.refreshSeconds = seconds }
    return policy
  }

  /// `90s`, `10m`, `26h`, `2d` in seconds.
  static func seconds(_ text: String, _ flag: String) throws -> Int {
    guard let seconds = DurationText.seconds(text) else {
      throw Diagnostic(
        .usage, "\(flag) is not a time: '\(text)'", hint: "write it like 90s, 10m, 26h or 2d")
    }
    return seconds
  }

  /// The moment of `--as-of`; without it the clock's.
  static func moment(_ asOf: String?) throws -> RunMoment {
    guard let asOf else { return .instant(Int64(Date().timeIntervalSince1970)) }
    guard let moment = RunMoment(asOf) else {
      throw Diagnostic(
        .usage, "'\(asOf)' is not a day",
        hint: "write --as-of 2026-03-31 or --as-of 2026-03-31T12:00:00Z")
    }
    // A future date would make releases final too early.
    let now = Date()
    let isAhead =
      switch moment {
      case .instant(let seconds): TimeInterval(seconds) > now.timeIntervalSince1970
      case .day(let day):
        // A day begins first where clocks are 14 hours ahead of UTC.
        day > RunMoment.instant(Int64(now.timeIntervalSince1970) + 14 * 3600).day(in: .utc)
      }
    if isAhead {
      throw Diagnostic(
        .usage, "--as-of \(asOf) is in the future",
        hint: "leave --as-of out, or give a day that has begun")
    }
    return moment
  }

  /// Runs the request, or with `isDryRun` only prints what it would run.
  ///
  /// - Parameters:
  ///   - commandFlags: Stand in every command that the run tells people to run.
  ///   - only: The `[slug, pipeline, period]` of the partitions to run; `nil` runs all.
  /// - Throws: A diagnostic, or `CommandFailure` with the exit code if something failed.
  static func run(
    _ request: Planner.Request, _ configuration: Configuration, _ options: RunOptions,
    commandFlags: [String], policy: RunPolicy = RunPolicy(), isDryRun: Bool = false,
    only: Set<PartitionKey>? = nil
  ) throws {
    if isDryRun {
      let forecasts = try ForecastReport.make(
        request, configuration, only: only, policy: policy, threads: options.threads)
      if options.reporting.json { try forecasts.printJSON() } else { forecasts.printPlan() }
      return
    }
    let console = options.reporting.reporter(commandFlags: commandFlags)
    let library = try PipelineLibrary(folder: configuration.pipelineFolder())
    let session = RunSession(
      configuration: configuration, library: library,
      templates: try configuration.templateFolder(), threads: options.threads,
      cancellation: Signals.cancellation, observer: console)
    Signals.watch()
    let summary: RunSummary
    do {
      summary = try session.run(request, only: only, policy: policy)
    } catch {
      // A word that was misspelt is answered at once.
      if (error as? Diagnostic)?.code != .usage {
        MetricsCommand.sendAfterRun(configuration, library, run: nil)
      }
      throw error
    }
    console.finish(summary)
    defer { MetricsCommand.sendAfterRun(configuration, library, run: summary.run) }
    if summary.wasInterrupted { throw CommandFailure(exitCode: Signals.exitCode) }
    if only == nil, library.schedule(request.name) != nil {
      DeliverCommand.sendAfterRun(configuration, library)
    }
    try summary.exit(strict: options.strict)
  }
}

extension RunSummary {
  /// Throws the exit code of what failed.
  ///
  /// - Parameter strict: whether warnings count.
  func exit(strict: Bool) throws {
    if counts.failed + counts.skipped > 0 || problem != nil { throw CommandFailure(exitCode: 1) }
    if let failure = mirroring?.failures.first {
      throw CommandFailure(exitCode: failure.code.exitCode)
    }
    if strict, counts.warnings > 0 { throw CommandFailure(exitCode: 1) }
  }
}
