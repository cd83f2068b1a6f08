import Basics
import Diagnostics
import Foundation
import Testing

@testable import Media

struct MusicTests {
  /// A film of a year: an opening, chapters of different activity, and an end.
  static func scenes(_ seed: UInt64, items: Int = 4) -> [MusicScene] {
    var scenes = [MusicScene(steps: 9, place: .opening, activity: 1, seed: seed)]
    for chapter in 0..<4 {
      scenes.append(
        MusicScene(steps: 6, place: .chapter, activity: chapter, seed: seed &+ UInt64(chapter)))
      for item in 0..<items {
        scenes.append(
          MusicScene(
            steps: 5 + (chapter + item) % 7, place: .item, activity: chapter,
            seed: seed &* 31 &+ UInt64(chapter * 100 + item)))
      }
    }
    scenes.append(MusicScene(steps: 10, place: .closing, activity: 1, seed: seed &+ 99))
    return scenes
  }

  @Test(arguments: MusicStyle.allCases)
  func `Every key of a style is at −14 LUFS, within 1, and its peaks are below −1 dBTP`(
    style: MusicStyle
  ) {
    let player = MusicPlayer()
    for seed in 0..<UInt64(Run.isSoak ? 40 : 2) {
      let score = MusicScore(scenes: MusicTests.scenes(seed), style: style, seed: seed)
      var meter = LoudnessMeter()
      meter.add(
        LoudnessNormaliser.limit(
          player.samples(score, 0..<score.steps * FilmFormat.samplesPerStep)))
      let loudness = meter.integrated() ?? -99
      #expect(abs(loudness + 14) < 1, "\(style) \(seed)")
      #expect(meter.truePeak < 0.891)
    }
  }

  /// Recorded: a change of these digests changes all films with music.
  @Test(arguments: [
    (MusicStyle.calm, "4e5972ee35a48c8e"), (.bright, "06000fcbe6c1bf7f"),
    (.pulse, "5f603244bc1ba8ce"),
  ])
  func `The same scenes are the same samples, bit by bit`(style: MusicStyle, digest: String) {
    let score = MusicScore(
      scenes: [
        MusicScene(steps: 4, place: .opening, activity: 3, seed: 1),
        MusicScene(steps: 4, place: .closing, activity: 3, seed: 2),
      ], style: style, seed: 11)
    let samples = MusicPlayer().samples(score, 0..<score.steps * FilmFormat.samplesPerStep)
    let found = samples.withUnsafeBytes { SHA256Digest(of: $0).hex.prefix(16) }
    #expect(found == digest)
  }
}
