import Foundation
import TestSupport
import Testing

@testable import Markup

@Suite struct ChartTests {
  static let kinds: [Chart.Kind] = [
    .columns, .bars, .stackedColumns, .stackedBars, .line, .share, .heat, .histogram, .scatter,
    .change,
  ]

  private static let names = [
    "Java", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処",
    "=1+2", "<script>alert(1)</script>", "👩‍💻👩‍💻👩‍💻", "مرحبا بالعالم", "",
  ]

  /// From a seed, so that the charts are the same on every machine.
  static func chart(_ kind: Chart.Kind, points: Int, series: Int, seed: UInt64) -> Chart {
    var state = seed
    func next() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    let columns = (0..<series).map { _ in
      let values = (0..<points).map { _ -> Double in
        switch next() % 4 {
        case 0: 0
        case 1: Double(next() % 10)
        case 2: Double(next() % 1_000_000_000)
        default:
          [.columns, .scatter, .change, .line].contains(kind)
            ? -Double(next() % 500) : Double(next() % 500)
        }
      }
      return Chart.Series(
        name: names[next() % 5], values: values, texts: values.map { "R$ \(Int($0)),00" })
    }
    var chart = Chart(
      kind: kind, id: "c", title: "Title", description: "Description",
      points: (0..<points).map { index in
        let name = names[(next() + index) % names.count]
        return .init(label: name, title: name)
      }, series: columns, labelTitle: "Name", tableTitle: "Numbers", emptyText: "Nothing")
    if kind == .columns, seed % 2 == 1 {
      chart.previousName = "2025, same days"
      for index in chart.series.indices {
        let previous = (0..<points).map { _ in Double(next() % 700) }
        chart.series[index].previous = previous
        chart.series[index].previousTexts = previous.map { "R$ \(Int($0)),00" }
      }
    }
    addScales(to: &chart)
    if seed % 3 == 1, ![.share, .scatter, .histogram].contains(kind), points > 1 {
      chart.hasOthers = true
    }
    if seed % 4 == 1, [.line, .heat, .stackedBars, .stackedColumns].contains(kind), series > 1 {
      chart.series[series - 1].isOthers = true
      chart.note = "Only in the numbers: others (12)"
    }
    return chart
  }

  private static func ticks(_ values: [Double]) -> [Chart.Tick] {
    ChartScale.numbers(min(0, values.min() ?? 0), max(0, values.max() ?? 0), unit: .whole)
      .map { .init(value: $0.value, text: "R$ \($0.text)") }
  }

  private static func addScales(to chart: inout Chart) {
    for index in chart.series.indices {
      chart.series[index].scale = ticks(
        chart.series[index].values + chart.series[index].previous)
    }
    chart.scale =
      switch chart.kind {
      case .scatter: ticks(chart.series[chart.series.count - 1].values)
      case .stackedColumns:
        ticks(
          chart.points.indices.map { point in
            chart.series.reduce(0) { $0 + max(0, $1.values[point]) }
          })
      default: ticks(chart.series.flatMap(\.values))
      }
    chart.acrossScale = ticks(chart.series[0].values)
    chart.edges = (0...chart.points.count).map { .init(value: Double($0), text: "\($0) min") }
    if chart.kind == .histogram { chart.points[chart.points.count - 1].isApart = true }
  }

  /// How many series a chart of a kind has in a trial.
  private static func series(_ kind: Chart.Kind, _ seed: Int) -> Int {
    switch kind {
    case .share, .histogram: 1
    case .scatter, .change: 2
    case .heat: 1 + seed % 24
    case .line, .stackedBars, .stackedColumns: 1 + seed % 8
    default: 1 + seed % 3
    }
  }

  @Test(arguments: kinds)
  func `No labels overlap or leave the drawing, for any data`(
    kind: Chart.Kind
  ) {
    for seed in 0..<60 {
      let points = [1, 2, 7, 12, 31, 53, 400][seed % 7]
      let series = Self.series(kind, seed)
      let canvas = Self.chart(kind, points: points, series: series, seed: UInt64(seed)).canvas()
      for (index, box) in canvas.boxes.enumerated() {
        #expect(box.x >= -0.1 && box.x + box.width <= ChartCanvas.width + 0.1, "seed \(seed)")
        #expect(box.y + box.height <= canvas.height + 3, "seed \(seed)")
        for other in canvas.boxes[(index + 1)...] where box.width > 0 && other.width > 0 {
          #expect(!box.overlaps(other), "seed \(seed): \(box) \(other)")
        }
      }
    }
  }

  @Test(arguments: kinds)
  func `Every chart is well-formed and holds its numbers as a table`(kind: Chart.Kind) throws {
    let chart = Self.chart(kind, points: 12, series: Self.series(kind, 1), seed: 3)
    let figure = chart.figure()
    let document = try XMLTexts(of: figure, file: "chart.svg")
    #expect(
      document.names.isSuperset(of: ["figure", "figcaption", "svg", "title", "desc", "table"]))
    let table = document.text(ofFirst: "tbody") ?? ""
    for text in chart.series.flatMap(\.texts) { #expect(table.contains(text)) }
  }

