import Basics
import Media
import Pipelines

/// The music of a film: what its rows make of it, and its parts, each kept under its key.
struct FilmMusic {
  let scenes: [FilmScene]
  let format: FilmFormat
  let score: MusicScore
  private let soundtrack: Soundtrack
  /// The grid steps at which the scenes begin, and at which the film ends.
  private let starts: [Int]

  /// `nil` if the pipeline wants no music.
  init?(planner: FilmPlanner, scenes: [FilmScene], format: FilmFormat) {
    guard let style = MusicStyle(rawValue: planner.spec.music) else { return nil }
    self.scenes = scenes
    self.format = format
    starts = scenes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.steps) }
    let film = "\(planner.work.tenant.id) \(planner.work.period)"
    score = MusicScore(
      scenes: FilmMusic.scenes(scenes, planner, film), style: style,
      seed: FilmMusic.seed("film \(film)"))
    soundtrack = Soundtrack(score: score, format: format)
  }

  /// The first 64 bits of a text's digest.
  private static func seed(_ text: String) -> UInt64 {
    UInt64(SHA256Digest(of: text.utf8).hex.prefix(16), radix: 16) ?? 0
  }

  /// What the composer sees. A month's activity is its number of items, compared with the busiest
  /// month; both are rounded up to their classes, so that one new item seldom changes it.
  private static func scenes(
    _ scenes: [FilmScene], _ planner: FilmPlanner, _ film: String
  ) -> [MusicScene] {
    var counts: [Int: Int] = [:]
    func month(_ day: CivilDate) -> Int { day.year * 12 + day.month }
    for item in planner.items { counts[month(item.day), default: 0] += 1 }
    let most = StoryboardPlan.countClass(counts.values.max() ?? 1)
    func activity(_ day: CivilDate) -> Int {
      StoryboardPlan.countClass(counts[month(day)] ?? 0) * 4 / (most + 1)
    }
    return scenes.map { scene in
      switch scene.content {
      case .intro:
        MusicScene(steps: scene.steps, place: .opening, activity: 1, seed: seed("intro \(film)"))
      case .figures:
        MusicScene(steps: scene.steps, place: .item, activity: 2, seed: seed("figures \(film)"))
      case .month(let day):
        MusicScene(
          steps: scene.steps, place: .chapter, activity: activity(day),
          seed: seed("month \(day) \(film)"))
      case .item(let place):
        MusicScene(
          steps: scene.steps, place: .item, activity: activity(planner.items[place].day),
          seed: seed("item \(planner.items[place].id)"))
      case .mosaic(let places):
        MusicScene(
          steps: scene.steps, place: .item,
          activity: places.first.map { activity(planner.items[$0].day) } ?? 1,
          seed: seed("mosaic \(film)"))
      case .outro:
        MusicScene(steps: scene.steps, place: .closing, activity: 1, seed: seed("outro \(film)"))
      }
    }
  }

  /// The part of the soundtrack for each segment, found or made side by side.
  ///
  /// - Parameter segments: the segments' files, with the digests of their bytes.
  func parts(
    _ segments: [Artifact], _ environment: any StageEnvironment
  ) throws -> [String] {
    let found = Locked<[Int: String]>([:])
    try environment.parallel(scenes.count) { index in
      let steps = starts[index]..<starts[index + 1]
      let speech = spoken(steps).map { ($0, segments[$0]) }
      let piece = try environment.cached(key(steps, speech)) { path in
        try soundtrack.write(
          steps: steps,
          speech: speech.map { Soundtrack.Speech(step: starts[$0], segment: $1.content.path) },
          to: path)
        return []
      }
      found.withLock { $0[index] = piece.file.content.path }
    }
    let paths = found.withLock { $0 }
    return scenes.indices.compactMap { paths[$0] }
  }

  /// The scenes with a sound of their own that reach into the part of these steps.
  private func spoken(_ steps: Range<Int>) -> [Int] {
    let range = Soundtrack.range(ofSteps: steps)
    return scenes.indices.filter { index in
      switch scenes[index].visual {
      case .recording, .sound:
        starts[index] * FilmFormat.samplesPerStep < range.upperBound
          && starts[index + 1] * FilmFormat.samplesPerStep > range.lowerBound
      case .card, .picture, .mosaic: false
      }
    }
  }

  private func key(_ steps: Range<Int>, _ speech: [(Int, Artifact)]) -> KeyInputs {
    let range = Soundtrack.range(ofSteps: steps)
    var key = KeyInputs(stage: "soundtrack", version: 1)
    key.add("sound", String(format.audioBitRate))
    key.add("style", score.style.rawValue)
    key.add("steps", String(steps.count))
    key.add("notes", contentsOf: score.text(of: range).utf8)
    // The music fades out at the film's end.
    key.add("rest", String(min(score.steps - steps.upperBound, 4)))
    key.add("start", steps.lowerBound == 0 ? "true" : "false")
    for (index, segment) in speech {
      key.add(
        "speech \(starts[index] - steps.lowerBound)", "\(segment.content.digest)")
    }
    return key
  }
}
