import ArgumentParser
import Engine

/// The flags that pick partitions.
struct PartitionOptions: ParsableArguments {
  @Option(
    help: "Only this tenant, by its slug; can be given several times.",
    completion: Completions.owners)
  var tenant: [String] = []
  @Option(
    help: "Only this pipeline; can be given several times.", completion: Completions.pipelines)
  var pipeline: [String] = []
  @Option(help: "Only this period; can be given several times.", completion: Completions.periods)
  var period: [String] = []
  @Option(
    help: ArgumentHelp(
      "Only partitions in this state: done, failed, stale (failed, an older release is published),"
        + " missing (failed, nothing is published), provisional, final, restated or withdrawn;"
        + " can be given several times."),
    completion: .list(RunRecord.Choice.State.allCases.map(\.rawValue)),
    transform: { text in
      if let state = RunRecord.Choice.State(rawValue: text) { return state }
      throw ValidationError(
        "use one of "
          + RunRecord.Choice.State.allCases.map(\.rawValue).joined(separator: ", "))
    })
  var state: [RunRecord.Choice.State] = []

  /// The flags as a choice of the record.
  var choice: RunRecord.Choice {
    var choice = RunRecord.Choice()
    choice.tenants = tenant
    choice.pipelines = pipeline
    choice.periods = period
    choice.states = state
    return choice
  }
}