  @Test(arguments: [
    (0.0, 7.0, ChartScale.Unit.whole, ["0", "2", "4", "6", "8"]),
    (0, 1, .whole, ["0", "1"]), (0, 0, .whole, ["0", "1"]),
    (-3, 3, .whole, ["-4", "-2", "0", "2", "4"]),
    (0, 1234, .whole, ["0", "500", "1000", "1500"]), (5, 5, .whole, ["5", "6"]),
    (0, 0.34, .percent, ["0.0", "0.1", "0.2", "0.3", "0.4"]),
    (0, 0.008, .percent, ["0.000", "0.002", "0.004", "0.006", "0.008"]),
    (0, 0.34, .decimal, ["0.0", "0.1", "0.2", "0.3", "0.4"]),
    (0, 90, .seconds, ["0", "60", "120"]), (0, 45, .seconds, ["0", "15", "30", "45"]),
    (0, 9_000, .seconds, ["0", "3600", "7200", "10800"]),
    (0, 400_000, .seconds, ["0", "172800", "345600", "518400"]), (0, 1e30, .whole, []),
    (1, 0, .whole, []), (0, .infinity, .whole, []), (0, .nan, .whole, []),
  ])
  func `A scale has a few round numbers around its values, or none`(
    low: Double, high: Double, unit: ChartScale.Unit, texts: [String]
  ) {
    #expect(ChartScale.numbers(low, high, unit: unit).map(\.text) == texts)
  }

  @Test func `A scale is even and holds its values, for any values`() {
    for seed in Seeds.of(few: 2000, many: 200_000) {
      var random = SeededRandom(seed: seed)
      let size = pow(10, Double(random.number(-3...13)))
      let values = [0, 1].map { _ in Double(random.number(-1000...1000)) / 1000 * size }.sorted()
      for unit in [ChartScale.Unit.whole, .decimal, .seconds] {
        let numbers = ChartScale.numbers(values[0], values[1], unit: unit)
        guard let first = numbers.first, let last = numbers.last else {
          Issue.record("no scale for \(values), seed \(seed)")
          continue
        }
        #expect(first.value <= values[0] + size * 1e-9, "seed \(seed)")
        #expect(last.value >= values[1] - size * 1e-9, "seed \(seed)")
        #expect((2...6).contains(numbers.count), "seed \(seed)")
        let steps = zip(numbers, numbers.dropFirst()).map { $1.digits - $0.digits }
        #expect(Set(steps).count == 1 && steps[0] > 0, "seed \(seed)")
        #expect(numbers.allSatisfy { abs((Double($0.text) ?? .nan) - $0.value) <= size * 1e-9 })
      }
    }
  }

  @Test(arguments: ["0", "2", "10", "1.234.567", "−5", "30 min", "0,25"])
  func `The numbers of a scale are never cut`(text: String) {
    for kind in [Chart.Kind.line, .scatter, .stackedColumns, .columns] {
      var chart = Self.chart(kind, points: 53, series: 2, seed: 6)
      let ticks = [Chart.Tick(value: 1, text: text)]
      (chart.scale, chart.series[0].scale, chart.series[1].scale) = (ticks, ticks, ticks)
      let drawn = String(decoding: chart.figure(), as: UTF8.self)
      #expect(drawn.contains("text-anchor=\"end\">\(text)</text>"), "\(kind)")
    }
  }

  @Test func `Lines that end in one place have names that do not`() {
    var chart = Self.chart(.line, points: 12, series: 8, seed: 0)
    for index in chart.series.indices {
      chart.series[index].values = (0..<12).map { Double($0 + 1) }
      chart.series[index].name = "Room \(index)"
    }
    let text = String(decoding: chart.figure(), as: UTF8.self)
    for index in 0..<8 {
      #expect(text.contains("<polyline class=\"l\(index)\""))
      #expect(text.components(separatedBy: ">Room \(index)</text>").count == 2)
    }
  }

  @Test func `Columns stand on a zero baseline, even if all values are equal`() {
    let scale = Chart.Scale([98, 99, 100], top: 0, height: 100)
    #expect(scale.zero == 100)
    #expect(scale.y(100) == 0)
    #expect(scale.y(98) == 2)
    let mixed = Chart.Scale([-50, 50], top: 0, height: 100)
    #expect(mixed.zero == 50)
  }

  @Test func `A calendar's shades are quarters of its busiest day`() {
    #expect((0...5).map { Chart.level($0, of: 5) } == [0, 1, 2, 3, 4, 4])
    #expect((0...1).map { Chart.level($0, of: 1) } == [0, 4])
    #expect(Chart.level(1, of: 400) == 1)
  }

  @Test func `A chart without numbers says so and draws nothing`() {
    var chart = Self.chart(.bars, points: 3, series: 1, seed: 1)
    chart.series[0].values = [0, 0, 0]
    let text = String(decoding: chart.figure(), as: UTF8.self)
    #expect(text.contains("Nothing"))
    #expect(!text.contains("<svg"))
  }

  @Test func `A long label is cut, and its title has the full text`() {
    #expect(TextWidth.truncated("abc", to: 100, size: 11) == "abc")
    let cut = TextWidth.truncated("寿限無寿限無五劫の擦り切れ", to: 60, size: 11)
    #expect(cut.hasSuffix("…"))
    #expect(TextWidth.of(cut, size: 11) <= 60)
  }
}
