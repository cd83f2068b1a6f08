import Basics
import Diagnostics
import Foundation
import Media
import Synchronization
import TestSupport
import Testing

@testable import Pipelines
@testable import Stages

@Suite(.serialized) struct VerticalTests {
  /// What phones' apps leave free of buttons and texts of their own.
  private static let safe = (x: 60..<960, y: 270..<1_540)

  private static let rows = (1...9).map { number in
    "x,poc,p\(number),2026-0\(number)-10,Prova \(number),Rust,Um leitor,Ana,0,0,wide.png,"
      + (number == 4 ? "t" : "f")
  }

  private static func files(_ output: StageOutput) -> Set<String> {
    Set(output.files.map(\.name))
  }

  @Test(.enabled(if: Places.program("ffprobe") != nil, "needs ffprobe as a judge"))
  func `The vertical cut is upright, 20 to 45 s long, and one new POC costs its card of figures`()
    throws
  {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 2)
      try StitchFixture.picture(folder + "/media/wide.png", width: 640, height: 400)
      func run(_ rows: [String]) throws -> StageOutput {
        try StitchStage().prepare(
          StitchFixture.work(folder, rows: rows, more: "\n  vertical: true\n  music: calm"),
          inputs: [], environment: environment
        ).run()
      }
      let output = try run(VerticalTests.rows)
      #expect(output.warnings.map(\.message) == [])
      #expect(VerticalTests.files(output).isSuperset(of: StitchStage.verticalNames))
      let page = output.files.first { $0.name == "index.html" }
      guard case .bytes(let bytes) = page?.content else { throw Diagnostic(.bug, "no page") }
      #expect(String(decoding: bytes, as: UTF8.self).contains("href=\"vertical.mp4\""))
      let probe = Process()
      probe.executableURL = URL(fileURLWithPath: try #require(Places.program("ffprobe")))
      probe.arguments = [
        "-v", "error", "-show_entries", "stream=width,height,codec_name:format=duration", "-of",
        "csv=p=0", environment.scratch + "/vertical.mp4",
      ]
      let pipe = Pipe()
      probe.standardOutput = pipe
      try probe.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      probe.waitUntilExit()
      let lines = text.split(separator: "\n").map(String.init)
      #expect(lines.first == "h264,1080,1920")
      #expect(lines.contains("aac"))
      #expect((20...45).contains(Double(lines.last ?? "") ?? 0))
      // A POC of the same month, which is not a favourite.
      let before = environment.made.withLock { $0.count }
      _ = try run(
        VerticalTests.rows + ["x,poc,new,2026-09-20,Nova,Go,,Bia,0,0,,f"])
      let made = environment.made.withLock { Array($0.dropFirst(before)) }
      let tall = made.filter {
        $0.parts["stage"] == "segment" && $0.parts["format"]?.hasPrefix("1080x1920") == true
      }
      #expect(tall.count <= 1)
    }
  }

  @Test func `A film without items has no vertical cut, and its page no link to one`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder)
      let output = try StitchStage().prepare(
        StitchFixture.work(folder, rows: [], more: "\n  vertical: true"), inputs: [],
        environment: environment
      ).run()
      #expect(VerticalTests.files(output) == StitchStage.fileNames)
    }
  }

  @Test func `Everything that is written is inside the safe area, in any script`() throws {
    let templates = try FilmTemplates(
      folder: Places.project + "/templates",
      names: ["lower-third.svg", "outro.svg", "poc.svg", "title.svg"],
      accent: Accent(tenant: "x"), locale: "en", isVertical: true)
    let words = [
      "Short", String(repeating: "Donaudampfschifffahrtsgesellschaft ", count: 8),
      String(repeating: "日本語の全文検索エンジンを作る", count: 6),
      String(repeating: "محرك بحث صغير ", count: 20), String(repeating: "W", count: 90),
    ]
    for (name, layouts) in [
      ("title.svg", ["plain", "figures"]), ("outro.svg", ["plain"]),
      ("poc.svg", ["below", "card"]), ("lower-third.svg", ["live", "card"]),
    ] {
      for (layout, word) in layouts.flatMap({ layout in words.map { (layout, $0) } }) {
        var card = FilmCard()
        card.layout = layout
        for slot in [
          "tenant", "title", "period", "meta", "description", "people", "date", "kind", "thanks",
        ] { card.texts[slot] = word }
        card.texts["period"] = word.count < 20 ? "2026" : "November 2026"
        card.figures = [("1,234", "POCs"), ("567", "dojos"), ("123 h 45 min", "in dojos")]
        card.bars = Array(1...12)
        card.flags = ["emphasised"]
        let svg = try templates.svg(card, template: name)
        let layers = try Rasteriser.layers(
          svg, ids: FilmSegment.layers, width: 1_080, height: 1_920)
        for case .some(let bitmap) in layers {
          let outside = VerticalTests.outside(bitmap)
          #expect(outside == nil, "\(name) \(layout) \(word.prefix(8)): \(outside ?? "")")
        }
      }
    }
  }

  /// The first drawn pixel outside of the safe area.
  private static func outside(_ bitmap: Bitmap) -> String? {
    for y in 0..<bitmap.height {
      for x in 0..<bitmap.width where !safe.y.contains(y) || !safe.x.contains(x) {
        if bitmap.pixels[4 * (y * bitmap.width + x) + 3] > 8 { return "pixel \(x), \(y)" }
      }
    }
    return nil
  }

  @Test func `Any choice of items lasts 20 to 45 s and keeps the order of time`() throws {
    var seed: UInt64 = 1
    func below(_ bound: UInt64) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % bound)
    }
    for count in Array(1...40) + [100, 400] {
      let items = (0..<count).map { index in
        FilmItem(
          kind: .init(
            name: "k", template: "poc.svg", medium: below(4) == 0 ? .recording : .picture),
          id: "\(index)",
          day: CivilDate(daysSince1970: 20_454 + index * 364 / max(1, count)), title: "t",
          subtitle: "", description: "", people: "", hidden: 0, guests: 0,
          mediaKey: below(3) == 0 ? nil : "m\(index)", isEmphasised: below(9) == 0)
      }
      let plan = StoryboardPlan(vertical: items)
      let steps = plan.scenes.reduce(0) { $0 + $1.steps }
      #expect((38...84).contains(steps))
      let places = plan.scenes.compactMap { scene -> Int? in
        if case .item(let place) = scene.content { return place }
        return nil
      }
      #expect(places == places.sorted() && !places.isEmpty)
      let recordings = places.filter {
        items[$0].kind.medium == .recording && items[$0].mediaKey != nil
      }
      #expect(recordings.count <= 2)
    }
  }
}
