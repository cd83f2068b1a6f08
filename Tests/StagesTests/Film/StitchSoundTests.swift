import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// The sound of a finished film, as the ffmpeg program decodes it.
@Suite(
  .serialized, .enabled(if: Places.program("ffmpeg") != nil, "needs ffmpeg to decode the film"))
struct StitchSoundTests {
  /// A film, decoded: mono samples at 48 kHz, and the light of each frame's middle.
  private struct Decoded {
    var samples: [Float]
    var light: [UInt8]
    var board: StoryboardFile
    var path: String
  }

  private static func ffmpeg(_ arguments: [String]) throws -> (output: Data, errors: String) {
    let program = try #require(Places.program("ffmpeg"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-nostdin", "-hide_banner"] + arguments
    let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return (data, try String(contentsOf: errors, encoding: .utf8))
  }

  /// Writes a recording whose light and sound are functions of the time in seconds.
  private static func record(
    _ path: String, shape: RecordingWriter.Shape = .webmVP8, seconds: Int, rate: Int = 30,
    light: (Double) -> UInt8, sound: (Double) -> Float
  ) throws {
    let writer = try RecordingWriter(
      shape: shape, width: 160, height: 90, hasAudio: true, path: path)
    for index in 0..<seconds * rate {
      let time = Double(index) / Double(rate)
      try writer.append(
        VideoFrame(width: 160, height: 90, luma: light(time)), at: Int((time * 1_000).rounded()))
      try writer.append(
        stereo: (0..<48_000 / rate).flatMap { sample -> [Float] in
          let value = sound(time + Double(sample) / 48_000)
          return [value, value]
        })
    }
    try writer.finish()
  }

