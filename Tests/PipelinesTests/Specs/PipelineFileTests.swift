import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

/// Broken pipeline files, with `1️⃣` before the place that must be reported.
@Suite struct PipelineFileTests {
  @Test(arguments: [
    ("name: p\nperiod: 1️⃣yeer\nextract: {queries: {q: {}}}\naggregate: {}", "expected one of year"),
    ("name: p\nperiod: year\n1️⃣extrct: {queries: {q: {}}}\naggregate: {}", "unknown key 'extrct'"),
    (
      "name: 1️⃣other\nperiod: year\nextract: {queries: {q: {}}}\naggregate: {}",
      "is not the folder's name"
    ),
    (
      "name: p\nperiod: year\nextract:\n  queries:\n    1️⃣nowhere: {}\naggregate: {}",
      "does not exist"
    ),
    (
      "name: p\nperiod: year\nextract: {queries: {q: {order: [1️⃣'a; b']}}}\naggregate: {}",
      "'column desc'"
    ),
    ("name: p\nperiod: year\nperiod: 1️⃣month", "appears twice"),
    ("name: p\nperiod: [year\n1️⃣extract: x", "not YAML"),
    ("1️⃣just words", "expected a mapping"),
  ])
  func `A fault is reported with its line and column`(marked: String, message: String) throws {
    let before = try #require(marked.components(separatedBy: "1️⃣").first)
    let faults = try faults(["p/pipeline.yaml": marked.replacingOccurrences(of: "1️⃣", with: "")])
    let fault = try #require(
      faults.first { $0.message.contains(message) }, "\(faults.map(\.description))")
    #expect(fault.code == .configuration)
    #expect(fault.subject.file?.hasSuffix("p/pipeline.yaml") == true)
    if !message.contains("twice") && !message.contains("not YAML") {
      #expect(
        fault.subject.line == before.split(separator: "\n", omittingEmptySubsequences: false).count)
      #expect(
        fault.subject.column
          == (before.split(separator: "\n", omittingEmptySubsequences: false).last?.count ?? 0) + 1)
    }
  }

  @Test func `All errors of all files are reported at once`() throws {
    let faults = try faults([
      "p/pipeline.yaml": "name: p\nperiod: yeer\nextrct: {}\n",
      "r/pipeline.yaml": "name: x\nperiod: year\nextract: {queries: {q: {}}}\n",
      "nightly.yaml": "name: nightly\npipelines:\n  - {run: nothing, periods: [this-yeer]}\n",
    ])
    #expect(faults.count >= 6, "\(faults.map(\.description))")
    #expect(faults.contains { $0.hint == "did you mean extract?" })
    #expect(
      faults.contains { $0.hint == "did you mean this-year?" || $0.message.contains("this-yeer") })
  }

  @Test func `A pipeline that needs one that comes later is refused`() throws {
    let good =
      "name: NAME\nperiod: year\nextract: {queries: {q: {}}}\naggregate: {figures: {n: {from: q, count: rows}}}\n"
    let faults = try faults([
      "p/pipeline.yaml": good.replacingOccurrences(of: "NAME", with: "p"),
      "r/pipeline.yaml": good.replacingOccurrences(of: "NAME", with: "r"),
      "nightly.yaml": """
      name: nightly
      pipelines:
        - {run: p, periods: [this-year], needs: [r]}
        - {run: r, periods: [this-month], needs: [q]}
      """,
    ])
    #expect(
      faults.map(\.message) == [
        "'p' needs 'r', which does not run before it",
        "'r' needs 'q', which this schedule does not run",
        "'r' does not run by month, only by year",
      ])
  }

  /// The faults of a folder of pipelines that contains `p/q.sql` and `r/q.sql`.
  private func faults(_ files: [String: String]) throws -> [Diagnostic] {
    try withTemporaryFolder { folder in
      for name in ["p", "r"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        try "SELECT tenant_id, 1 AS n FROM partition".write(
          toFile: "\(folder)/\(name)/q.sql", atomically: true, encoding: .utf8)
      }
      for (name, text) in files {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      do throws(Diagnostics) {
        _ = try PipelineLibrary(folder: folder)
        return []
      } catch {
        return error.all
      }
    }
  }
}
