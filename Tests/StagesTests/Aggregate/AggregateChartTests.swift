import Diagnostics
import Foundation
import Testing

@testable import Pipelines
@testable import Stages

@Suite struct AggregateChartTests {
  private func fixture(_ chart: String, _ rows: [String], order: String = "") -> ReportFixture {
    var fixture = ReportFixture()
    fixture.aggregate = "charts:\n  kinds: \(chart)\n"
    fixture.datasets = [
      "rows": "title:text,size:integer,posts:integer,currency:text,day:date\n"
        + rows.map { $0 + "\n" }.joined()
    ]
    return fixture
  }

  private func chart(_ spec: String, _ rows: [String]) throws -> ReportModel.Chart {
    let files = try fixture(spec, rows).files(template: "<p>x</p>")
    let model = try ReportModel(json: Array(try #require(files["report.json"]).utf8))
    return try #require(model.charts.first)
  }

  private func failure(_ spec: String, _ rows: [String]) throws -> Diagnostic {
    do {
      _ = try fixture(spec, rows).files(template: "<p>x</p>")
      throw Diagnostic(.bug, "nothing failed")
    } catch let error as Diagnostic { return error }
  }

  @Test(arguments: [
    "{kind: bar, from: rows, x: title, y: [size]}",
    "{kind: line, from: rows, x: title, y: [size]}",
    "{kind: share, from: rows, x: title, y: [size], top: 1, other: true}",
    "{kind: bar, from: rows, x: title, y: [size], currency: currency, format: money}",
  ])
  func `A label that comes twice is refused with its row, and is not drawn twice`(spec: String)
    throws
  {
    let error = try failure(spec, ["s3cret,1,,EUR,", "b,2,,EUR,", "s3cret,3,,EUR,"])
    #expect(error.code == .configuration)
    #expect(
      error.message == "the chart 'kinds' has two rows with the same 'title': the second is"
        + " row 3 of the dataset 'rows'")
    #expect(error.hint?.contains("group the query's rows by 'title'") == true)
    #expect(error.subject.line != nil)
  }

  @Test func `A day that comes twice is refused, and does not hide the first`() throws {
    let spec = "{kind: calendar, from: rows, x: day, y: [size], fill: days}"
    let error = try failure(spec, [",1,,,2026-01-01", ",2,,,2026-01-01"])
    #expect(error.message.contains("two rows with the same 'day'"))
  }

  @Test func `One label in two currencies is two charts, and a missing label is not an empty one`()
    throws
  {
    let spec = "{kind: bar, from: rows, x: title, y: [size], currency: currency, format: money}"
    let files = try fixture(spec, ["a,1,,BRL,", "a,2,,USD,"]).files(template: "<p>x</p>")
    let model = try ReportModel(json: Array(try #require(files["report.json"]).utf8))
    #expect(model.charts.map(\.currency) == ["BRL", "USD"])
    let chart = try chart("{kind: bar, from: rows, x: title, y: [size]}", [",1,,,", "\"\",2,,,"])
    #expect(chart.labels == ["", ""])
  }

  @Test func `The largest names are shown, wherever their rows are`() throws {
    let spec = "{kind: bar, from: rows, x: title, y: [size], top: 3, other: true}"
    let sizes = [1, 9, 3, 4, 8, 9, 2]
    let rows = sizes.enumerated().map { "n\($0),\($1),,," }
    let chart = try chart(spec, rows)
    // Equal ones stay in the order of the rows.
    #expect(chart.labels == ["n1", "n5", "n4"])
    #expect(chart.series[0].values == [9, 9, 8].map { DecimalNumber($0) })
    #expect(chart.others == .init(count: 4, values: [DecimalNumber(10)]))
  }

  @Test func `Of several numbers their sum decides, and a loss is as large as a gain`() throws {
    let chart = try chart(
      "{kind: stacked, from: rows, x: title, y: [size, posts], top: 2, other: true}",
      ["a,5,0,,", "b,3,4,,", "c,-9,0,,", "d,1,1,,"])
    #expect(chart.labels == ["c", "b"])
    #expect(chart.others?.count == 2)
  }

  @Test func `A hundred thousand names in rising order cost no time worth naming`() throws {
    let chart = try chart(
      "{kind: bar, from: rows, x: title, y: [size], top: 5, other: true}",
      (0..<100_000).map { "n\($0),\($0),,," })
    #expect(chart.labels == ["n99999", "n99998", "n99997", "n99996", "n99995"])
    #expect(chart.others?.count == 99_995)
  }

  @Test func `Rows that the order does not tell apart are refused, and the tie is named`() throws {
    func make(_ rows: [String]) throws {
      var fixture = ReportFixture()
      fixture.aggregate = "figures:\n  rows: {from: rows, count: rows}\n"
      fixture.datasets = ["rows": "day:date,id:text,size:integer\n" + rows.joined()]
      try fixture.with(template: "<p>x</p>") { work, environment in
        var work = work
        work.pipeline.extract.queries[0].order = [
          .init(column: "size", descending: true), .init(column: "day", descending: false),
        ]
        _ = try AggregateStage().prepare(work, inputs: [], environment: environment).run()
      }
    }
    try make(["2026-01-01,a,3\n", "2026-01-02,b,3\n", "2026-01-02,b,3\n"])
    try make([",a,3\n", "2026-01-02,b,3\n", ",,\n"])
    do {
      try make(["2026-01-01,a,3\n", "2026-01-02,0a,3\n", "2026-01-02,0b,3\n"])
      Issue.record("it was accepted")
    } catch let error as Diagnostic {
      #expect(
        error.message == "row 3 of the dataset 'rows' (id 0b) and the row before it have the same"
          + " size, day: the order of the query is not unique")
      #expect(error.subject.file?.hasSuffix("rows.sql") == true)
    }
  }

  @Test func `A ratio that is not nothing is not 0,0`() throws {
    var fixture = ReportFixture()
    fixture.aggregate = """
      figures:
        part: {from: totals, value: posts}
        whole: {from: totals, value: posts_before}
        each: {ratio: [part, whole], format: decimal}
        share: {ratio: [part, whole]}
      """
    fixture.datasets = ["totals": "posts:bigint,posts_before:bigint\n3,1000\n"]
    let files = try fixture.files(template: "<p>x</p>")
    let model = try ReportModel(json: Array(try #require(files["report.json"]).utf8))
    #expect(model.figure("each")?.amounts.first?.value?.description == "0.003")
    #expect(model.figure("share")?.amounts.first?.value?.description == "0.003000")
  }
}
