import Basics
package import Diagnostics
import Foundation
package import Media
package import Pipelines

/// Makes single scenes of a film from files of rows, without a database, for people who tune
/// templates.
///
/// It makes scenes like the stage does: the same rows, templates and media give the same segment.
package struct FilmWorkbench: Sendable {
  /// A scene in the list of a film's scenes.
  package struct Line: Sendable, Codable {
    /// From 1 on.
    package var number: Int
    package var startMilliseconds: Int
    package var endMilliseconds: Int
    /// `intro`, `figures`, `month`, `item`, `mosaic`, `outro`
    package var content: String
    package var caption: String
  }

  private let planner: FilmPlanner
  private let media: FilmMedia
  private let format: FilmFormat

  /// Reads `ROWS/QUERY.csv` for every query that the film needs.
  ///
  /// - Parameters:
  ///   - rows: the folder of the CSV files, each with a header line and without the tenant's
  ///     column.
  ///   - media: the folder that object keys are relative to; without it every item gets a card. It
  ///     is not one tenant's: whoever tunes templates names a folder of their own.
  ///   - preset: replaces the pipeline's preset; `vertical` for the vertical cut.
  package init(
    pipeline: Pipeline, tenant: Tenant, period: Period, rows: String, templates: String,
    media: String?, scratch: String, preset: String? = nil
  ) throws {
    guard let spec = pipeline.stitch else {
      throw Diagnostic(
        .usage, "the pipeline '\(pipeline.name)' makes no film", at: .init(file: pipeline.file))
    }
    let word = preset ?? spec.preset
    let isVertical = word == FilmFormat.vertical.name
    guard let format = isVertical ? .vertical : FilmFormat(named: word) else {
      let words = (FilmFormat.all + [.vertical]).map(\.name).joined(separator: ", ")
      throw Diagnostic(.usage, "the preset '\(word)' is unknown", hint: "use one of: \(words)")
    }
    self.format = format
    var names = [spec.storyboard]
    for figures in [spec.totals, spec.months].compactMap({ $0 })
    where !names.contains(figures.query) {
      names.append(figures.query)
    }
    var datasets: [Dataset] = []
    for name in names {
      let path = "\(rows)/\(name).csv"
      guard FileManager.default.isReadableFile(atPath: path) else {
        throw Diagnostic(
          .data, "the file with the rows of the query '\(name)' is missing", at: .init(file: path),
          hint:
            "the folder needs \(names.map { $0 + ".csv" }.joined(separator: ", ")), with header lines"
        )
      }
      datasets.append(
        Dataset(
          name: name, columns: [], rows: 0, bytes: 0, digest: SHA256Digest(of: name.utf8),
          content: .file(path: path)))
    }
    let environment = FilmWorkbenchEnvironment(
      scratch: scratch, templates: templates, media: media.map { MediaRoot($0) })
    let work = PartitionWork(
      tenant: tenant, settings: TenantSettings(), period: period, pipeline: pipeline, asOf: nil,
      datasets: datasets)
    let texts = FilmTexts(
      catalog: try PageTemplates.cached(folder: templates).catalog, work: work)
    let whole = try FilmPlanner(
      work: work, spec: spec,
      templates: FilmTemplates(
        folder: templates, names: spec.templates, accent: Accent(tenant: tenant.id),
        locale: texts.locale), texts: texts)
    if isVertical {
      var tall = spec
      tall.hasVertical = true
      let cut = whole.vertical(
        try FilmTemplates(
          folder: templates, names: tall.verticalTemplates, accent: Accent(tenant: tenant.id),
          locale: texts.locale, isVertical: true))
      guard let cut else {
        throw Diagnostic(.data, "a film without items has no vertical cut", at: .init(file: rows))
      }
      planner = cut
    } else {
      planner = whole
    }
    self.media = FilmMedia(environment: environment)
  }

  /// All scenes. It inspects every medium, because the lengths depend on them.
  package func plan() throws -> (lines: [Line], warnings: [Warning]) {
    let (scenes, facts, warnings) = try scenes(of: planner.itemsWithMedia)
    let board = FilmReel(planner: planner, scenes: scenes, facts: facts).storyboard()
    let lines = zip(board.scenes, scenes).map { line, scene in
      Line(
        number: line.number, startMilliseconds: line.startMilliseconds,
        endMilliseconds: line.endMilliseconds, content: line.content,
        caption: scene.caption.split(separator: "\n").joined(separator: " · "))
    }
    return (lines, warnings)
  }

  /// One frame of scene `number`, at the position `part` (0 to 1). A recording is shown by its
  /// excerpt's first picture.
  package func picture(scene number: Int, at part: Double) throws -> (
    frame: VideoFrame, warnings: [Warning]
  ) {
    let (segment, warnings) = try segment(number)
    let composer: SceneComposer
    var live: VideoFrame?
    var wanted = Int(min(max(part, 0), 1) * Double(segment.frames - 1))
    switch segment.scene.visual {
    case .recording(let facts, let start), .sound(let facts, let start):
      let excerpt = FilmExcerpt(segment: segment, facts: facts, start: start)
      if let lead = excerpt.lead {
        guard wanted >= lead.frames else {
          composer = try lead.composer()
          break
        }
        wanted -= lead.frames
      }
      live = try excerpt.opened().get().1?.frame
      composer = try excerpt.composer(live)
    default: composer = try segment.composer()
    }
    for _ in 0..<wanted { _ = composer.skip() }
    return (composer.next(live: live), warnings)
  }

  /// Writes scene `number`, or the whole film, as an MP4 file. Scenes are made side by side.
  ///
  /// - Returns: how many scenes were encoded now, and all warnings.
  package func film(scene number: Int?, to path: String) throws -> (made: Int, warnings: [Warning])
  {
    var segments: [FilmSegment] = []
    var warnings: [Warning] = []
    if let number {
      let (segment, found) = try segment(number)
      segments = [segment]
      warnings = found
    } else {
      let (scenes, _, found) = try scenes(of: planner.itemsWithMedia)
      segments = scenes.map(segment)
      warnings = found
    }
    let all = segments
    let header = try SegmentEncoder.header(of: format)
    let pieces = Locked<[Int: (file: Artifact, warnings: [Warning])]>([:])
    let made = Locked(0)
    // The longest first, as the stage does.
    let order = all.indices.sorted { (-all[$0].scene.steps, $0) < (-all[$1].scene.steps, $1) }
    try media.environment.parallel(order.count) { turn in
      let segment = all[order[turn]]
      let piece = try media.environment.cached(
        segment.scene.key(format, ink: segment.ink, header: header)
      ) { path in
        made.withLock { $0 += 1 }
        return try segment.make(at: path)
      }
      pieces.withLock { $0[order[turn]] = piece }
    }
    let found = pieces.withLock { $0 }
    let ordered = all.indices.compactMap { found[$0] }
    let music =
      number == nil ? FilmMusic(planner: planner, scenes: all.map(\.scene), format: format) : nil
    _ = try FilmJoiner.join(
      segments: ordered.map(\.file.content.path),
      soundtrack: music?.parts(ordered.map(\.file), media.environment) ?? [],
      metadata: FilmMetadata(title: planner.texts.title), to: path)
    return (made.withLock { $0 }, warnings + ordered.flatMap(\.warnings))
  }

  private func segment(_ number: Int) throws -> (FilmSegment, [Warning]) {
    guard planner.plan.scenes.indices.contains(number - 1) else {
      throw Diagnostic(
        .usage, "the film has no scene \(number)",
        hint: "name a scene from 1 to \(planner.plan.scenes.count); `yearbook film plan` lists them"
      )
    }
    // Inspect only this scene's media: the others do not affect it.
    var places: [Int] = []
    switch planner.plan.scenes[number - 1].content {
    case .item(let place): places = [place]
    case .mosaic(let all): places = all
    case .intro, .figures, .month, .outro: break
    }
    let shown = Set(planner.itemsWithMedia)
    let (scenes, _, warnings) = try scenes(of: places.filter { shown.contains($0) })
    return (segment(scenes[number - 1]), warnings)
  }

  private func segment(_ scene: FilmScene) -> FilmSegment {
    FilmSegment(
      scene: scene, format: format, media: media, ink: planner.templates.accent.filmInk)
  }

  private func scenes(
    of places: [Int]
  ) throws -> (scenes: [FilmScene], facts: [Int: FilmMedia.Facts], warnings: [Warning]) {
    let found = Locked<[Int: (facts: FilmMedia.Facts, warnings: [Warning])]>([:])
    try media.environment.parallel(places.count) { turn in
      let item = planner.items[places[turn]]
      guard let key = item.mediaKey else { return }
      let facts = try media.facts(key, item.kind.medium, recorded: item.recorded)
      found.withLock { $0[places[turn]] = facts }
    }
    let all = found.withLock { $0 }
    let facts = all.mapValues(\.facts)
    return (try planner.scenes(facts), facts, places.flatMap { all[$0]?.warnings ?? [] })
  }
}

