import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// Makes the film of one partition: segments, each kept under its key, joined without encoding
/// again.
package struct StitchStage: Stage {
  package let name = "stitch"
  package let readsRows = true
  private static let version = 4

  package init() {}

  /// The key names the spec, the templates, the datasets and the digests of all media shown.
  package func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage {
    let spec = try spec(of: work)
    let pages = try PageTemplates.cached(folder: environment.templates)
    let planner = try planner(work, spec, pages, environment)
    let vertical = spec.hasVertical ? try vertical(planner, environment) : nil
    return PreparedStage(try keyInputs(work, spec, pages, planner, vertical, environment)) {
      try run(work, spec, pages, planner, vertical, environment)
    }
  }

  private func keyInputs(
    _ work: PartitionWork, _ spec: StitchSpec, _ pages: PageTemplates, _ planner: FilmPlanner,
    _ vertical: FilmPlanner?, _ environment: any StageEnvironment
  ) throws -> KeyInputs {
    var key = KeyInputs(stage: name, version: StitchStage.version)
    key.add("pipeline", work.pipeline.name)
    key.add("stitch", contentsOf: spec.canonicalText.utf8)
    key.add("title", work.pipeline.title(for: work.tenant.locale))
    planner.templates.addTo(&key)
    vertical?.templates.addTo(&key)
    key.add("fonts", RasterFonts.digest)
    let accent = planner.templates.accent
    key.add(
      "accent",
      [accent.film, accent.filmGround, accent.filmInk, accent.light].joined(separator: " "))
    key.add("pages", pages.digest)
    key.add("messages", pages.catalog.digest)
    key.add("tenant", work.tenant.id)
    key.add("name", work.tenant.name)
    key.add("locale", work.tenant.locale)
    key.add("period", work.period.description)
    // An empty film says whether something can still come.
    key.add("empty", planner.items.isEmpty ? "\(work.progress.isProvisional)" : "")
    key.add("target", String(work.settings.filmTarget ?? spec.target))
    key.add("maximum", String(work.settings.filmMaximum ?? spec.maximum))
    // The digests below tell which objects the prefix allows.
    key.add("media prefix", work.settings.mediaPrefix ?? "")
    for dataset in work.datasets {
      key.add("dataset \(dataset.name)", dataset.digest)
    }
    var digests: [String: String] = [:]
    for place in StitchStage.shown(planner, vertical) {
      guard let object = planner.items[place].mediaKey else { continue }
      digests[object] = try environment.keyText(ofMedia: object)
    }
    for (object, digest) in digests { key.add("media \(object)", digest) }
    return key
  }

  private func run(
    _ work: PartitionWork, _ spec: StitchSpec, _ pages: PageTemplates, _ planner: FilmPlanner,
    _ vertical: FilmPlanner?, _ environment: any StageEnvironment
  ) throws -> StageOutput {
    guard let format = FilmFormat(named: spec.preset) else {
      throw Diagnostic(
        .configuration, "the film's preset '\(spec.preset)' is unknown",
        at: .init(file: work.pipeline.file))
    }
    try RasterFonts.require()
    let media = FilmMedia(environment: environment)
    let (facts, mediaWarnings) = try look(planner, StitchStage.shown(planner, vertical), media)
    let whole = try FilmCut(planner: planner, format: format, facts: facts, media: media)
    let cut = try vertical.map {
      try FilmCut(planner: $0, format: .vertical, facts: facts, media: media)
    }
    try FilmRoom.check(
      [(whole.scenes, format)] + (cut.map { [($0.scenes, $0.format)] } ?? []),
      in: environment.scratch)
    let scenes = whole.scenes.count + (cut?.scenes.count ?? 0)
    let made = try whole.make(named: "film", of: scenes, hasChapters: true)
    let short = try cut?.make(
      named: "vertical", after: whole.scenes.count, of: scenes, hasChapters: false)
    let film = whole.reel
    let page = try film.page(
      pages, format: format, summary: made.summary, vertical: short?.summary)
    let streamed = spec.streams ? try stream(film, made, environment) : []
    return StageOutput(
      files: [
        .init(name: "index.html", mediaType: "text/html", content: .bytes(page)),
        .init(name: "film.mp4", mediaType: "video/mp4", content: .file(made.path)),
        .init(name: "poster.jpg", mediaType: "image/jpeg", content: .bytes(try whole.poster())),
        .init(name: "captions.vtt", mediaType: "text/vtt", content: .bytes(film.vtt())),
        .init(
          name: "storyboard.json", mediaType: "application/json",
          content: .bytes(try film.storyboard().json())),
      ] + streamed + (try files(cut, short)),
      warnings: mediaWarnings + made.warnings + (short?.warnings ?? []))
  }

  /// The files of the vertical cut, if there is one.
  private func files(_ cut: FilmCut?, _ made: FilmCut.Made?) throws -> [StageOutput.File] {
    guard let cut, let made else { return [] }
    return [
      .init(name: "vertical.mp4", mediaType: "video/mp4", content: .file(made.path)),
      .init(name: "vertical.jpg", mediaType: "image/jpeg", content: .bytes(try cut.poster())),
      .init(name: "vertical.vtt", mediaType: "text/vtt", content: .bytes(cut.reel.vtt())),
    ]
  }

  /// The indices of the items whose media are shown in the film or in its vertical cut.
  private static func shown(_ planner: FilmPlanner, _ vertical: FilmPlanner?) -> [Int] {
    let places = planner.itemsWithMedia
    let known = Set(places)
    return places + (vertical?.itemsWithMedia.filter { !known.contains($0) } ?? [])
  }

  /// The film for HTTP Live Streaming: the same segments, in parts that players fetch one by one.
  private func stream(
    _ film: FilmReel, _ made: FilmCut.Made, _ environment: any StageEnvironment
  ) throws -> [StageOutput.File] {
    let path = environment.scratch + "/film-stream.mp4"
    let stream = try FilmJoiner.stream(
      segments: made.segments, soundtrack: made.soundtrack, metadata: film.metadata, to: path)
    let type = "application/vnd.apple.mpegurl"
    func playlist(_ name: String, _ text: String) -> StageOutput.File {
      .init(name: name, mediaType: type, content: .bytes(Array(text.utf8)))
    }
    let texts = film.planner.texts
    return [
      playlist(
        "film.m3u8",
        stream.mainPlaylist(
          stream: "film-stream.m3u8",
          captions: ("film-captions.m3u8", try texts.text("page.captions"), texts.locale))),
      playlist("film-stream.m3u8", stream.playlist(of: "film-stream.mp4")),
      .init(name: "film-stream.mp4", mediaType: "video/mp4", content: .file(path)),
      playlist("film-captions.m3u8", stream.captionPlaylist(of: "captions.vtt")),
    ]
  }

  private func spec(of work: PartitionWork) throws -> StitchSpec {
    guard let spec = work.pipeline.stitch else {
      throw Diagnostic(
        .bug, "'stitch' was planned for a pipeline that does not have this stage",
        at: .init(file: work.pipeline.file))
    }
    return spec
  }

  private func planner(
    _ work: PartitionWork, _ spec: StitchSpec, _ pages: PageTemplates,
    _ environment: any StageEnvironment
  ) throws -> FilmPlanner {
    let texts = FilmTexts(catalog: pages.catalog, work: work)
    return try FilmPlanner(
      work: work, spec: spec,
      templates: FilmTemplates(
        folder: environment.templates, names: spec.templates,
        accent: Accent(tenant: work.tenant.id), locale: texts.locale),
      texts: texts)
  }

  /// The planner of the vertical cut; `nil` if there is nothing to show.
  private func vertical(
    _ planner: FilmPlanner, _ environment: any StageEnvironment
  ) throws -> FilmPlanner? {
    planner.vertical(
      try FilmTemplates(
        folder: environment.templates, names: planner.spec.verticalTemplates,
        accent: planner.templates.accent, locale: planner.texts.locale, isVertical: true))
  }

  /// Inspects the media of these items, side by side.
  private func look(
    _ planner: FilmPlanner, _ places: [Int], _ media: FilmMedia
  ) throws -> (facts: [Int: FilmMedia.Facts], warnings: [Warning]) {
    let found = Locked<[Int: (facts: FilmMedia.Facts, warnings: [Warning])]>([:])
    try media.environment.parallel(places.count) { index in
      let item = planner.items[places[index]]
      guard let key = item.mediaKey else { return }
      let facts = try media.facts(key, item.kind.medium, recorded: item.recorded)
      found.withLock { $0[places[index]] = facts }
    }
    let all = found.withLock { $0 }
    return (all.mapValues(\.facts), places.flatMap { all[$0]?.warnings ?? [] })
  }
}
