import Basics
import Diagnostics
import Media
import Pipelines
import Synchronization

/// Turns a partition's rows into complete scenes: texts, media, lengths and colours.
struct FilmPlanner: Sendable {
  let work: PartitionWork
  let spec: StitchSpec
  private(set) var templates: FilmTemplates
  let texts: FilmTexts
  let items: [FilmItem]
  /// The whole film's, or the vertical cut's.
  private(set) var plan: StoryboardPlan
  private let totals: [FilmFigure]
  private let months: [String: [FilmFigure]]

  init(
    work: PartitionWork, spec: StitchSpec, templates: FilmTemplates, texts: FilmTexts
  ) throws {
    self.work = work
    self.spec = spec
    self.templates = templates
    self.texts = texts
    items = try FilmItem.read(FilmPlanner.dataset(spec.storyboard, work), spec: spec)
    let target = work.settings.filmTarget ?? spec.target
    let maximum = max(target, work.settings.filmMaximum ?? spec.maximum)
    plan = StoryboardPlan(
      items: items, hasSections: FilmPlanner.hasMonths(work.period),
      target: FilmFormat.steps(atMost: target * 1_000),
      maximum: FilmFormat.steps(atMost: maximum * 1_000))
    totals =
      try spec.totals.map { try FilmFigure.read(FilmPlanner.dataset($0.query, work), $0) }?[""]
      ?? []
    months =
      try spec.months.map { try FilmFigure.read(FilmPlanner.dataset($0.query, work), $0) } ?? [:]
  }

  /// The planner of the vertical cut of the same items; `nil` if there is nothing to show.
  ///
  /// - Parameter templates: the vertical ones.
  func vertical(_ templates: FilmTemplates) -> FilmPlanner? {
    guard !items.isEmpty else { return nil }
    var planner = self
    planner.templates = templates
    planner.plan = StoryboardPlan(vertical: items)
    return planner
  }

  /// The totals above zero. A film of zeros would say nothing; its end says that there was nothing.
  private var shownTotals: [FilmFigure] { totals.filter { $0.value > 0 } }

  private static func dataset(_ name: String, _ work: PartitionWork) throws -> Dataset {
    guard let dataset = work.dataset(name) else {
      throw Diagnostic(.bug, "the dataset '\(name)' was not extracted")
    }
    return dataset
  }

  /// The indices of the items whose media are shown, in order.
  var itemsWithMedia: [Int] {
    plan.scenes.flatMap { scene -> [Int] in
      switch scene.content {
      case .item(let place): [place]
      case .mosaic(let places):
        places.prefix(StoryboardPlan.mosaicTiles).filter { items[$0].kind.medium == .picture }
      default: []
      }
    }.filter { items[$0].mediaKey != nil }
  }

  /// The scenes, in order. `facts` must hold the items in `itemsWithMedia`.
  func scenes(_ facts: [Int: FilmMedia.Facts]) throws -> [FilmScene] {
    try plan.scenes.map { scene in
      var result: FilmScene
      switch scene.content {
      case .intro: result = try intro(scene)
      case .figures: result = try figures(scene)
      case .month(let month): result = try self.month(scene, month)
      case .item(let place): result = try item(scene, items[place], facts[place])
      case .mosaic(let places): result = try mosaic(scene, places, facts)
      case .outro: result = try outro(scene)
      }
      if scene.opensSection { result.opening = templates.accent.filmGround }
      return result
    }
  }

  private func intro(_ scene: StoryboardPlan.Scene) throws -> FilmScene {
    var card = FilmCard()
    card.texts = [
      "tenant": work.tenant.name, "title": texts.title, "period": texts.period,
    ]
    if !templates.isVertical {
      card.figures = try shownTotals.prefix(3).map { try texts.figure($0) }
      card.bars = items.isEmpty ? [] : periodBars()
    }
    var result = try drawn(scene, card, spec.intro)
    result.caption = "\(work.tenant.name) · \(texts.title) \(texts.period)"
    result.isImmediate = true
    return result
  }

  private func figures(_ scene: StoryboardPlan.Scene) throws -> FilmScene {
    var card = FilmCard()
    card.layout = "figures"
    card.texts = [
      "tenant": work.tenant.name, "title": texts.title, "period": texts.period,
    ]
    card.figures = try shownTotals.prefix(3).map { try texts.figure($0) }
    card.bars = periodBars()
    var result = try drawn(scene, card, spec.intro)
    result.caption = card.figures.map { "\($0.value) \($0.label)" }.joined(separator: " · ")
    return result
  }

  private func month(_ scene: StoryboardPlan.Scene, _ month: CivilDate) throws -> FilmScene {
    var card = FilmCard()
    card.texts = ["month": texts.month(month), "period": CivilDate.yearText(month)]
    card.figures = try (months[month.description] ?? []).filter { $0.value > 0 }.prefix(4)
      .map { try texts.figure($0) }
    var bars = [Int](
      repeating: 0, count: CivilDate.daysInMonth(year: month.year, month: month.month))
    for item in items where item.day.year == month.year && item.day.month == month.month {
      bars[item.day.day - 1] += 1
    }
    card.bars = bars
    var result = try drawn(scene, card, spec.month)
    result.caption = texts.format.month(month.month, of: month.year)
    // Its text fades out first, so that the next scene dissolves out of the plain colour.
    result.closing = templates.accent.filmGround
    return result
  }

  private func outro(_ scene: StoryboardPlan.Scene) throws -> FilmScene {
    var card = FilmCard()
    let thanks = try texts.farewell(isEmpty: items.isEmpty)
    card.texts = ["thanks": thanks, "tenant": work.tenant.name]
    if !templates.isVertical {
      card.figures = try shownTotals.prefix(4).map { try texts.figure($0) }
      card.bars = items.isEmpty ? [] : periodBars()
    }
    var result = try drawn(scene, card, spec.outro)
    result.caption = thanks
    result.closing = "#000000"
    return result
  }

