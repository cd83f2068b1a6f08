import Diagnostics
import Foundation
import Media
import Testing

/// Sound with any number of channels is heard in both ears.
@Suite(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg to make the recordings"))
struct `No channel of a recording is lost` {
  private let folder = Folder()

  private func levels(_ name: String, _ filter: String, _ codec: String) throws -> (
    left: Float, right: Float, clipped: Int
  ) {
    let path = folder.file(name)
    let made = Run.tool(
      "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=300:d=1", "-af", filter, "-c:a",
      codec, path)
    #expect(made.status == 0, "\(made.errors)")
    let reader = try RecordingReader(
      MediaObject(path: path), start: 0, length: 900, maxWidth: 64, maxHeight: 64)
    var (left, right): (Float, Float) = (0, 0)
    var clipped = 0
    while let moment = try reader.next() {
      for index in stride(from: 0, to: moment.samples.count, by: 2) {
        left = max(left, abs(moment.samples[index]))
        right = max(right, abs(moment.samples[index + 1]))
        if abs(moment.samples[index]) >= 0.999 { clipped += 1 }
      }
    }
    return (left, right, clipped)
  }

  @Test(arguments: [
    "pan=5.1|LFE=c0", "pan=5.1|FC=c0", "pan=7.1|LFE=c0", "pan=2.1|LFE=c0", "pan=mono|c0=c0",
    "pan=FC|c0=c0", "pan=FL|FL=c0", "pan=FR|FR=c0", "pan=LFE|LFE=c0",
  ])
  func `One channel alone is heard in both ears`(filter: String) throws {
    let name = filter.contains("5.1") || filter.contains("mono") ? "a.wav" : "a.mkv"
    let found = try levels(name, filter, "pcm_s16le")
    #expect(found.left > 0.008 && found.right > 0.008, "\(found)")
  }

  @Test func `Twelve microphones without known places are all heard`() throws {
    for channel in [0, 11] {
      let parts = (0..<12).map { $0 == channel ? "0.5*sin(1900*t)" : "0" }
      let path = folder.file("twelve.wav")
      let made = Run.tool(
        "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
        "aevalsrc=exprs=\(parts.joined(separator: "|")):d=1", "-c:a", "pcm_s16le", path)
      #expect(made.status == 0, "\(made.errors)")
      let probe = try RecordingProbe.probe(MediaObject(path: path))
      #expect(probe.audio?.channels == 12)
      #expect((probe.audio?.peak ?? 0) > 5_000, "channel \(channel)")
    }
  }

  @Test func `Six loud channels are mixed without clipping`() throws {
    let found = try levels(
      "loud.wav", "volume=7.9,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", "pcm_s16le")
    #expect(found.clipped == 0 && found.left > 0.8, "\(found)")
  }
}
