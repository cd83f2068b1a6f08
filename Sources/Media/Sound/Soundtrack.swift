package import Diagnostics

/// A film's sound with music: its recordings' sound over a score that is turned down under it.
///
/// It is made in parts, one for each segment, so that a new scene costs its own part. A part
/// depends only on what can be heard in it and shortly before and after it: `range` says where.
package struct Soundtrack: Sendable {
  /// A scene with a sound of its own.
  package struct Speech: Sendable {
    /// The grid step of the film at which it begins.
    package var step: Int
    /// Its segment.
    package var segment: String

    /// The sound of a segment that begins at this grid step.
    package init(step: Int, segment: String) {
      self.step = step
      self.segment = segment
    }
  }

  /// Excerpts are at −16 LUFS; with music the film is at −14 LUFS: +2 dB.
  private static let speechLevel: Float = 1.259
  /// What the limiter hears before and after the samples that it returns.
  private static let margin = 1_024

  private let score: MusicScore
  private let format: FilmFormat
  private let player = MusicPlayer()

  /// A soundtrack with this score.
  package init(score: MusicScore, format: FilmFormat) {
    self.score = score
    self.format = format
  }

  /// The samples of the film that decide the part of these grid steps.
  package static func range(ofSteps steps: Range<Int>) -> Range<Int> {
    steps.lowerBound * FilmFormat.samplesPerStep - SoundEncoder.before - margin..<steps.upperBound
      * FilmFormat.samplesPerStep + SoundEncoder.after + margin
  }

  /// Encodes the part of these grid steps.
  ///
  /// - Parameter speech: all scenes with sound that reach into `range`.
  package func write(
    steps: Range<Int>, speech: [Speech], to path: String
  ) throws(Diagnostic) {
    let mix = try samples(Soundtrack.range(ofSteps: steps), speech)
    try SoundEncoder.encode(
      Array(mix[2 * Soundtrack.margin..<mix.count - 2 * Soundtrack.margin]), format: format,
      gridSteps: steps.count, to: path)
  }

  /// Interleaved stereo of this range of the film's samples; within `margin` of its ends, peaks are
  /// not limited as in the whole film.
  func samples(_ range: Range<Int>, _ speech: [Speech]) throws(Diagnostic) -> [Float] {
    var mix = player.samples(score, range)
    for scene in speech {
      SoundDucker.add(
        try SegmentSound.samples(ofSegment: scene.segment),
        at: scene.step * FilmFormat.samplesPerStep, level: Soundtrack.speechLevel, to: &mix,
        from: range.lowerBound)
    }
    return LoudnessNormaliser.limit(mix)
  }
}
