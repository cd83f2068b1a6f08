import Diagnostics
import Foundation
import Testing

@testable import Pipelines
@testable import Stages

/// Charts by two columns, of numbers and of changes, from rows to the page.
@Suite struct ChartKindTests {
  private func fixture(_ chart: String, _ rows: [String]) -> ReportFixture {
    var fixture = ReportFixture()
    fixture.aggregate = "charts:\n  kinds: \(chart)\n"
    fixture.datasets = [
      "rows": "title:text,size:integer,posts:integer,currency:text,day:date\n"
        + rows.map { $0 + "\n" }.joined()
    ]
    return fixture
  }

  private func made(
    _ spec: String, _ rows: [String]
  ) throws -> (chart: ReportModel.Chart, page: String) {
    let files = try fixture(spec, rows).files(template: "<p>{{{charts.kinds}}}</p>".page)
    let model = try ReportModel(json: Array(try #require(files["report.json"]).utf8))
    return (try #require(model.charts.first), try #require(files["index.html"]))
  }

  private func failure(_ spec: String, _ rows: [String]) throws -> Diagnostic {
    do {
      _ = try fixture(spec, rows).files(template: "<p>x</p>")
      throw Diagnostic(.bug, "nothing failed")
    } catch let error as Diagnostic { return error }
  }

  private func values(_ chart: ReportModel.Chart) -> [[String]] {
    chart.series.map { $0.values.map(\.description) }
  }

  @Test func `Each value of a column is a line, and what has no row is nought`() throws {
    let spec = "{kind: line, from: rows, x: day, y: size, series: title, names: month}"
    // The first room has no January, so the months come out of order.
    let (chart, page) = try made(
      spec, ["b,5,,,2026-02-01", "a,3,,,2026-01-01", "a,4,,,2026-02-01", ",9,,,2026-01-01"])
    #expect(chart.labels == ["2026-01-01", "2026-02-01"])
    #expect(chart.series.map(\.name) == ["b", "a", ""])
    #expect(values(chart) == [["0", "5"], ["3", "4"], ["9", "0"]])
    #expect(chart.seriesColumn == "title" && chart.valueColumn == "size")
    // A text of a row is data, and what is missing has a name.
    #expect(page.contains("<th scope=\"col\" class=\"n\">nenhum</th>"))
    #expect(page.matches(of: /<polyline class="l[0-7]"/).count == 3)
  }

  @Test func `The largest values of a column are shown, and the sum of the others is no line`()
    throws
  {
    let rows = (0..<20).flatMap { room in
      [1, 2].map { "r\(room),\(room * 10 + $0),,,2026-0\($0)-01" }
    }
    let spec =
      "{kind: line, from: rows, x: day, y: size, series: {column: title, top: 2, other: true}}"
    let (chart, page) = try made(spec, rows)
    #expect(chart.series.map(\.name) == ["r19", "r18"])
    #expect(chart.seriesOthers?.count == 18)
    #expect(
      chart.seriesOthers?.values.map(\.description)
        == [
          String((0..<18).reduce(0) { $0 + $1 * 10 + 1 }),
          String((0..<18).reduce(0) { $0 + $1 * 10 + 2 }),
        ])
    #expect(page.matches(of: /<polyline class="l[0-7]"/).count == 2)
    #expect(page.contains("outros (18)"))
    // In a stack it is a part of the whole.
    let (_, stacked) = try made(
      spec.replacing("line", with: "stacked").replacing("x: day", with: "x: day, names: month"),
      rows)
    #expect(stacked.contains("class=\"so\""))
  }

  @Test func `A square of a heat map that comes twice is refused with its row`() throws {
    let spec = "{kind: heat, from: rows, x: size, y: posts, series: title, fill: hours}"
    let error = try failure(spec, ["a,9,1,,", "b,9,1,,", "a,9,2,,"])
    #expect(
      error.message == "the chart 'kinds' has two rows with the same 'size' and 'title': the second"
        + " is row 3 of the dataset 'rows'")
    #expect(error.subject.line != nil)
  }

  @Test func `A heat map has all hours and days of the week, and leaves nothing out`() throws {
    let spec =
      "{kind: heat, from: rows, x: size, y: posts, fill: hours, series: {column: title, fill: weekdays}}"
    let (chart, page) = try made(spec, ["0,23,7,,", "6,0,1,,"])
    #expect(chart.labels == (0...23).map(String.init))
    #expect(chart.series.map(\.name) == (0...6).map(String.init))
    #expect(chart.series[0].values.last == DecimalNumber(7))
    #expect(page.components(separatedBy: "<rect class=\"q").count == 1 + 7 * 24 + 5)
    #expect(page.contains("segunda-feira, 23h: 7"))
    #expect(page.contains(">Notas: segunda-feira, 23h, 7.</desc>"))
  }

  @Test func `More lines than can be told apart are refused with what to write`() throws {
    let spec = "{kind: line, from: rows, x: day, y: size, series: title}"
    let error = try failure(spec, (0..<9).map { "r\($0),1,,,2026-01-01" })
    #expect(error.message == "the chart 'kinds' has more than 8 values of 'title'")
    #expect(error.hint?.contains("series: {column: title, top: 8, other: true}") == true)
  }

  @Test func `A histogram counts every row once, at its lower edge and beyond both ends`() throws {
    let spec = "{kind: histogram, from: rows, x: size, bins: [0, 10, 20]}"
    let (chart, page) = try made(
      spec, ["a,0,,,", "a,9,,,", "a,10,,,", "a,20,,,", "a,999,,,", "a,-1,,,", "a,,,,"])
    #expect(chart.labels == ["..0", "0..10", "10..20", "20..", ""])
    #expect(values(chart) == [["1", "2", "1", "2", "1"]])
    for title in ["menos de 0", "0–9", "10–19", "20 ou mais", "nenhum"] {
      #expect(page.contains("<bdi>\(title)</bdi>"), "\(title)")
    }
    let inner = try made(spec, ["a,5,,,"]).chart
    #expect(inner.labels == ["0..10", "10..20"])
    let weighted = try made(
      spec.replacing("bins", with: "y: posts, bins"), ["a,5,40,,", "a,6,2,,"])
    #expect(values(weighted.chart) == [["42", "0"]])
    #expect(try made(spec, []).page.contains("Nada"))
  }

  @Test func `A scatter chart has a dot for each row with both numbers, and equal ones are one`()
    throws
  {
    let spec = "{kind: scatter, from: rows, x: size, y: posts, label: title}"
    let (chart, page) = try made(
      spec, ["a,1,2,,", "<b>,1,2,,", "c,-3,0,,", "d,,5,,", "e,5,,,", "f,0,0,,"])
    #expect(chart.labels == ["a", "<b>", "c", "f"])
    #expect(values(chart) == [["1", "1", "-3", "0"], ["2", "2", "0", "0"]])
    #expect(page.components(separatedBy: "<circle class=\"dot\"").count == 4)
    #expect(page.contains("a, &lt;b&gt;: 1, 2"))
    // A dot at zero is a dot, and without names the first number names the row.
    let plain = try made("{kind: scatter, from: rows, x: size, y: posts}", ["a,0,0,,"])
    #expect(plain.page.contains("<th scope=\"row\"><bdi>0</bdi></th><td class=\"n\">0</td>"))
    let error = try failure(spec, (0...2000).map { "a,\($0),1,," })
    #expect(error.message == "the chart 'kinds' has more than 2000 points")
  }

  @Test func `A change shows where each name was and where it is`() throws {
    let spec = "{kind: change, from: rows, x: title, y: [size, posts], top: 2}"
    let page = try made(spec, ["a,3,7,,", "b,9,0,,", "c,1,1,,"]).page
    #expect(page.contains("7 → 3") && page.contains("0 → 9") && !page.contains("1 → 1"))
  }

  @Test func `The sum of others has a number and no bar`() throws {
    let rows = (0..<9).map { "n\($0),\(10 - $0),,," }
    let page = try made(
      "{kind: bar, from: rows, x: title, y: [size], top: 2, other: true}", rows
    ).page
    #expect(page.components(separatedBy: "class=\"s0\"").count == 3)
    #expect(page.contains("outros (7)") && page.contains(">35</text>"))
    // The leader's bar has the whole width, and the sum is not the highest value.
    #expect(page.contains("width=\"360\" height=\"7\" rx=\"2\"/>"))
    #expect(page.contains(">Tamanho: n0, 10.</desc>"))
  }
}

extension String {
  fileprivate var page: String { replacing("<p>", with: "<div>").replacing("</p>", with: "</div>") }
}
