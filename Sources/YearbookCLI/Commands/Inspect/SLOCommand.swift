import ArgumentParser
import Diagnostics
import Engine

struct SLOCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slo",
    abstract:
      "Shows which share of the due partitions was published by its deadline; exit code 1 if too few.",
    discussion: """
      The objective is 99.9 % over 30 days. Schedules with `due:` are counted. A night without a \
      run counts with all the partitions of the run before it.

      Examples:
        yearbook slo
        yearbook slo nightly --json
      """)

  @Argument(help: "Only this schedule (default: all).", completion: Completions.schedules)
  var schedule: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    try configuration.withServer {
      let record = try RunRecord(configuration.required(.record))
      var levels = try record.serviceLevels()
      let known = Array(Set(levels.map(\.schedule))).sorted()
      if let schedule {
        guard known.contains(schedule) else {
          throw Diagnostic(
            .usage, "no run of a schedule '\(schedule)' has had a deadline",
            hint: known.isEmpty
              ? "set due: 06:00 in pipelines/\(schedule).yaml; it counts from the next run on"
              : NearestWords.hint(for: schedule, in: known))
        }
        levels.removeAll { $0.schedule != schedule }
      }
      let missed = try record.missedNights().filter { schedule == nil || $0.schedule == schedule }
      try json ? tellAsJSON(levels, missed) : tell(levels, missed)
      let isKept = levels.allSatisfy { level in
        level.days < 30 || level.level.map { $0 >= RunRecord.serviceObjective } ?? true
      }
      if !isKept { throw CommandFailure(exitCode: 1) }
    }
  }

  private func tell(
    _ levels: [RunRecord.ServiceLevel], _ missed: [RunRecord.MissedNight]
  ) {
    let out = Console.standardOutput
    if levels.isEmpty {
      return out.line(
        "no run of a schedule has had a deadline: set due: 06:00 in the schedule's file")
    }
    for level in levels where level.days == 30 {
      guard let ratio = level.level, let burn = level.burn else {
        out.line("\(level.schedule): no deadline has passed in the last 30 days")
        continue
      }
      let isKept = ratio >= RunRecord.serviceObjective
      out.line(
        "\(level.schedule): \(out.styled(Self.percent(ratio), isKept ? .green : .red)) of"
          + " \(Figures.count(level.partitions, "partition")) due in 30 days kept,"
          + " \(Self.percent(RunRecord.serviceObjective)) promised;"
          + " \(Figures.count(level.missed)) missed at \(Figures.count(level.nights, "deadline"))")
      out.line(
        burn > 1
          ? "  the budget of 30 days is spent \(Self.tenths(burn)) times"
          : "  \(Self.percent(1 - burn)) of the budget is left")
      for shorter in levels where shorter.schedule == level.schedule && shorter.days < 30 {
        guard let burn = shorter.burn else { continue }
        let days = Figures.count(shorter.days, "day")
        out.line(
          "  last \(days): \(Figures.count(shorter.missed)) of \(Figures.count(shorter.partitions))"
            + " missed, \(Self.tenths(burn)) times the rate that is promised")
      }
    }
    for night in missed {
      out.line(
        "\(night.deadline) \(night.schedule): \(Figures.count(night.partitions - night.kept)) of"
          + " \(Figures.count(night.partitions, "partition")) missed"
          + (night.runs == 0 ? "; no run was for this deadline" : ""))
    }
  }

  /// `99.93 %`, rounded down, so that nothing below the objective looks like it.
  private static func percent(_ ratio: Double) -> String {
    let hundredths = Int(ratio * 10_000 + 1e-9)
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }

  private static func tenths(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(Figures.count(tenths / 10)).\(tenths % 10)"
  }

  private func tellAsJSON(
    _ levels: [RunRecord.ServiceLevel], _ missed: [RunRecord.MissedNight]
  ) throws {
    struct Output: Encodable {
      struct Level: Encodable {
        var schedule: String
        var days, deadlines, partitions, kept, missed: Int
        var level, burn: Double?
      }
      struct Night: Encodable {
        var schedule, deadline: String
        var partitions, kept, missed, runs: Int
      }
      var objective: Double
      var levels: [Level]
      var missed: [Night]
    }
    try Console.standardOutput.json(
      Output(
        objective: RunRecord.serviceObjective,
        levels: levels.map {
          .init(
            schedule: $0.schedule, days: $0.days, deadlines: $0.nights, partitions: $0.partitions,
            kept: $0.kept, missed: $0.missed, level: $0.level, burn: $0.burn)
        },
        missed: missed.map {
          .init(
            schedule: $0.schedule, deadline: $0.deadline, partitions: $0.partitions, kept: $0.kept,
            missed: $0.partitions - $0.kept, runs: $0.runs)
        }))
  }
}
