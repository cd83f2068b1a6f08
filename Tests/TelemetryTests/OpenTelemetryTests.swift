import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// What collectors get, by OpenTelemetry's own declarations of its messages.
struct OpenTelemetryTests {
  static var trace: RunTrace {
    var trace = RunTrace(
      run: "20261120T031502-7f3a0c", name: "nightly", state: "failed", version: "1.2.3",
      began: 1_795_230_900_000_000, ended: 1_795_230_960_500_000)
    trace.counts = [("published", 3), ("failed", 1)]
    trace.attempts = [
      .init(
        pipeline: "rows", period: "2026", tenant: nil, partition: "a", stage: "aggregate",
        number: 1, began: 1_795_230_901_000_000, seconds: 0.5, code: nil),
      .init(
        pipeline: "rows", period: "2026", tenant: "t\"\n🦊", partition: "b", stage: "render",
        number: 2, began: 1_795_230_902_000_000, seconds: 2, code: "data"),
    ]
    trace.dropped = 7
    trace.parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return trace
  }

  @Test func `Identifiers follow from the run, and no two spans share one`() {
    let run = "20261120T031502-7f3a0c"
    #expect(TraceIdentity.traceText(run: run).utf8.count == 32)
    #expect(TraceIdentity.trace(run: run) == TraceIdentity.trace(run: run))
    #expect(TraceIdentity.trace(run: run) != TraceIdentity.trace(run: run + "x"))
    #expect(TraceIdentity.attempt(["a", "bc"]) != TraceIdentity.attempt(["ab", "c"]))
  }

  @Test(arguments: [
    "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
  ])
  func `A malformed traceparent links to nothing`(text: String) {
    #expect(TraceIdentity.parent(text) == nil)
  }

  @Test func `Ten thousand attempts are requests of a bounded size`() {
    var trace = Self.trace
    trace.attempts = (0..<RunTrace.mostAttempts).map { number in
      .init(
        pipeline: "rows", period: "2026", tenant: nil, partition: String(number), stage: "render",
        number: 1, began: 0, seconds: 1, code: nil)
    }
    let requests = trace.requests(.json)
    #expect(requests.count == 11)
    #expect(requests.allSatisfy { $0.body.count < 1 << 20 })
  }

  @Test func `Names are those that Prometheus makes of its own again`() {
    #expect(MetricMessage.name(of: MetricCatalog.stageSeconds) == "yearbook.stage_duration")
    #expect(MetricMessage.name(of: MetricCatalog.volumeFree) == "yearbook.volume_free")
    #expect(MetricMessage.name(of: MetricCatalog.runs) == "yearbook.runs")
  }

  @Test(.enabled(if: Places.judgesPython != nil, "no judges: scripts/install-judges"))
  func `OpenTelemetry's own declarations read both encodings, and the same in both`() throws {
    let python = try #require(Places.judgesPython)
    try withTemporaryFolder { folder in
      for encoding in OTLPEncoding.allCases {
        let metrics = MetricMessage.request(
          MetricTextTests.families, version: "1.2.3", since: 1_795_000_000_000_000,
          now: 1_795_230_960_500_000, encoding)
        let trace = Self.trace.requests(encoding)
        #expect(trace.count == 1)
        for (name, request) in [("metrics", metrics), ("traces", trace[0])] {
          try Data(request.body).write(
            to: URL(fileURLWithPath: "\(folder)/\(name).\(encoding.rawValue)"))
        }
      }
      let (status, output) = try Program.run(
        [python, Places.project + "/Tests/Fixtures/otlp_judge.py", folder])
      #expect(status == 0, "\(output)")
      let lines = Set(output.split(separator: "\n").map(String.init))
      for line in [
        "span run nightly 60.5 2 failed links=1 parent=False",
        "attribute run nightly yearbook.partitions.failed=1",
        "attribute run nightly yearbook.attempts.dropped=7",
        "span rows aggregate 0.5 1  links=0 parent=True",
        "span rows render 2.0 2 data links=0 parent=True",
        "metric yearbook.run_last_duration s gauge 12.5", "metric yearbook.runs 1 sum 3.0",
        "metric yearbook.stage_duration s histogram [0, 1, 1, 1, 0, 0, 0, 0, 0, 1] 7.25",
      ] {
        #expect(lines.contains(line), "\(line)\n\(output)")
      }
    }
  }
}