  /// Makes a film with one recording per name, each on a different day.
  private static func film(_ folder: String, _ names: [String]) throws -> Decoded {
    let environment = try StitchEnvironment(folder: folder, workers: 2)
    for name in names {
      let media = try #require(environment.media).path
      try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(media)/\(name)")
    }
    let rows = names.enumerated().map { index, name in
      "x,dojo,\(name),2026-0\(1 + index % 9)-03,\(name),,,Ana,0,0,\(name),f"
    }
    let output = try StitchStage().prepare(
      StitchFixture.work(folder, rows: rows), inputs: [], environment: environment
    ).run()
    #expect(output.warnings.map(\.message) == [])
    let path = environment.scratch + "/film.mp4"
    let sound = try ffmpeg([
      "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-f", "f32le", "-",
    ])
    let light = try ffmpeg([
      "-v", "error", "-i", path, "-map", "0:v", "-vf", "crop=8:8:316:100,scale=1:1:flags=area",
      "-pix_fmt",
      "gray", "-f", "rawvideo", "-",
    ])
    return Decoded(
      samples: sound.output.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) },
      light: Array(light.output), board: try StitchTests.storyboard(output), path: path)
  }

  @Test func `A clap and its flash stay together within 20 ms, in every container`() throws {
    try withTemporaryFolder { folder in
      let marks = [1.5, 2.9, 4.1]
      for (name, shape, rate) in [
        ("a.webm", RecordingWriter.Shape.webmVP8, 30), ("b.webm", .webmVP9, 15),
        ("c.mp4", .mp4H264, 24),
      ] {
        try StitchSoundTests.record(
          "\(folder)/\(name)", shape: shape, seconds: 6, rate: rate,
          light: { time in
            // The frame that shows the mark is the one that is there when it comes.
            marks.contains { time > $0 - 0.001 && time < $0 + 0.2 } ? 220 : 40
          },
          sound: { time in
            // The first picture at or after the mark is when it claps.
            let begun = marks.map { ($0 * Double(rate)).rounded(.up) / Double(rate) }
            guard let mark = begun.first(where: { time >= $0 && time < $0 + 0.05 }) else {
              return 0
            }
            return 0.6 * sinf(Float(time - mark) * 1_500 * 2 * .pi)
          })
      }
      let film = try StitchSoundTests.film(folder, ["a.webm", "b.webm", "c.mp4"])
      var found = 0
      for scene in film.board.scenes where scene.content == "item" {
        let frames = scene.startMilliseconds * 30 / 1_000..<scene.endMilliseconds * 30 / 1_000
        var flashes: [Double] = []
        for frame in frames.dropFirst(20) where frame > 0 {
          if film.light[frame] > 130, film.light[frame - 1] <= 130 {
            flashes.append(Double(frame) / 30)
          }
        }
        for flash in flashes {
          let around = Int((flash - 0.3) * 48_000)..<Int((flash + 0.3) * 48_000)
          let clap = try #require(around.first { abs(film.samples[$0]) > 0.05 })
          #expect(abs(Double(clap) / 48_000 - flash) < 0.02, "\(scene.number): \(flash)")
          found += 1
        }
      }
      #expect(found >= 7)
    }
  }

  @Test func `Speech is −16 LUFS in the film, its peaks under −1 dBTP, and noise is not lifted`()
    throws
  {
    try withTemporaryFolder { folder in
      // Syllables with pauses, at several levels, one of them with clicks far above it; and steady
      // hiss.
      func voice(_ level: Float, clicks: Bool = false) -> (Double) -> Float {
        { time in
          if clicks, time.truncatingRemainder(dividingBy: 2) < 0.001 { return 0.9 }
          let syllable = sinf(Float(time) * 2 * .pi * 2)
          let pause = time.truncatingRemainder(dividingBy: 3) > 2.2
          return pause || syllable < 0 ? 0 : level * syllable * sinf(Float(time) * 700 * 2 * .pi)
        }
      }
      var seed: UInt32 = 7
      func hiss(_ time: Double) -> Float {
        seed = seed &* 1_664_525 &+ 1_013_904_223
        return (Float(seed >> 8) / Float(1 << 24) - 0.5) * 0.02
      }
      let sounds: [(String, (Double) -> Float)] = [
        ("a.webm", voice(0.9)), ("b.webm", voice(0.05)), ("c.webm", voice(0.1, clicks: true)),
        ("d.webm", hiss),
      ]
      for (name, sound) in sounds {
        try StitchSoundTests.record(
          "\(folder)/\(name)", seconds: 12, rate: 15, light: { UInt8(60 + Int($0 * 8)) },
          sound: sound)
      }
      let film = try StitchSoundTests.film(folder, sounds.map(\.0))
      let items = film.board.scenes.filter { $0.content == "item" }
      var told: [(loudness: Double, peak: Double)] = []
      for scene in items {
        let measured = try StitchSoundTests.ffmpeg([
          "-ss", "\(Double(scene.startMilliseconds) / 1_000)", "-t",
          "\(Double(scene.endMilliseconds - scene.startMilliseconds) / 1_000)", "-i", film.path,
          "-map", "0:a", "-af", "ebur128=peak=true", "-f", "null", "-",
        ]).errors
        func last(_ label: String) throws -> Double {
          let line = try #require(
            measured.split(separator: "\n").last { $0.drop { $0 == " " }.hasPrefix(label) })
          return try #require(line.split(separator: " ").dropFirst().first.flatMap { Double($0) })
        }
        told.append((try last("I:"), try last("Peak:")))
      }
      #expect(told.count == 4)
      for (loudness, peak) in told.prefix(3) {
        #expect(abs(loudness + 16) <= 1, "\(told)")
        #expect(peak < -1, "\(told)")
      }
      // The hiss lies at −43 LUFS and stays there.
      #expect(told[3].loudness < -38, "\(told)")
    }
  }

  @Test func `Nothing clicks where scenes are joined, and nothing is missing`() throws {
    try withTemporaryFolder { folder in
      for name in ["a.webm", "b.webm", "c.webm"] {
        try StitchSoundTests.record(
          "\(folder)/\(name)", seconds: 5, rate: 15, light: { _ in 90 },
          sound: { 0.3 * sinf(Float($0) * 441 * 2 * .pi) })
      }
      let film = try StitchSoundTests.film(folder, ["a.webm", "b.webm", "c.webm"])
      let end = film.board.milliseconds
      #expect(film.light.count == (end * 30 + 500) / 1_000)
      #expect(abs(film.samples.count - end * 48) <= 48)
      for scene in film.board.scenes.dropFirst() {
        let join = scene.startMilliseconds * 48
        // Two AAC frames on both sides: silence except for noise of the codec.
        let around = film.samples[join - 480..<min(film.samples.count, join + 480)]
        #expect((around.map(abs).max() ?? 0) < 0.01, "scene \(scene.number)")
      }
      for scene in film.board.scenes where scene.content == "item" {
        // Within an excerpt, after the silence of its card and past its fades, the tone never
        // breaks off.
        let begin =
          scene.startMilliseconds + FilmFormat.milliseconds(ofSteps: FilmPlanner.leadSteps)
        #expect(
          film.samples[scene.startMilliseconds * 48..<(begin - 50) * 48].allSatisfy {
            abs($0) < 0.01
          })
        let sound = film.samples[(begin + 400) * 48..<(scene.endMilliseconds - 700) * 48]
        var least = Float.infinity
        for start in stride(from: sound.startIndex, to: sound.endIndex - 240, by: 240) {
          least = min(least, sound[start..<start + 240].map(abs).max() ?? 0)
        }
        #expect(least > 0.1, "scene \(scene.number)")
      }
    }
  }
}
