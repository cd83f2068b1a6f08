import Basics
import Diagnostics
import Markup
import Media
import Pipelines

/// A planned film, and the files that describe it.
struct FilmReel {
  let planner: FilmPlanner
  let scenes: [FilmScene]
  let facts: [Int: FilmMedia.Facts]
  /// The grid steps at which the scenes begin, and at which the film ends.
  private let starts: [Int]

  init(planner: FilmPlanner, scenes: [FilmScene], facts: [Int: FilmMedia.Facts]) {
    self.planner = planner
    self.scenes = scenes
    self.facts = facts
    starts = scenes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.steps) }
  }

  private var texts: FilmTexts { planner.texts }

  var metadata: FilmMetadata {
    FilmMetadata(
      title: "\(texts.title) \(texts.period)", artist: planner.work.tenant.name,
      date: planner.work.period.description, language: FilmReel.language(texts.locale))
  }

  /// One chapter for the title, for each month and for the end.
  var chapters: [FilmChapter] {
    zip(scenes, starts).compactMap { scene, start in
      switch scene.content {
      case .intro: FilmChapter(startStep: start, title: "\(texts.title) \(texts.period)")
      case .month, .outro: FilmChapter(startStep: start, title: scene.caption)
      default: nil
      }
    }
  }

  /// The text of each scene, for people who cannot see it.
  var captions: [FilmCaption] {
    scenes.indices.compactMap { index in
      if scenes[index].caption.isEmpty { return nil }
      return FilmCaption(
        start: start(index), end: start(index + 1), text: FilmReel.plain(scenes[index].caption))
    }
  }

  private func start(_ index: Int) -> Int { FilmFormat.milliseconds(ofSteps: starts[index]) }

  /// `captions.vtt`
  func vtt() -> [UInt8] { FilmReel.vtt(captions) }

  static func vtt(_ captions: [FilmCaption]) -> [UInt8] {
    var text = "WEBVTT\n"
    for caption in captions {
      // An escaped text contains no “-->”, and its lines are not empty. Some players know only
      // these references.
      let lines = caption.text.split(separator: "\n").map { line in
        line.unicodeScalars.map { scalar in
          switch scalar {
          case "&": "&amp;"
          case "<": "&lt;"
          case ">": "&gt;"
          default: String(scalar)
          }
        }.joined()
      }
      text += "\n\(FilmReel.clock(caption.start)) --> \(FilmReel.clock(caption.end))\n"
      text += lines.joined(separator: "\n") + "\n"
    }
    return Array(text.utf8)
  }

  func storyboard() -> StoryboardFile {
    var entries: [Int: StoryboardFile.Item] = [:]
    let scenes = scenes.indices.map { index -> StoryboardFile.Scene in
      let places = FilmReel.places(self.scenes[index].content)
      for (turn, place) in places.enumerated() {
        entries[place] = entry(place, index, turn, of: places.count)
      }
      return StoryboardFile.Scene(
        number: index + 1, startMilliseconds: start(index), endMilliseconds: start(index + 1),
        content: FilmReel.word(self.scenes[index].content),
        items: places.map { planner.items[$0].id })
    }
    return StoryboardFile(
      period: planner.work.period.description, milliseconds: start(scenes.count), scenes: scenes,
      items: planner.items.indices.compactMap { entries[$0] })
  }

  private func entry(_ place: Int, _ index: Int, _ turn: Int, of count: Int) -> StoryboardFile.Item
  {
    let item = planner.items[place]
    var appears = "scene"
    var shown = "card"
    var reason: String?
    if case .unusable(let failure) = facts[place]?.content { reason = failure }
    switch scenes[index].visual {
    case .picture: shown = "picture"
    case .recording: shown = "recording"
    case .sound: shown = "sound"
    case .mosaic(let tiles):
      let limit = StoryboardPlan.mosaicTiles
      appears = count <= limit || turn < limit - 1 ? "mosaic" : "counted"
      if let facts = facts[place],
        tiles.contains(where: { ExactText($0.media.key) == ExactText(facts.key) })
      {
        shown = "picture"
      }
      reason = "there is no room for a scene of its own within the film's length"
    case .card: break
    }
    return StoryboardFile.Item(
      id: item.id, kind: item.kind.name, day: item.day.description, title: item.title,
      appears: appears, scene: index + 1, startMilliseconds: start(index), shown: shown,
      reason: reason)
  }

  /// The page with the film, and a text of everything that the film shows.
  ///
  /// - Parameter vertical: the vertical cut; `nil` if there is none.
  func page(
    _ pages: PageTemplates, format: FilmFormat, summary: FilmSummary, vertical: FilmSummary?
  ) throws -> [UInt8] {
    let head = PageHead(
      templates: pages, tenantID: planner.work.tenant.id, media: true)
    var context: [String: Any] = [
      "lang": texts.locale, "head": head.markup, "title": PageText.carry(texts.title),
      "period": PageText.carry(texts.period),
      "tenant": PageText.carry(planner.work.tenant.name),
      "length_label": PageText.carry(try texts.text("page.length")),
      "length": FilmReel.shortClock(summary.milliseconds),
      "width": String(format.width), "height": String(format.height),
      "size": FilmReel.megabytes(summary.bytes, texts.format),
      "file": PageText.carry(try texts.text("page.file")),
      "captions": PageText.carry(try texts.text("page.captions")),
      "storyboard": PageText.carry(try texts.text("page.storyboard")),
      "contents": PageText.carry(try texts.text("page.contents")),
      "sections": try sections(),
    ]
    if let vertical {
      context["vertical"] = [
        "label": PageText.carry(try texts.text("page.vertical")),
        "length": FilmReel.shortClock(vertical.milliseconds),
        "size": FilmReel.megabytes(vertical.bytes, texts.format),
      ]
    }
    return try FilmPage.bytes(context, pages)
  }

  private func sections() throws -> [[String: Any]] {
    var sections: [[String: Any]] = []
    var items: [[String: String]] = []
    func close() {
      if !sections.isEmpty { sections[sections.count - 1]["items"] = items }
      items = []
    }
    for index in scenes.indices {
      switch scenes[index].content {
      case .intro, .figures, .month, .outro:
        close()
        sections.append([
          "name": PageText.carry(scenes[index].caption),
          "time": FilmReel.shortClock(start(index)),
        ])
      case .item, .mosaic:
        for place in FilmReel.places(scenes[index].content) {
          items.append([
            "time": FilmReel.shortClock(start(index)),
            "title": PageText.carry(planner.items[place].title),
            "meta": PageText.carry(try texts.meta(planner.items[place])),
          ])
        }
      }
    }
    close()
    return sections
  }

  private static func places(_ content: StoryboardPlan.Content) -> [Int] {
    switch content {
    case .item(let place): [place]
    case .mosaic(let places): places
    default: []
    }
  }

  private static func word(_ content: StoryboardPlan.Content) -> String {
    switch content {
    case .intro: "intro"
    case .figures: "figures"
    case .month: "month"
    case .item: "item"
    case .mosaic: "mosaic"
    case .outro: "outro"
    }
  }

  /// Lines without control characters and at most 200 characters each.
  static func plain(_ text: String) -> String {
    text.split(separator: "\n").map { line in
      XMLText.sanitized(String(line)).split(whereSeparator: \.isWhitespace)
        .joined(separator: " ").prefix(200)
    }.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static func clock(_ milliseconds: Int) -> String {
    let parts = [
      milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1_000 % 60,
    ]
    let fraction = milliseconds % 1_000
    return parts.map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: ":") + "."
      + (fraction < 100 ? "0" : "") + (fraction < 10 ? "0" : "") + String(fraction)
  }

  static func shortClock(_ milliseconds: Int) -> String {
    let seconds = milliseconds / 1_000
    return "\(seconds / 60):" + (seconds % 60 < 10 ? "0" : "") + String(seconds % 60)
  }

  private static func megabytes(_ bytes: Int, _ format: LocaleFormat) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10)\(format.decimalSeparator)\(tenths % 10) MB"
  }

  /// The ISO 639-2 code of a locale's language; `nil` if it is not known here.
  private static func language(_ locale: String) -> String? {
    let codes = [
      "pt": "por", "en": "eng", "es": "spa", "zh": "zho", "ja": "jpn", "de": "deu", "fr": "fra",
    ]
    return codes[String(locale.prefix(2))]
  }
}
