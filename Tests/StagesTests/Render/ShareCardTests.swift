import Basics
import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Media
@testable import Stages

struct ShareCardTests {
  private static let render =
    "{index.html: p.html, cards: {cover: days, headline: pace, figures: [posts, listed, streak]}}"
  private static let page = """
    <div><p>{{#figures.posts}}{{value}}{{/figures.posts}} {{sentences.pace}}</p>
    {{#cards.any}}<ul>{{#cards.shapes}}<li><a href="{{href}}">{{width}}</a></li>{{/cards.shapes}}</ul>{{/cards.any}}</div>
    """

  private var fixture: ReportFixture {
    var fixture = ReportFixture()
    fixture.render = Self.render
    return fixture
  }

  /// The release's files, and the report model that they are made of.
  private func made(
    _ fixture: ReportFixture
  ) throws -> (files: [String: [UInt8]], model: ReportModel, inputs: KeyInputs, card: ShareCard?) {
    try fixture.with(template: Self.page) { work, environment in
      let report = try environment.artifacts(
        AggregateStage().prepare(work, inputs: [], environment: environment).run())
      let prepared = try RenderStage().prepare(work, inputs: report, environment: environment)
      let pages = try environment.artifacts(prepared.run())
      let files = try (report + pages).map { file in
        (file.name, Array(try Data(contentsOf: URL(fileURLWithPath: file.path))))
      }
      let found = Dictionary(files, uniquingKeysWith: { first, _ in first })
      let model = try ReportModel(json: try #require(found["report.json"]))
      let messages = ReportMessages(
        catalog: try MessageCatalog(folder: "\(environment.templates)/messages"), pipeline: "p",
        locale: "pt-BR", zone: work.tenant.zone)
      let card = try ShareCard(
        model, try #require(work.pipeline.render?.cards), title: "Retrospectiva",
        messages: messages)
      return (found, model, prepared.inputs, card)
    }
  }

  /// The words in a PNG.
  private func words(_ png: [UInt8]) -> [String] {
    guard let start = png.firstRange(of: Array("iTXtDescription".utf8)) else { return [] }
    let size = png[(start.lowerBound - 4)..<start.lowerBound].reduce(0) { $0 << 8 | Int($1) }
    let text = png[(start.upperBound + 5)..<(start.lowerBound + 4 + size)]
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func `A period under way has no pictures, and its page shows none`() throws {
    var fixture = fixture
    let today = CivilDate(daysSince1970: 20_500)
    fixture.progress = PeriodProgress(Period(.year, containing: today), today: today)
    let (files, _, inputs, _) = try made(fixture)
    #expect(!files.keys.contains { $0.hasPrefix("card-") })
    let page = String(decoding: try #require(files["index.html"]), as: UTF8.self)
    #expect(!page.contains("card-"))
    #expect(inputs.parts["fonts"] == nil)
  }

  @Test func `Page, pictures and report say the same numbers`() throws {
    let (files, model, _, made) = try made(fixture)
    let page = String(decoding: try #require(files["index.html"]), as: UTF8.self)
    let posts = try #require(model.figure("posts")?.amounts[0].value?.integer)
    let pace = try #require(model.sentences.first { $0.name == "pace" }?.text)
    #expect(page.contains("<p>\(posts) \(pace)</p>"))
    for shape in ShareCardTemplates.Shape.allCases {
      let png = try #require(files[shape.name])
      #expect(page.contains("<a href=\"\(shape.name)\">\(shape.width)</a>"))
      let size = png[16..<24].map(Int.init)
      #expect(size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3] == shape.width)
      #expect(size[4] << 24 | size[5] << 16 | size[6] << 8 | size[7] == shape.height)
      let words = words(png)
      #expect(words.contains("Notas: \(posts)"))
      #expect(words.contains(pace))
      #expect(words.first == model.tenant.name)
      // The drawing's own texts.
      let card = try #require(made)
      let svg = String(
        decoding: try ShareCardTemplates(folder: Places.project + "/templates").svg(
          card, shape, accent: Accent(tenant: model.tenant.id), locale: "pt-BR"), as: UTF8.self)
      for figure in card.figures { #expect(svg.contains(">\(figure.value)</text>")) }
      #expect(
        words.suffix(card.figures.count) == card.figures.map { "\($0.label): \($0.value)" }[...])
    }
  }

  @Test func `What changes nothing on a card does not draw it again, and its fonts do`() throws {
    let (first, _, inputs, _) = try made(fixture)
    var other = fixture
    other.datasets["quality"] = "rule:text,rows:bigint,fatal:boolean\nread,4,f\nbroken,0,t\n"
    let (second, _, changed, _) = try made(other)
    #expect(inputs.key != changed.key)
    for shape in ShareCardTemplates.Shape.allCases {
      #expect(first[shape.name] == second[shape.name])
    }
    #expect(inputs.parts["fonts"] == RasterFonts.digest.hex)
    #expect(inputs.parts["cards"] != nil)
    // Beside them, nothing else is drawn: a kept piece is found by what the card says.
    try fixture.with(template: Self.page) { work, environment in
      let report = try environment.artifacts(
        AggregateStage().prepare(work, inputs: [], environment: environment).run())
      func pieces() throws -> [String: Date] {
        _ = try RenderStage().prepare(work, inputs: report, environment: environment).run()
        let files = try FileManager.default.contentsOfDirectory(atPath: environment.scratch)
          .filter { $0.utf8.count == 64 }
        return try Dictionary(
          uniqueKeysWithValues: files.map { file in
            let path = "\(environment.scratch)/\(file)"
            let found = try FileManager.default.attributesOfItem(atPath: path)
            return (file, try #require(found[.modificationDate] as? Date))
          })
      }
      let before = try pieces()
      #expect(before.count == 3)
      #expect(try pieces() == before)
    }
  }

  @Test func `Who did nothing has no pictures, and figures that are zero are left out`() throws {
    var empty = fixture
    empty.datasets["totals"] = "posts:bigint,posts_before:bigint\n0,2\n"
    for name in ["posts", "sales", "days"] {
      empty.datasets[name] = empty.datasets[name].map {
        String($0.split(separator: "\n")[0]) + "\n"
      }
    }
    let (files, _, _, _) = try made(empty)
    #expect(files.keys.filter { $0.hasPrefix("card-") } == [])
    #expect(!String(decoding: try #require(files["index.html"]), as: UTF8.self).contains("<ul>"))

    var quiet = fixture
    quiet.datasets["days"] = "day:date,posts:bigint\n"
    let words = words(try #require(try made(quiet).files["card-wide.png"]))
    #expect(words.contains("Notas: 3"))
    #expect(!words.contains { $0.hasPrefix("Sequência") })
  }

  @Test func `A card that names what the report lacks is reported before a run`() throws {
    var wrong = fixture
    wrong.render = Self.render.replacing("cover: days", with: "cover: day")
      .replacing("streak]", with: "streaks]")
    try wrong.with { work, environment in
      try FileManager.default.removeItem(atPath: "\(environment.templates)/cards/tall.svg")
      let faults = try PageTemplates(folder: environment.templates).diagnostics(of: work.pipeline)
      #expect(
        Set(faults.map(\.message)).isSuperset(of: [
          "the cards name the figure 'streaks', which the report does not have",
          "the cards name the chart 'day', which the report does not have",
          "this template cannot be read",
        ]))
      #expect(faults.contains { $0.hint == "did you mean streak?" })
    }
  }

  private static let names = [
    "Al", "Guilda Paulista de Programação e Artesanato de Software Livre do Estado de São Paulo",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik", "渋谷開発者集団とその友人たちの年間活動記録委員会東京支部",
    "نادي المبرمجين في الدار البيضاء ومدينة الرباط وضواحيهما",
    "🎉🚀 Makers 👩‍💻 of the Pacific 🌊🌊🌊🌊🌊🌊🌊🌊",
    "สมาคมนักพัฒนาซอฟต์แวร์แห่งประเทศไทยและเพื่อนบ้าน",
  ]

  @Test(arguments: names, ShareCardTemplates.Shape.allCases)
  func `Every text has room, however long it is and in whatever script`(
    _ name: String, _ shape: ShareCardTemplates.Shape
  ) throws {
    var card = try #require(try made(fixture).card)
    card.tenant = name
    card.headline = "\(name): 1.234.567 POCs, 12% a mais que nos mesmos dias do ano anterior."
    card.figures = [
      ("1.234.567", "Pessoas ativas neste período"), ("12 h 34 min", "Tempo em encontros"),
      ("999", name),
    ]
    let svg = String(
      decoding: try ShareCardTemplates(folder: Places.project + "/templates").svg(
        card, shape, accent: Accent(tenant: "t"), locale: "pt-BR"), as: UTF8.self)
    // The right end of the words, and of each figure's column.
    let end = shape == .wide ? 664.0 : 1_008
    let columns = shape == .wide ? [64.0, 269, 474] : [72.0, 392, 712]
    var lines: [(y: Double, size: Double, column: Int?)] = []
    let rows = svg.split(separator: "\n").drop { !$0.hasPrefix("<g id=\"words\"") }.dropFirst()
    for (row, part) in rows.enumerated() {
      for match in part.matches(
        of:
          /<text x="(\d+)" y="([\d.]+)" font-size="([\d.]+)"(?: font-weight="(\d+)")?[^>]*>([^<]*)</
      ) {
        let (x, y) = (try #require(Double(match.1)), try #require(Double(match.2)))
        let size = try #require(Double(match.3))
        let style = TextStyle(
          size: size, weight: match.4.flatMap { Int($0) } ?? 400, locale: "pt-BR")
        let width = try RasterText.widths([String(match.5)], style: style)[0]
        // Tenant, title and headline come first, in rows of their own.
        let column = row < 3 ? nil : row - 3
        #expect(x == columns[column ?? 0])
        // Words of a line that are set together can be a little wider than one by one. The margin
        // has more room than that.
        let next = column.map { $0 < 2 ? columns[$0 + 1] - 8 : end + 24 } ?? end + 24
        #expect(x + width <= next, "'\(match.5)' is \(width) wide")
        #expect(y - size > 0 && y + size * 0.3 < Double(shape.height) - 24, "'\(match.5)' at \(y)")
        lines.append((y, size, column))
      }
    }
    #expect(lines.count >= 9)
    // No line touches the one above it: capitals and accents are as high as its size.
    for (index, line) in lines.enumerated() {
      for other in lines[..<index]
      where line.column == other.column || other.column == nil {
        #expect(line.y - other.y >= line.size, "\(line) meets \(other)")
      }
    }
    if let folder = ProcessInfo.processInfo.environment["YEARBOOK_SHOW"] {
      let number = Self.names.firstIndex(of: name) ?? 0
      let png = try ShareCardTemplates(folder: Places.project + "/templates").png(
        card, shape, accent: Accent(tenant: "t\(number)"), locale: "pt-BR")
      try Data(png).write(to: URL(fileURLWithPath: "\(folder)/\(shape.rawValue)-\(number).png"))
    }
  }
}
