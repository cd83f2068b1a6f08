import Basics
import Diagnostics
import Media

/// Makes the segment of a recording's excerpt. If there is time, its card comes first. Then come
/// its pictures over a blurred copy of the first one, or its sound under a card, with text on top.
struct FilmExcerpt {
  /// The whole scene.
  let whole: FilmSegment
  /// The card before the excerpt; `nil` without one.
  let lead: FilmSegment?
  /// The excerpt without the card.
  let segment: FilmSegment
  let facts: FilmMedia.Facts
  /// Milliseconds from the recording's start.
  let start: Int

  init(segment: FilmSegment, facts: FilmMedia.Facts, start: Int) {
    whole = segment
    self.facts = facts
    self.start = start
    var scene = segment.scene
    guard let lead = scene.lead else {
      self.lead = nil
      self.segment = segment
      return
    }
    func part(_ scene: FilmScene) -> FilmSegment {
      FilmSegment(scene: scene, format: segment.format, media: segment.media, ink: segment.ink)
    }
    var card = scene.card
    card.steps = lead.steps
    card.closing = lead.ground
    self.lead = part(card)
    scene.lead = nil
    scene.steps -= lead.steps
    scene.opening = lead.ground
    self.segment = part(scene)
  }

  private var format: FilmFormat { segment.format }
  private var steps: Int { segment.scene.steps }

  func make(at path: String) throws -> [Warning] {
    let frames = steps * FilmFormat.framesPerStep
    let reader: RecordingReader
    var moment: RecordingReader.Moment?
    switch try opened() {
    case .success(let opened): (reader, moment) = opened
    case .failure(let failure): return try placeholder(path, failure.message)
    }
    guard let first = moment else { return try placeholder(path, "nothing of it can be decoded") }
    let composer = try composer(first.frame)
    let encoder = try SegmentEncoder(format: format, gridSteps: whole.scene.steps, path: path)
    if let lead {
      let composer = try lead.composer()
      for _ in 0..<lead.frames { try encoder.append(composer.next()) }
      let silence = 2 * lead.frames * FilmFormat.samplesPerFrame
      try encoder.append(stereo: [Float](repeating: 0, count: silence))
    }
    var samples: [Float] = []
    var shown: VideoFrame?
    var broke: String?
    for index in 0..<frames {
      if index % 30 == 0 { try segment.media.environment.checkCancellation() }
      if let moment {
        shown = moment.frame ?? shown
        samples += moment.samples
      }
      try encoder.append(composer.next(live: shown))
      if moment == nil { continue }
      switch try next(of: reader) {
      case .success(let next): moment = next
      case .failure(let failure):
        moment = nil
        broke = failure.message
      }
    }
    try encoder.append(stereo: FilmExcerpt.faded(LoudnessNormaliser.normalise(samples)))
    try encoder.finish()
    var warnings = reader.warnings.map {
      Warning(code: $0.code, subject: facts.key, message: $0.message)
    }
    if let broke {
      warnings.append(
        Warning(
          code: "recording-broken", subject: facts.key,
          message: "\(broke); its last picture is shown until the scene ends"))
    }
    return warnings
  }

  /// The reader with its first moment. A fault of the recording itself is returned as `.failure`;
  /// other errors are thrown.
  func opened() throws -> Result<(RecordingReader, RecordingReader.Moment?), Diagnostic> {
    do throws(Diagnostic) {
      let reader = try RecordingReader(
        segment.media.open(facts.key), start: start,
        length: FilmFormat.milliseconds(ofSteps: steps), maxWidth: format.width,
        maxHeight: format.height, longest: facts.longest,
        check: segment.media.environment.checking)
      return .success((reader, try reader.next()))
    } catch {
      if error.code == .data { return .failure(error) }
      throw error
    }
  }

  private func next(
    of reader: RecordingReader
  ) throws -> Result<RecordingReader.Moment?, Diagnostic> {
    do throws(Diagnostic) {
      return .success(try reader.next())
    } catch {
      if error.code == .data { return .failure(error) }
      throw error
    }
  }

  func composer(_ first: VideoFrame?) throws -> SceneComposer {
    guard let first else {
      return try segment.composer(
        segment.scene.fallback, ground: segment.drawn(segment.scene.fallback, "ground"))
    }
    var ground = VideoFrame(
      width: format.width, height: format.height, colour: FilmColour(hex: segment.ink))
    if first.width < format.width - 16 || first.height < format.height - 16 {
      ground = Backdrop.frame(
        of: Bitmap(halfOf: first), width: format.width, height: format.height,
        ink: FilmColour(hex: segment.ink))
    }
    // The text disappears after six seconds.
    let frames = steps * FilmFormat.framesPerStep
    return try segment.composer(
      segment.scene.svg, ground: ground, textEnds: frames > 300 ? 180 : nil)
  }

  /// Makes the card instead of the recording.
  private func placeholder(_ path: String, _ reason: String) throws -> [Warning] {
    let replacement = FilmSegment(
      scene: whole.scene.card, format: format, media: segment.media, ink: segment.ink)
    try replacement.still(path)
    return [
      Warning(
        code: "recording-unusable", subject: facts.key,
        message: "\(reason); a card is shown instead")
    ]
  }

  /// Fades in for a quarter of a second, and fades out for half a second.
  private static func faded(_ samples: [Float]) -> [Float] {
    var samples = samples
    let count = samples.count / 2
    for (length, isEnd) in [(12_000, false), (24_000, true)] {
      for index in 0..<min(length, count) {
        let x = Float(index) / Float(length)
        let place = isEnd ? count - 1 - index : index
        samples[2 * place] *= x * x * (3 - 2 * x)
        samples[2 * place + 1] *= x * x * (3 - 2 * x)
      }
    }
    return samples
  }
}
