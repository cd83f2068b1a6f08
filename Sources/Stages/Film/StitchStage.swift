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
    return PreparedStage(try keyInputs(work, spec, pages, planner, environment)) {
      try run(work, spec, pages, planner, environment)
    }
  }

  private func keyInputs(
    _ work: PartitionWork, _ spec: StitchSpec, _ pages: PageTemplates, _ planner: FilmPlanner,
    _ environment: any StageEnvironment
  ) throws -> KeyInputs {
    var key = KeyInputs(stage: name, version: StitchStage.version)
    key.add("pipeline", work.pipeline.name)
    key.add("stitch", contentsOf: spec.canonicalText.utf8)
    key.add("title", work.pipeline.title(for: work.tenant.locale))
    planner.templates.addTo(&key)
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
    for place in planner.itemsWithMedia {
      guard let object = planner.items[place].mediaKey else { continue }
      digests[object] = try environment.keyText(ofMedia: object)
    }
    for (object, digest) in digests { key.add("media \(object)", digest) }
    return key
  }

  private func run(
    _ work: PartitionWork, _ spec: StitchSpec, _ pages: PageTemplates, _ planner: FilmPlanner,
    _ environment: any StageEnvironment
  ) throws -> StageOutput {
    guard let format = FilmFormat(named: spec.preset) else {
      throw Diagnostic(
        .configuration, "the film's preset '\(spec.preset)' is unknown",
        at: .init(file: work.pipeline.file))
    }
    try RasterFonts.require()
    let media = FilmMedia(environment: environment)
    let (facts, mediaWarnings) = try look(planner, media)
    let scenes = try planner.scenes(facts)
    try FilmRoom.check(scenes, format, in: environment.scratch)
    let segments = try segments(scenes, format, media, planner, environment)

    let film = FilmReel(planner: planner, scenes: scenes, facts: facts)
    let path = environment.scratch + "/film.mp4"
    let soundtrack =
      try FilmMusic(planner: planner, scenes: scenes, format: format)?
      .parts(segments.map(\.file), environment) ?? []
    let summary = try FilmJoiner.join(
      segments: segments.map(\.file.content.path), soundtrack: soundtrack,
      metadata: film.metadata, chapters: film.chapters, captions: film.captions, to: path)
    let first = FilmSegment(
      scene: scenes[0], format: format, media: media, ink: planner.templates.accent.filmInk)
    let poster = try StillImage.jpeg(first.poster())
    let page = try film.page(pages, format: format, summary: summary)
    let streamed =
      spec.streams
      ? try stream(film, segments.map(\.file.content.path), soundtrack, environment) : []
    return StageOutput(
      files: [
        .init(name: "index.html", mediaType: "text/html", content: .bytes(page)),
        .init(name: "film.mp4", mediaType: "video/mp4", content: .file(path)),
        .init(name: "poster.jpg", mediaType: "image/jpeg", content: .bytes(poster)),
        .init(name: "captions.vtt", mediaType: "text/vtt", content: .bytes(film.vtt())),
        .init(
          name: "storyboard.json", mediaType: "application/json",
          content: .bytes(try film.storyboard().json())),
      ] + streamed, warnings: mediaWarnings + segments.flatMap(\.warnings))
  }

  /// The film for HTTP Live Streaming: the same segments, in parts that players fetch one by one.
  private func stream(
    _ film: FilmReel, _ segments: [String], _ soundtrack: [String],
    _ environment: any StageEnvironment
  ) throws -> [StageOutput.File] {
    let path = environment.scratch + "/film-stream.mp4"
    let stream = try FilmJoiner.stream(
      segments: segments, soundtrack: soundtrack, metadata: film.metadata, to: path)
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

  /// Inspects all shown media, side by side.
  private func look(
    _ planner: FilmPlanner, _ media: FilmMedia
  ) throws -> (facts: [Int: FilmMedia.Facts], warnings: [Warning]) {
    let places = planner.itemsWithMedia
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

  /// The segments of the scenes, found or made side by side.
  private func segments(
    _ scenes: [FilmScene], _ format: FilmFormat, _ media: FilmMedia, _ planner: FilmPlanner,
    _ environment: any StageEnvironment
  ) throws -> [(file: Artifact, warnings: [Warning])] {
    let ink = planner.templates.accent.filmInk
    let header = try SegmentEncoder.header(of: format)
    let made = Locked<(count: Int, found: [Int: (file: Artifact, warnings: [Warning])])>((0, [:]))
    // The longest first, so that no core waits for a recording at the end.
    let order = scenes.indices.sorted {
      (-scenes[$0].steps, $0) < (-scenes[$1].steps, $1)
    }
    try environment.parallel(order.count) { turn in
      let index = order[turn]
      let segment = FilmSegment(scene: scenes[index], format: format, media: media, ink: ink)
      let piece = try environment.cached(
        scenes[index].key(format, ink: ink, header: header)
      ) { path in
        try segment.make(at: path)
      }
      let done = made.withLock { made in
        made.found[index] = piece
        made.count += 1
        return made.count
      }
      environment.progress(done, of: scenes.count, "scenes")
    }
    let found = made.withLock { $0.found }
    return scenes.indices.compactMap { found[$0] }
  }
}
