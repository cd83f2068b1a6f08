import Testing

@testable import Markup

@Suite struct ChartTests {
  static let kinds: [Chart.Kind] = [
    .columns, .bars, .stackedColumns, .stackedBars, .line, .share,
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
        default: kind == .columns ? -Double(next() % 500) : Double(next() % 500)
        }
      }
      return Chart.Series(
        name: names[next() % 5], values: values, texts: values.map { "R$ \(Int($0)),00" })
    }
    return Chart(
      kind: kind, id: "c", title: "Title", description: "Description",
      points: (0..<points).map { index in
        let name = names[(next() + index) % names.count]
        return .init(label: name, title: name)
      }, series: columns, labelTitle: "Name", tableTitle: "Numbers", emptyText: "Nothing")
  }

  @Test(arguments: kinds)
  func `No labels overlap or leave the drawing, for any data`(
    kind: Chart.Kind
  ) {
    for seed in 0..<60 {
      let points = [1, 2, 7, 12, 31, 53][seed % 6]
      let series = kind == .share ? 1 : 1 + seed % 3
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
    let chart = Self.chart(kind, points: 12, series: 1, seed: 3)
    let figure = chart.figure()
    let document = try XMLTexts(of: figure, file: "chart.svg")
    #expect(
      document.names.isSuperset(of: ["figure", "figcaption", "svg", "title", "desc", "table"]))
    let table = document.text(ofFirst: "tbody") ?? ""
    for text in chart.series[0].texts { #expect(table.contains(text)) }
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
