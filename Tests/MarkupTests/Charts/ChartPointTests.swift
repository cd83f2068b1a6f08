import Testing

@testable import Markup

/// What a chart says beside its numbers: its point, its peak, the period before.
@Suite struct ChartPointTests {
  private func chart(_ values: [Double], previous: [Double] = []) -> Chart {
    var series = Chart.Series(
      name: "POCs", values: values, texts: values.map { "\(Int($0))" })
    series.previous = previous
    series.previousTexts = previous.map { "\(Int($0)) then" }
    var chart = Chart(
      kind: .columns, id: "c", title: "By month", description: "D",
      points: values.indices.map { .init(label: "m\($0)", title: "Month \($0)") },
      series: [series], labelTitle: "Month", tableTitle: "Numbers", emptyText: "Nothing")
    chart.previousName = previous.isEmpty ? "" : "2025"
    return chart
  }

  private func text(_ chart: Chart) -> String { String(decoding: chart.figure(), as: UTF8.self) }

  /// How many columns step back behind the highest one.
  private func rest(_ values: [Double]) -> Int {
    text(chart(values)).components("class=\"s0 rest\"")
  }

  @Test
  func `The highest column stands out, and none where two are as high or where there are few`() {
    #expect(rest([1, 5, 2, 0]) == 2)
    #expect(rest([1, 5, 5, 2]) == 0)
    #expect(rest([1, 5]) == 0)
    #expect(rest([0, 0, 0]) == 0)
  }

  @Test func `The numbers of the period before are outlines, and a column of the table`() {
    let text = text(chart([1, 5, 2], previous: [0, 9, 2]))
    #expect(text.components("class=\"ghost\"") == 3)  // two months, and the key
    #expect(text.contains("<th scope=\"col\" class=\"n\">POCs, 2025</th>"))
    #expect(text.contains("<td class=\"n\">5</td><td class=\"n\">9 then</td>"))
    #expect(text.contains("<title>Month 1, 2025: 9 then</title>"))
  }

  @Test func `The outline of a higher number stays inside the drawing`() throws {
    let canvas = chart([1, 5, 2], previous: [0, 90, 2]).canvas()
    let text = String(decoding: canvas.writer.bytes, as: UTF8.self)
    let heights = text.split(separator: "<rect class=\"ghost\"").dropFirst().compactMap { part in
      part.split(separator: " y=\"").dropFirst().first.flatMap { Double($0.prefix { $0 != "\"" }) }
    }
    // The drawing begins with the key's outline.
    #expect(heights.count == 2)
    #expect(heights.allSatisfy { $0 >= 0 && $0 <= canvas.height })
  }

  @Test func `A sum of many that has no number of the period before has an empty cell`() {
    var chart = chart([1, 5, 2], previous: [0, 9])
    chart.hasOthers = true
    #expect(text(chart).contains("<td class=\"n\">2</td><td class=\"n\"></td>"))
  }

  @Test func `A chart's point is its title, and what it shows stands below it`() {
    var chart = chart([1, 5, 2])
    #expect(text(chart).contains("<figcaption>By month</figcaption>"))
    chart.point = "May was the month: 5 <b>."
    #expect(
      text(chart).contains(
        "<figcaption><p class=\"point\">May was the month: 5 &lt;b&gt;.</p>"
          + "<p class=\"about\">By month</p></figcaption>"))
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(_ part: String) -> Int {
    split(separator: part, omittingEmptySubsequences: false).count - 1
  }
}
