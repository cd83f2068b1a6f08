import Diagnostics
import Foundation
import Testing

@testable import Media

@Suite struct SoundtrackTests {
  let folder = Folder()

  /// Parts of a film, joined; and its sound as the ffmpeg program decodes it.
  private func decoded(_ score: MusicScore, _ lengths: [Int], speech spoken: Set<Int>) throws -> (
    film: [Float], whole: [Float]
  ) {
    var (segments, speech, position): ([String], [Soundtrack.Speech], Int) = ([], [], 0)
    for (index, steps) in lengths.enumerated() {
      let path = folder.file("\(index).seg")
      try Clips.segment(path, steps: steps, seed: index)
      segments.append(path)
      if spoken.contains(index) { speech.append(.init(step: position, segment: path)) }
      position += steps
    }
    let soundtrack = Soundtrack(score: score, format: Clips.format)
    var parts: [String] = []
    position = 0
    for (index, steps) in lengths.enumerated() {
      let part = folder.file("\(index).sound")
      try soundtrack.write(steps: position..<position + steps, speech: speech, to: part)
      parts.append(part)
      position += steps
    }
    let film = folder.file("film.mp4")
    _ = try FilmJoiner.join(
      segments: segments, soundtrack: parts, metadata: FilmMetadata(title: "T"), to: film)
    let sound = Run.tool(
      "ffmpeg", "-v", "error", "-xerror", "-i", film, "-map", "0:a", "-f", "f32le", "-y",
      folder.file("sound"))
    #expect(sound.errors == "")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("sound")))
    return (
      bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) },
      try soundtrack.samples(0..<position * FilmFormat.samplesPerStep, speech)
    )
  }

  @Test(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg as a judge"), arguments: MusicStyle.allCases)
  func `Parts join without a click: at joins the film differs from its mix as little as elsewhere`(
    style: MusicStyle
  ) throws {
    let lengths = [3, 2, 4, 1, 3, 4]
    let scenes = lengths.enumerated().map { index, steps in
      MusicScene(
        steps: steps, place: index == 0 ? .opening : index == 5 ? .closing : .item, activity: 3,
        seed: UInt64(index))
    }
    let (film, whole) = try decoded(
      MusicScore(scenes: scenes, style: style, seed: 5), lengths, speech: [2])
    #expect(film.count == whole.count)
    // The mean square of the coding error in each AAC frame.
    var errors = [Float](repeating: 0, count: whole.count / 2_048)
    for index in 0..<min(film.count, whole.count) {
      let difference = film[index] - whole[index]
      errors[index / 2_048] += difference * difference / 2_048
    }
    var isJoin = [Bool](repeating: false, count: errors.count)
    var step = 0
    for length in lengths.dropLast() {
      step += length
      for frame in step * 25 - 1...step * 25 { isJoin[frame] = true }
    }
    let elsewhere = errors.indices.filter { !isJoin[$0] }.map { errors[$0] }.sorted()
    let most = elsewhere[elsewhere.count - 1]
    let worst = errors.indices.filter { isJoin[$0] }.map { errors[$0] }.max() ?? 1
    // A packet costs its bits by what came before it: 1e-4 is −40 dB.
    #expect(worst <= 1e-4 + 1.5 * most, "\(worst) at a join, \(most) elsewhere")
    // And the film is the mix, not something else.
    #expect(elsewhere.reduce(0, +) / Float(elsewhere.count) < 1e-3)
  }

  @Test func `Music falls by 14 dB under words and has its full level at both ends of the scene`() {
    let silence = [Float](repeating: 0, count: 2 * 96_000)
    let levels = SoundDucker.levels(under: silence + Clips.tone(96_000) + silence)
    #expect(levels.first == 1 && levels.last == 1)
    #expect(levels[100] == 1)
    #expect(levels[200..<400].allSatisfy { abs($0 - SoundDucker.floor) < 0.001 })
    #expect(levels[550] > 0.9)
    // No step is larger than a fade of 60 ms makes it.
    for (here, next) in zip(levels, levels.dropFirst()) { #expect(abs(here - next) < 0.15) }
  }

  @Test func `A new scene at the end of a chapter changes no other chapter's sound`() {
    let scenes = MusicTests.scenes(3)
    var more = scenes
    let added = MusicScene(steps: 7, place: .item, activity: 2, seed: 1_234)
    // Behind the last item of the third chapter: 1 + 3 × 5 scenes.
    more.insert(added, at: 16)
    func parts(_ scenes: [MusicScene]) -> [String] {
      let score = MusicScore(scenes: scenes, style: .bright, seed: 3)
      var step = 0
      return scenes.map { scene in
        defer { step += scene.steps }
        return score.text(of: Soundtrack.range(ofSteps: step..<step + scene.steps))
      }
    }
    let (before, after) = (parts(scenes), parts(more))
    let known = Set(before)
    let made = after.indices.filter { !known.contains(after[$0]) }
    #expect(made.allSatisfy { (15...18).contains($0) }, "\(made)")
  }

  @Test func `A part that is cut short or from another place is refused`() throws {
    let score = MusicScore(scenes: MusicTests.scenes(1), style: .calm, seed: 1)
    let soundtrack = Soundtrack(score: score, format: Clips.format)
    let (segment, part) = (folder.file("a.seg"), folder.file("a.sound"))
    try Clips.segment(segment, steps: 2)
    try soundtrack.write(steps: 0..<1, speech: [], to: part)
    #expect(throws: Diagnostic.self) {
      try FilmJoiner.join(
        segments: [segment], soundtrack: [part], metadata: FilmMetadata(title: "T"),
        to: folder.file("film.mp4"))
    }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: part))
    try bytes.dropLast(9).write(to: URL(fileURLWithPath: part))
    #expect(throws: Diagnostic.self) { try SoundFile.Contents(path: part) }
  }
}