  /// Whether a film of the period is divided into months.
  private static func hasMonths(_ period: Period) -> Bool { period.days > 31 }

  /// The number of items per month of the period; per day if the period is a month or shorter.
  private func periodBars() -> [Int] {
    let period = work.period
    guard FilmPlanner.hasMonths(period) else {
      var bars = [Int](repeating: 0, count: period.days)
      for item in items {
        let place = item.day.daysSince1970 - period.start.daysSince1970
        if bars.indices.contains(place) { bars[place] += 1 }
      }
      return bars
    }
    var bars = [Int](repeating: 0, count: period.monthsTouched.count)
    for item in items {
      let place =
        (item.day.year - period.start.year) * 12 + item.day.month - period.start.month
      if bars.indices.contains(place) { bars[place] += 1 }
    }
    return bars
  }

  /// Grid steps of a recording's card before its excerpt.
  static let leadSteps = 4

  private func item(
    _ scene: StoryboardPlan.Scene, _ item: FilmItem, _ facts: FilmMedia.Facts?
  ) throws -> FilmScene {
    var scene = scene
    var card = FilmCard()
    let meta = try texts.meta(item)
    card.flags = item.isEmphasised ? ["emphasised"] : []
    card.texts = [
      "title": item.title, "meta": meta, "people": try texts.people(item),
      "date": texts.day(item), "kind": try texts.kind(item),
      "monogram": FilmTexts.monogram(item, language: texts.format.language),
    ]
    let words = (item.title + " " + meta).split(separator: " ").count
    card.texts["description"] = FilmTexts.readable(
      item.description, milliseconds: FilmFormat.milliseconds(ofSteps: scene.steps), after: words)
    let caption = [item.title, meta].filter { !$0.isEmpty }.joined(separator: "\n")
    switch facts?.content {
    case .picture(let width, let height):
      // A picture that is not much wider than high leaves room for text beside it.
      let isTall = height * 10 > width * 9 && !templates.isVertical
      card.layout = isTall ? "beside" : "below"
      guard let facts,
        let box = templates.layout(item.kind.template, card.layout).pictureBox
      else { break }
      var result = try drawn(scene, card, item.kind.template)
      result.visual = .picture(facts, PicturePlacement(width: width, height: height, in: box))
      result.caption = caption
      return result
    case .recording(let probe):
      guard let facts else { break }
      // If there is time, its card comes first, then the excerpt.
      let lead = probe.video != nil && scene.steps >= 3 * FilmPlanner.leadSteps
      let allowed = scene.steps - (lead ? FilmPlanner.leadSteps : 0)
      scene.steps = max(4, min(allowed, FilmFormat.steps(atMost: probe.duration)))
      let length = FilmFormat.milliseconds(ofSteps: scene.steps)
      if lead { scene.steps += FilmPlanner.leadSteps }
      let start = FilmHighlight.start(probe.activity, length: (length + 999) / 1_000) * 1_000
      card.layout = "card"
      let fallback = try templates.svg(card, template: item.kind.template)
      if probe.video != nil { card.layout = "live" }
      var result = try drawn(scene, card, item.kind.template)
      let last = max(0, probe.duration - length)
      result.visual =
        probe.video == nil
        ? .sound(facts, start: min(start, last)) : .recording(facts, start: min(start, last))
      result.fallback = fallback
      if lead {
        result.lead = FilmScene.Lead(
          steps: FilmPlanner.leadSteps, ground: templates.accent.filmGround)
      }
      let sound = probe.audio == nil ? "" : "\n" + (try texts.text("sound"))
      result.caption = caption + sound
      return result
    case .unusable, nil: break
    }
    if item.kind.medium == .recording {
      // Without its recording the scene is as short as a card.
      scene.steps = min(scene.steps, item.isEmphasised ? 10 : 8)
    }
    card.layout = "card"
    var result = try drawn(scene, card, item.kind.template)
    result.caption = caption
    return result
  }

  private func mosaic(
    _ scene: StoryboardPlan.Scene, _ places: [Int], _ facts: [Int: FilmMedia.Facts]
  ) throws -> FilmScene {
    var card = FilmCard()
    let limit = StoryboardPlan.mosaicTiles
    let shown = places.count > limit ? Array(places.prefix(limit - 1)) : places
    var pictures: [(index: Int, facts: FilmMedia.Facts)] = []
    card.tiles = shown.enumerated().map { index, place in
      if let facts = facts[place], case .picture = facts.content {
        pictures.append((index, facts))
        return ""
      }
      return items[place].title
    }
    if places.count > limit {
      card.tiles.append("+" + texts.format.integer(places.count - shown.count))
    }
    card.texts = ["title": try texts.text("mosaic", count: places.count)]
    var result = try drawn(scene, card, spec.mosaic)
    let boxes = FilmTemplates.places(templates.layout(spec.mosaic, card.layout), card.tiles.count)
    result.visual = .mosaic(
      pictures.map { FilmScene.Tile(media: $0.facts, place: boxes[$0.index]) })
    result.caption = card.texts["title"] ?? ""
    return result
  }

  private func drawn(
    _ scene: StoryboardPlan.Scene, _ card: FilmCard, _ template: String
  ) throws -> FilmScene {
    FilmScene(
      content: scene.content, steps: scene.steps,
      svg: try templates.svg(card, template: template), visual: .card, caption: "")
  }
}

extension CivilDate {
  fileprivate static func yearText(_ day: CivilDate) -> String { String(day.year) }
}
