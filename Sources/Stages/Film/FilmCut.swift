import Basics
import Diagnostics
import Media
import Pipelines

/// A film of a partition, whole or vertical: its scenes, made into one file.
struct FilmCut {
  /// What was made.
  struct Made {
    var path: String
    var summary: FilmSummary
    /// The files of the segments, and of the soundtrack's parts.
    var segments: [String]
    var soundtrack: [String]
    var warnings: [Warning]
  }

  let planner: FilmPlanner
  let format: FilmFormat
  let scenes: [FilmScene]
  let reel: FilmReel
  private let media: FilmMedia

  init(
    planner: FilmPlanner, format: FilmFormat, facts: [Int: FilmMedia.Facts], media: FilmMedia
  ) throws {
    self.planner = planner
    self.format = format
    self.media = media
    scenes = try planner.scenes(facts)
    reel = FilmReel(planner: planner, scenes: scenes, facts: facts)
  }

  /// Makes `NAME.mp4` in the scratch folder.
  ///
  /// - Parameters:
  ///   - done: how many scenes were made before, for the progress.
  ///   - total: how many scenes there are in all.
  func make(
    named name: String, after done: Int = 0, of total: Int, hasChapters: Bool
  ) throws -> Made {
    let segments = try segments(after: done, of: total)
    let soundtrack =
      try FilmMusic(planner: planner, scenes: scenes, format: format)?
      .parts(segments.map(\.file), media.environment) ?? []
    let path = "\(media.environment.scratch)/\(name).mp4"
    let paths = segments.map(\.file.content.path)
    let summary = try FilmJoiner.join(
      segments: paths, soundtrack: soundtrack, metadata: reel.metadata,
      chapters: hasChapters ? reel.chapters : [], captions: reel.captions, to: path)
    return Made(
      path: path, summary: summary, segments: paths, soundtrack: soundtrack,
      warnings: segments.flatMap(\.warnings))
  }

  /// The first card with figures, as a JPEG.
  func poster() throws -> [UInt8] {
    let scene = scenes.first { $0.content == .figures } ?? scenes[0]
    let segment = FilmSegment(
      scene: scene, format: format, media: media, ink: planner.templates.accent.filmInk)
    return try StillImage.jpeg(segment.poster())
  }

  /// The segments of the scenes, found or made side by side.
  private func segments(
    after before: Int, of total: Int
  ) throws -> [(file: Artifact, warnings: [Warning])] {
    let ink = planner.templates.accent.filmInk
    let header = try SegmentEncoder.header(of: format)
    let made = Locked<(count: Int, found: [Int: (file: Artifact, warnings: [Warning])])>((0, [:]))
    // The longest first, so that no core waits for a recording at the end.
    let order = scenes.indices.sorted {
      (-scenes[$0].steps, $0) < (-scenes[$1].steps, $1)
    }
    try media.environment.parallel(order.count) { turn in
      let index = order[turn]
      let segment = FilmSegment(scene: scenes[index], format: format, media: media, ink: ink)
      let piece = try media.environment.cached(
        scenes[index].key(format, ink: ink, header: header)
      ) { path in
        try segment.make(at: path)
      }
      let done = made.withLock { made in
        made.found[index] = piece
        made.count += 1
        return made.count
      }
      media.environment.progress(before + done, of: total, "scenes")
    }
    let found = made.withLock { $0.found }
    return scenes.indices.compactMap { found[$0] }
  }
}
