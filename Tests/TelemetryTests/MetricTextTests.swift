import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// What monitors read, by Prometheus's own reader.
struct MetricTextTests {
  /// One family of each kind.
  static var families: [MetricFamily] {
    var gauge = MetricFamily(MetricCatalog.lastDuration)
    gauge.add(12.5, "nightly")
    var counter = MetricFamily(MetricCatalog.runs)
    counter.add(3, "nightly", "done")
    var histogram = MetricFamily(MetricCatalog.stageSeconds)
    histogram.add(
      sum: 7.25, count: 4, buckets: [0, 1, 2, 3, 3, 3, 3, 3, 3], labels: ["rows", "render"])
    return [gauge, counter, histogram]
  }

  @Test func `OpenMetrics names a counter without its suffix, and ends`() {
    #expect(
      MetricText.text(Self.families, .openmetrics) == """
        # HELP yearbook_run_last_duration_seconds How long the last run took, or has taken so far
        # TYPE yearbook_run_last_duration_seconds gauge
        # UNIT yearbook_run_last_duration_seconds seconds
        yearbook_run_last_duration_seconds{name="nightly"} 12.5
        # HELP yearbook_runs Runs that ended, by their state
        # TYPE yearbook_runs counter
        yearbook_runs_total{name="nightly",state="done"} 3
        # HELP yearbook_stage_duration_seconds How long successful tries at stages took in ended runs
        # TYPE yearbook_stage_duration_seconds histogram
        # UNIT yearbook_stage_duration_seconds seconds
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="0.05"} 0
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="0.25"} 1
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="1"} 2
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="5"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="15"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="60"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="300"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="1800"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="7200"} 3
        yearbook_stage_duration_seconds_bucket{pipeline="rows",stage="render",le="+Inf"} 4
        yearbook_stage_duration_seconds_sum{pipeline="rows",stage="render"} 7.25
        yearbook_stage_duration_seconds_count{pipeline="rows",stage="render"} 4
        # EOF

        """)
  }

  @Test func `Units stand at the end of names, and no two metrics share one`() {
    let names = MetricCatalog.all.map(\.name)
    #expect(Set(names).count == names.count)
    for metric in MetricCatalog.all {
      #expect(!metric.name.hasSuffix("_total"), "\(metric.name)")
      #expect(!metric.help.hasSuffix("."), "\(metric.name)")
      if let unit = metric.unit { #expect(metric.name.hasSuffix("_" + unit), "\(metric.name)") }
      for word in ["_seconds", "_bytes"] where metric.name.hasSuffix(word) {
        #expect(metric.unit.map { "_" + $0 } == word, "\(metric.name)")
      }
    }
  }

  @Test func `A name with quotes, line breaks and bidi controls stays one label`() {
    var family = MetricFamily(MetricCatalog.lastPlanned)
    family.add(1, "a\"b\\c\nd\u{202E}🦊")
    let line = MetricText.text([family], .prometheus).split(separator: "\n").last
    #expect(
      line == #"yearbook_run_last_planned_partitions{name="a\"b\\c\\nd\\u{202e}🦊"} 1"#,
      "\(line ?? "")")
  }

  @Test func `A number with other labels than its metric's is left out`() {
    var family = MetricFamily(MetricCatalog.runs)
    family.add(1, "nightly")
    family.add(sum: 1, count: 1, buckets: [], labels: ["nightly", "done"])
    #expect(family.samples.isEmpty)
    #expect(MetricText.text([family], .openmetrics) == "# EOF\n")
  }

  @Test func `Numbers are whole, exact, or named`() {
    #expect(MetricText.number(12) == "12")
    #expect(MetricText.number(1_795_230_900.25) == "1795230900.25")
    #expect(MetricText.number(.infinity) == "+Inf")
    #expect(MetricText.number(.nan) == "NaN")
    #expect(MetricText.number(1e300) == "1e+300")
  }

  @Test(.enabled(if: Places.program("promtool") != nil, "no promtool: scripts/install-judges"))
  func `Prometheus's own checker finds nothing wrong with the text`() throws {
    let promtool = try #require(Places.program("promtool"))
    try withTemporaryFolder { folder in
      let file = folder + "/metrics"
      try Data(MetricText.text(Self.families, .prometheus).utf8)
        .write(to: URL(fileURLWithPath: file))
      let (status, output) = try Program.run(
        ["/bin/sh", "-c", "\"\(promtool)\" check metrics <\"\(file)\""])
      #expect(status == 0, "\(output)")
    }
  }

  @Test
  func `A reader of the file sees the old text or the new one, and a killed writer's is gone`()
    throws
  {
    try withTemporaryFolder { folder in
      let path = folder + "/yearbook.prom"
      // A process that is no more.
      let dead = try RunningProgram(["/bin/true"])
      try dead.wait()
      try Data().write(to: URL(fileURLWithPath: "\(folder)/.yearbook.prom.\(dead.pid)"))
      try MetricFile.write("a 1\n", to: path)
      try MetricFile.write("a 2\n", to: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "a 2\n")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["yearbook.prom"])
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
      #expect(mode as? Int == 0o644)
      #expect(throws: (any Error).self) { try MetricFile.write("", to: folder + "/none/x.prom") }
    }
  }
}
