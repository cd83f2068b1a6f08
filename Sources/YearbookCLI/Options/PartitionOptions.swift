import ArgumentParser
import Engine

/// The flags that pick partitions.
struct PartitionOptions: ParsableArguments {
  @Option(help: "Only this tenant, by its slug; may be given several times.")
  var tenant: [String] = []
  @Option(help: "Only this pipeline; may be given several times.")
  var pipeline: [String] = []
  @Option(help: "Only this period; may be given several times.")
  var period: [String] = []
  @Option(
    help: ArgumentHelp(
      "Only partitions that are done, failed, stale (failed, an older release stands), missing (failed, none"
        + " stands), provisional, final or restated; may be given several times."),
    transform: { text in
      if let state = RunRecord.Choice.State(rawValue: text) { return state }
      throw ValidationError(
        "it is one of "
          + RunRecord.Choice.State.allCases.map(\.rawValue).joined(separator: ", "))
    })
  var state: [RunRecord.Choice.State] = []

  var choice: RunRecord.Choice {
    var choice = RunRecord.Choice()
    choice.tenants = tenant
    choice.pipelines = pipeline
    choice.periods = period
    choice.states = state
    return choice
  }
}
