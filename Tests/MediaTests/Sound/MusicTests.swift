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
    for seed in 0..<UInt64(Int(ProcessInfo.processInfo.environment["SEEDS"] ?? "") ?? 4) {
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
}
