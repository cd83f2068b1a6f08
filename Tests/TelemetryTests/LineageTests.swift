import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// Events of OpenLineage, by its own client's classes.
struct LineageTests {
  private static var lineage: RunLineage {
    var people = RunLineage.Dataset(
      namespace: "yearbook", name: "rows.people", fields: [.init(name: "username", type: "text")])
    people.origins = [
      "username": [.init(namespace: "source", name: "user", field: "username")]
    ]
    people.made = .init(rows: 7, bytes: 120, digest: "abc")
    let table = RunLineage.Dataset(
      namespace: "source", name: "user", fields: [.init(name: "username", type: nil)])
    return RunLineage(
      run: "20261120T031502-7f3a0c", version: "1.2.3",
      jobs: [
        .init(
          pipeline: "rows", stage: nil, began: 1_795_230_900_000_000, ended: 1_795_230_960_500_000,
          codes: ["data"], inputs: [table], outputs: [people]),
        .init(
          pipeline: "rows", stage: "aggregate", began: 1_795_230_901_000_000,
          ended: 1_795_230_902_000_000, codes: [], inputs: [people], outputs: []),
      ])
  }

  @Test(.enabled(if: Places.judgesPython != nil, "no judges: scripts/install-judges"))
  func `OpenLineage's own client reads every event, and stages stand between their pipeline's`()
    throws
  {
    let python = try #require(Places.judgesPython)
    let requests = try Self.lineage.requests()
    try withTemporaryFolder { folder in
      let lines = requests.map { String(decoding: $0.body, as: UTF8.self) }
      try Data(lines.joined(separator: "\n").utf8).write(
        to: URL(fileURLWithPath: folder + "/events"))
      let (status, output) = try Program.run(
        [python, Places.project + "/Tests/Fixtures/lineage_judge.py", folder + "/events"])
      #expect(status == 0, "\(output)")
      let whole = RunLineage.identifier("20261120T031502-7f3a0c", "rows")
      let stage = RunLineage.identifier("20261120T031502-7f3a0c", "rows.aggregate")
      #expect(
        output.split(separator: "\n").map(String.init) == [
          "START rows \(whole) 1 1 -", "START rows.aggregate \(stage) 1 0 parent",
          "COMPLETE rows.aggregate \(stage) 1 0 parent", "FAIL rows \(whole) 1 1 -",
        ], "\(output)")
    }
  }

  @Test func `The same run and job have the same identifier in every sending`() {
    #expect(RunLineage.identifier("a", "b") == RunLineage.identifier("a", "b"))
    #expect(RunLineage.identifier("a", "b") != RunLineage.identifier("a", "c"))
    #expect(UUID(uuidString: RunLineage.identifier("a", "b")) != nil)
  }
}