/// The workbench's environment. Pieces are kept in the scratch folder under their keys.
private struct FilmWorkbenchEnvironment: StageEnvironment {
  let scratch: String
  let templates: String
  let media: MediaRoot?

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    let failure = withoutActuallyEscaping(body) { body in
      let calls = SharedCalls(count, body)
      let others = DispatchGroup()
      for _ in 1..<max(1, min(count, ProcessInfo.processInfo.activeProcessorCount)) {
        others.enter()
        do {
          try WorkerThread.start("film") {
            calls.run()
            others.leave()
          }
        } catch {
          // This thread does their part. Dispatch's own threads would be waited for, for ever.
          others.leave()
        }
      }
      calls.run()
      others.wait()
      return calls.end()
    }
    if let failure { throw failure }
  }

  /// A piece that is found has no warnings: they were reported when it was made.
  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let key = inputs.key.digest
    let path = "\(scratch)/\(key)"
    var warnings: [Warning] = []
    if !FileManager.default.fileExists(atPath: path) {
      // Two scenes can have the same key: each is written to its own file, then moved into place.
      let part = "\(path).\(UUID().uuidString)"
      warnings = try make(part)
      guard rename(part, path) == 0 else {
        throw Diagnostic(.io, "a piece can't be moved to its place", at: .init(file: path))
      }
    }
    let file = Artifact(
      name: "piece", mediaType: "application/octet-stream", isPublished: false,
      content: StoredContent(digest: key, byteCount: 0, path: path))
    return (file, warnings)
  }

  /// Not a digest of the bytes: here a recording does not change without its size or times
  /// changing.
  func digest(ofMedia key: String) throws -> SHA256Digest {
    let object = try open(media: key)
    return SHA256Digest(of: "\(key) \(object.size) \(object.modified)".utf8)
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}
}
