import Diagnostics
import Foundation
import Media
import Testing

@Suite struct `Recordings` {
  let folder = Folder()

  /// Writes two seconds with 15 frames per second and a tone.
  private func record(
    _ shape: RecordingWriter.Shape, _ name: String, width: Int = 320, height: Int = 180,
    hasAudio: Bool = true
  ) throws -> MediaObject {
    let path = folder.file(name)
    let writer = try RecordingWriter(
      shape: shape, width: width, height: height, hasAudio: hasAudio, path: path)
    for index in 0..<30 {
      if width > 0 {
        try writer.append(
          Clips.frame(index, width: width, height: height), at: index * 1_000 / 15)
      }
      if hasAudio { try writer.append(stereo: Clips.tone(3_200, from: index * 3_200)) }
    }
    try writer.finish()
    return try MediaObject(path: path)
  }

  @Test(arguments: RecordingWriter.Shape.allCases)
  func `A probe finds what was written`(shape: RecordingWriter.Shape) throws {
    let probe = try RecordingProbe.probe(record(shape, "clip"))
    let codec = [
      RecordingWriter.Shape.webmVP8: "vp8", .webmVP9: "vp9", .mp4H264: "h264",
    ]
    #expect(probe.container == (shape == .mp4H264 ? "mov" : "matroska"))
    #expect(probe.video?.codec == codec[shape])
    #expect(probe.video?.width == 320)
    #expect(probe.video?.height == 180)
    #expect(probe.video?.frames == 30)
    #expect(probe.audio?.codec == (shape == .mp4H264 ? "aac" : "opus"))
    #expect(abs(probe.duration - 2_000) <= 30)
    #expect(probe.warnings == [])
    #expect(probe.activity.count >= 2)
    #expect(probe.activity.prefix(2).allSatisfy { $0.change > 0 && $0.rms > 100_000 })
    // A tone of amplitude 0.2 on both channels: about −14.7 LUFS.
    let loudness = try #require(probe.audio?.loudness)
    #expect(abs(loudness + 1_470) < 60)
  }

  @Test(arguments: RecordingWriter.Shape.allCases)
  func `The same frames and sound give the same recording`(shape: RecordingWriter.Shape) throws {
    _ = try record(shape, "a")
    _ = try record(shape, "b")
    let (a, b) = (folder.file("a"), folder.file("b"))
    #expect(FileManager.default.contentsEqual(atPath: a, andPath: b))
  }

  @Test func `An excerpt is read at a constant rate, in sync with its sound`() throws {
    let object = try record(.webmVP8, "clip.webm")
    let reader = try RecordingReader(
      object, start: 500, length: 1_000, maxWidth: 640, maxHeight: 640)
    var moments = 0
    var energy: Float = 0
    while let moment = try reader.next() {
      #expect(moment.frame?.width == 640)
      #expect(moment.frame?.height == 360)
      #expect(moment.samples.count == 3_200)
      energy += moment.samples.reduce(0) { $0 + $1 * $1 }
      moments += 1
    }
    #expect(moments == 30)
    #expect(abs(energy / 96_000 - 0.02) < 0.002)
    #expect(reader.warnings == [])
  }

  @Test func `An excerpt past the end is shorter and has a warning`() throws {
    let object = try record(.mp4H264, "clip.mp4")
    let reader = try RecordingReader(
      object, start: 1_000, length: 5_000, maxWidth: 320, maxHeight: 180)
    var moments = 0
    while try reader.next() != nil { moments += 1 }
    #expect(abs(moments - 30) <= 1)
    #expect(reader.warnings.map(\.code) == ["recording-short"])
  }

  @Test func `A recording of sound alone has no frames, a silent one no sound`() throws {
    let sound = try RecordingReader(
      record(.webmVP8, "sound.webm", width: 0, height: 0), start: 0, length: 500, maxWidth: 320,
      maxHeight: 180)
    let first = try #require(try sound.next())
    #expect(first.frame == nil)
    let silent = try RecordingReader(
      record(.webmVP9, "silent.webm", hasAudio: false), start: 0, length: 500, maxWidth: 320,
      maxHeight: 180)
    let moment = try #require(try silent.next())
    #expect(moment.frame != nil)
    #expect(moment.samples == [Float](repeating: 0, count: 3_200))
  }

  @Test func `Cut, zeroed and changed recordings cause at most a diagnostic`() throws {
    let object = try record(.webmVP8, "whole.webm")
    _ = object
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file("whole.webm")))
    var seed: UInt64 = 42
    func random(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for round in 0..<16 {
      var bytes = whole
      switch round % 4 {
      case 0: bytes = bytes.prefix(random(whole.count))
      case 1: for _ in 0..<20 { bytes[random(whole.count)] ^= UInt8(1 << random(8)) }
      case 2:
        let start = random(whole.count)
        for index in start..<min(whole.count, start + 3_000) { bytes[index] = 0 }
      default: bytes = bytes.prefix(random(whole.count)) + whole.suffix(random(whole.count))
      }
      let path = folder.file("broken")
      try bytes.write(to: URL(fileURLWithPath: path))
      let broken = try MediaObject(path: path)
      do {
        let probe = try RecordingProbe.probe(broken)
        #expect(probe.duration < 60_000)
        let reader = try RecordingReader(
          broken, start: 0, length: 1_000, maxWidth: 64, maxHeight: 64)
        while try reader.next() != nil {}
      } catch {
        #expect(error.code == .data)
        #expect(error.message != "the decoder crashed")
      }
    }
  }
}
