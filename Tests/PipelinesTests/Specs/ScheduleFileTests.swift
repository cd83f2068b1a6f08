import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Pipelines

@Suite struct ScheduleFileTests {
  private func read(_ text: String) throws -> Schedule {
    let pipelines = ["video", "report", "billing", "together"].map { name in
      Pipeline(
        name: name, file: "", periods: [.year], scope: name == "together" ? .platform : .tenant,
        title: [:], dependsOnDay: false,
        extract: ExtractSpec(preludes: [], queries: []))
    }
    return try withTemporaryFolder { folder in
      let file = "\(folder)/nightly.yaml"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      return try ScheduleFile(path: file, pipelines: pipelines).read()
    }
  }

  /// Line and column of each fault.
  private func faults(_ text: String) -> [String] {
    let errors = #expect(throws: Diagnostics.self) { try read(text) }
    let all = errors?.all ?? []
    #expect(all.allSatisfy { $0.code == .configuration })
    return all.map { "\($0.subject.line ?? 0):\($0.subject.column ?? 0)" }
  }

  @Test func `A schedule says what runs, when, and after what`() throws {
    let schedule = try read(
      """
      name: nightly
      grace: 3d
      pipelines:
        - {run: video, periods: [this-year, 2024]}
        - {run: report, periods: closing-years, needs: video}
      """)
    #expect(schedule.entries.map(\.pipeline) == ["video", "report"])
    #expect(schedule.entries.map(\.needs) == [[], ["video"]])
    #expect(schedule.entries.map(\.periods.count) == [2, 1])
    #expect(schedule.graceDays == 3)
  }

  @Test func `A schedule can be for one time zone, and then for no report of all tenants`() throws {
    let schedule = try read(
      """
      name: tokyo
      tenants: {zone: Asia/Tokyo}
      due: 06:00
      pipelines:
        - {run: report, periods: this-year}
      """)
    #expect(schedule.zone == "Asia/Tokyo" && schedule.due == "06:00")
    #expect(
      try read("name: all\ntenants: active\npipelines: [{run: together, periods: this-year}]").zone
        == nil)
    #expect(
      faults(
        """
        name: tokyo
        tenants: {zone: Asia/Tokyo}
        pipelines:
          - {run: together, periods: this-year}
        """) == ["4:5"])
    #expect(
      faults("name: x\ntenants: {}\npipelines: [{run: report, periods: this-year}]") == ["2:10"])
    #expect(
      faults("name: x\ntenants: all\npipelines: [{run: report, periods: this-year}]") == ["2:10"])
  }

  @Test func `A pipeline stands once, or it could wait for itself`() {
    let found = faults(
      """
      name: nightly
      pipelines:
        - {run: video, periods: this-year}
        - {run: report, periods: this-year, needs: video}
        - {run: video, periods: 2024, needs: report}
      """)
    #expect(found == ["5:5"])
  }

  @Test func `What is needed runs before`() {
    let found = faults(
      """
      name: nightly
      pipelines:
        - {run: report, periods: this-year, needs: [video, report]}
        - {run: video, periods: this-year, needs: billing}
      """)
    #expect(found == ["3:5", "3:5", "4:5"])
  }

  @Test(arguments: ["-1d", "10", "36501d", "9223372036854775807d", "10 d", ""])
  func `A grace that nobody could mean is refused`(grace: String) {
    let found = faults(
      "name: nightly\ngrace: '\(grace)'\npipelines: {run: video, periods: this-year}\n")
    #expect(found == ["2:8"])
  }

  @Test(arguments: [
    ("90s", 90), ("4m", 240), ("2h", 7200), ("36500d", 3_153_600_000), ("0s", 0),
    ("36501d", nil), ("9223372036854775807d", nil), ("153722867280912931m", nil), ("-1s", nil),
  ])
  func `A length of time is read in seconds, or refused`(text: String, seconds: Int?) {
    let reader = SpecReader(file: "f.yaml")
    #expect(reader.parse(text)?.duration() == seconds)
    #expect(reader.diagnostics.isEmpty == (seconds != nil))
  }

  @Test func `A message repeats nothing that a terminal would obey, and not without end`() throws {
    let reader = SpecReader(file: "f.yaml")
    let node = try #require(reader.parse("\"\\e[31m\\u202Ered\""))
    _ = node.word(of: ["green"])
    let long = try #require(reader.parse(String(repeating: "x", count: 5_000)))
    _ = long.word(of: ["green"])
    let messages = reader.diagnostics.map(\.message)
    #expect(messages.count == 2)
    #expect(messages.first?.contains("'\u{FFFD}[31m\u{FFFD}red'") == true)
    #expect(messages.last?.unicodeScalars.count == 501)
  }
}
