import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

/// What a chart can be, and what it is told if it is not.
@Suite struct ChartSpecTests {
  private func faults(_ chart: String) -> [String] {
    let reader = SpecReader(file: "p.yaml")
    if let node = reader.parse("charts:\n  one: \(chart)\n") {
      _ = AggregateSpec(node, queries: ["rows"])
    }
    do {
      try reader.finish()
      return []
    } catch {
      return error.all.map { "\($0)" + ($0.hint.map { " (\($0))" } ?? "") }
    }
  }

  @Test(arguments: [
    "{kind: heat, from: rows, x: hour, y: n, fill: hours, series: {column: weekday, fill: weekdays}}",
    "{kind: line, from: rows, x: month, y: n, series: room}",
    "{kind: line, from: rows, x: month, y: n, series: {column: room, top: 5, other: true, names: text}}",
    "{kind: line, from: rows, x: month, y: [a, b, c]}",
    "{kind: histogram, from: rows, x: seconds, names: duration, bins: [0, 60, 3600]}",
    "{kind: histogram, from: rows, x: price, y: n, bins: [-1.5, 0, 0.25]}",
    "{kind: scatter, from: rows, x: seconds, y: n, label: title, names: duration}",
    "{kind: change, from: rows, x: language, y: [now, before], top: 10}",
    "{kind: stacked, from: rows, x: month, y: n, series: {column: room, top: 3, other: true}}",
  ])
  func `A chart that can be drawn is read without faults`(chart: String) {
    #expect(faults(chart) == [])
  }

  @Test(arguments: [
    (
      "{kind: heat, from: rows, x: hour, y: n}", ["p.yaml:2:8: the key 'series' is missing"]
    ),
    (
      "{kind: share, from: rows, x: a, y: n, series: room}",
      [
        "p.yaml:2:46: a chart of kind 'share' has no 'series' (kinds with 'series': bar, stacked,"
          + " line, heat)"
      ]
    ),
    (
      "{kind: histogram, from: rows, x: a, bins: [1, 3, 2]}",
      ["p.yaml:2:57: the numbers of 'bins' must rise: 2 is not more than 3"]
    ),
    (
      "{kind: histogram, from: rows, x: a, bins: 10}",
      [
        "p.yaml:2:50: expected 2 to 41 numbers in a list (write the edges of the columns, for example"
          + " bins: [0, 60, 300, 3600])"
      ]
    ),
    (
      "{kind: histogram, from: rows, x: a, bins: [1, b]}",
      ["p.yaml:2:54: expected a number, found 'b'"]
    ),
    (
      "{kind: histogram, from: rows, x: a}", ["p.yaml:2:8: the key 'bins' is missing"]
    ),
    (
      "{kind: change, from: rows, x: a, y: n}",
      ["p.yaml:2:44: a chart of kind 'change' has 2 y, found 1 (write y: [NOW, BEFORE])"]
    ),
    (
      "{kind: line, from: rows, x: a, y: [n, m], series: room}",
      ["p.yaml:2:42: with 'series', a chart has one y, found 2"]
    ),
    (
      "{kind: line, from: rows, x: a, y: n, series: room, top: 3}",
      [
        "p.yaml:2:64: with 'series', the largest are chosen among its values (write series:"
          + " {column: room, top: N})"
      ]
    ),
    (
      "{kind: line, from: rows, x: a, y: n, series: {column: room, top: 9}}",
      ["p.yaml:2:73: expected a number from 1 to 8, found 9"]
    ),
    (
      "{kind: line, from: rows, x: a, y: n, series: {column: room, other: true}}",
      ["p.yaml:2:75: 'other' needs 'top': it sums what 'top' leaves out"]
    ),
    (
      "{kind: heatmap, from: rows, x: a, y: n}",
      [
        "p.yaml:2:15: expected one of bar, stacked, line, share, calendar, heat, histogram, scatter,"
          + " change, found 'heatmap' (did you mean heat?)"
      ]
    ),
    (
      "{kind: heat, from: rows, x: a, y: n, series: {column: b, fill: hourly}}",
      ["p.yaml:2:71: expected one of weekdays, hours, found 'hourly' (did you mean hours?)"]
    ),
    (
      "{kind: heat, from: rows, x: a, y: n, fill: hourly, series: b}",
      [
        "p.yaml:2:51: expected one of days, months, weekdays, hours, found 'hourly' (did you mean"
          + " hours?)"
      ]
    ),
  ])
  func `What is wrong with a chart is told with its place and what to write`(
    chart: String, expected: [String]
  ) {
    #expect(faults(chart) == expected)
  }

  /// The first column of the table in `docs/reference/charts.md` that begins with a heading.
  private func documented(_ heading: String) throws -> [String] {
    let text = try String(
      contentsOfFile: Places.project + "/docs/reference/charts.md", encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("| \(heading) |") })
    return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)
        .trimmingCharacters(in: ["`"])
    }
  }

  @Test func `The documented kinds, points and keys of charts are those of the program`() throws {
    #expect(try documented("`kind` | what it shows") == ChartSpec.Kind.allCases.map(\.rawValue))
    #expect(try documented("`fill` | the points") == ChartSpec.Fill.allCases.map(\.rawValue))
    let keys = Set(ChartSpec.keys).subtracting(["kind", "from", "x", "y"])
    #expect(Set(try documented("key | value")) == keys)
  }
}
