import Diagnostics
import Foundation
import Testing

@testable import Media

/// Recorders write a picture only when something moves, and their clocks are changed.
@Suite(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg to make the recordings"))
struct `Pauses and changed clocks` {
  private let folder = Folder()

  private func make(_ name: String, _ arguments: [String]) throws -> MediaObject {
    let path = folder.file(name)
    let made = Run.tool("ffmpeg", ["-v", "error", "-y"] + arguments + [path])
    #expect(made.status == 0, "\(made.errors)")
    return try MediaObject(path: path)
  }

  /// Pictures at 0, 45 and 90 s, and sound from a filter.
  private func still(_ name: String, sound: String?) throws -> MediaObject {
    let pictures = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=1:d=3"]
    guard let sound else {
      return try make(
        name, pictures + ["-vf", "setpts=N*45/TB", "-vsync", "0", "-c:v", "libvpx", "-an"])
    }
    return try make(
      name,
      pictures + [
        "-f", "lavfi", "-i", "sine=440:d=25", "-filter_complex",
        "[0:v]setpts=N*45/TB[v];[1:a]\(sound)[a]", "-map", "[v]", "-map", "[a]", "-vsync", "0",
        "-c:v", "libvpx", "-c:a", "libopus",
      ])
  }

  /// Six seconds, after three of which both streams jump ahead.
  private func jumping(_ name: String, by seconds: Int, hasSound: Bool = true) throws -> MediaObject
  {
    let jump = "='if(lt(T,3),PTS,PTS+\(seconds)/TB)'"
    let pictures = "[0:v]trim=0:6,setpts\(jump)[v]"
    var arguments = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=15"]
    if hasSound { arguments += ["-f", "lavfi", "-i", "sine=440:d=6"] }
    arguments += [
      "-filter_complex", hasSound ? "\(pictures);[1:a]asetpts\(jump)[a]" : pictures, "-map", "[v]",
    ]
    if hasSound { arguments += ["-map", "[a]", "-c:a", "libopus"] }
    return try make(name, arguments + ["-vsync", "0", "-c:v", "libvpx"])
  }

  @Test(arguments: [
    nil, "atrim=0:10", "atrim=0:10,asetpts='if(lt(T,5),PTS,PTS+75/TB)'",
    "asetpts='if(lt(T,10),PTS,PTS+70/TB)'",
  ])
  func `More than half a minute without a picture is not cut out`(sound: String?) throws {
    let object = try still("still.mkv", sound: sound)
    let probe = try RecordingProbe.probe(object)
    #expect(probe.warnings == [])
    #expect(probe.duration > 90_000 && probe.duration < 96_000, "\(probe.duration)")
    // The second picture is the one that stands at its own time.
    let reader = try RecordingReader(
      object, start: 44_000, length: 2_000, maxWidth: 160, maxHeight: 90)
    var pictures: [VideoFrame] = []
    while let frame = try reader.next()?.frame { pictures.append(frame) }
    #expect(pictures.count == 60)
    let change = try #require(
      pictures.indices.dropFirst().first { pictures[$0] != pictures[$0 - 1] })
    #expect(abs(change - 30) <= 1)
  }

  @Test(arguments: [1_000, 172_800])
  func `A changed clock of both streams is left out, and that is told`(seconds: Int) throws {
    let probe = try RecordingProbe.probe(jumping("clock.mkv", by: seconds))
    #expect(probe.warnings.map(\.code) == ["recording-jump"])
    #expect(probe.warnings.first?.message.contains("at 3.0 s; the \(seconds).0 s between") == true)
    #expect(abs(probe.duration - 6_000) < 100)
    #expect(probe.pause == 0)
  }

  @Test func `Two days without a picture are not a pause`() throws {
    let probe = try RecordingProbe.probe(jumping("days.mkv", by: 172_800, hasSound: false))
    #expect(probe.warnings.map(\.code) == ["recording-jump"])
    #expect(abs(probe.duration - 6_000) < 100)
  }

  @Test func `A pause that is longer than the recording ran is a changed clock`() throws {
    let object = try jumping("hours.mkv", by: 7_200, hasSound: false)
    let alone = try RecordingProbe.probe(object)
    #expect(alone.warnings == [])
    #expect(abs(alone.duration - 7_206_000) < 100)
    #expect(abs(alone.pause - 7_200_000) < 200)
    let known = try RecordingProbe.probe(object, longest: 600_000)
    #expect(known.warnings.map(\.code) == ["recording-jump"])
    #expect(abs(known.duration - 6_000) < 100)
    let reader = try RecordingReader(
      object, start: 2_000, length: 3_000, maxWidth: 160, maxHeight: 90, longest: 600_000)
    var pictures: Set<VideoFrame> = []
    while let frame = try reader.next()?.frame { pictures.insert(frame) }
    #expect(pictures.count > 40)
  }

  @Test func `Hours of silence between two sounds take no memory`() throws {
    let object = try make(
      "silence.webm",
      [
        "-f", "lavfi", "-i", "sine=440:d=6", "-af", "asetpts='if(lt(T,3),PTS,PTS+20000/TB)'",
        "-c:a", "libopus",
      ])
    let probe = try RecordingProbe.probe(object)
    #expect(abs(probe.duration - 20_006_000) < 100)
    for (start, loud) in [(2_000, 30), (10_000_000, 0), (20_002_000, 30)] {
      let reader = try RecordingReader(
        object, start: start, length: 2_000, maxWidth: 160, maxHeight: 90)
      var heard = 0
      var all = 0
      while let moment = try reader.next() {
        all += 1
        if moment.samples.contains(where: { abs($0) > 0.02 }) { heard += 1 }
      }
      #expect(all == 60 && abs(heard - loud) <= 2, "\(start): \(heard) of \(all)")
    }
  }

  @Test func `A stream that begins on another clock runs beside the first one`() {
    var timeline = Timeline()
    let second: Int64 = 1_000_000
    _ = timeline.place(0, length: second, track: 1)
    #expect(timeline.isFarAhead(3_600 * second, track: 0))
    var witness = timeline.witness(3_600 * second, track: 0)
    for time in 1..<Int64(Timeline.Witness.enough) {
      #expect(witness.sees(time * 20_000, length: 20_000) == nil)
    }
    #expect(witness.sees(second, length: 20_000) == true)
    #expect(
      timeline.place(3_600 * second, length: 0, track: 0, isOtherClock: true) == second)
    #expect(timeline.leftOut.count == 0)
    // The one that is already there goes on as before.
    #expect(timeline.place(second, length: second, track: 1) == second)
  }
}
