import Diagnostics
import Testing

@testable import YearbookCLI

@Suite struct RecordedArgumentsTests {
  @Test func `The record has a run's arguments as they can be pasted`() {
    #expect(
      CommandText.recorded(["run", "nightly", "--config", "my file.yaml"])
        == "run nightly --config 'my file.yaml'")
  }

  @Test(arguments: [
    ["--source", "postgresql://u:secret@h/d"], ["--source=postgresql://u:secret@h/d"],
    ["--record", "host=h password=secret"], ["--record=host=h password=secret"],
  ])
  func `No connection string gets into the record`(flags: [String]) {
    #expect(CommandText.recorded(flags + ["run", "rows"]) == "run rows")
    #expect(CommandText.recorded(["run", "rows"] + flags) == "run rows")
  }
}
