import Diagnostics
import Foundation
import Media
import Testing

/// Recordings with more than one track of a kind.
@Suite(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg to make the recordings"))
struct `The best track that can be decoded is used` {
  private let folder = Folder()
  private static let picture = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=15:d=2"]
  private static let other = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=15:d=2"]
  private static let sound = ["-f", "lavfi", "-i", "sine=440:d=2"]

  private func probe(_ name: String, _ inputs: [[String]], _ options: String) throws
    -> RecordingProbe
  {
    let path = folder.file(name)
    let maps = inputs.indices.flatMap { ["-map", String($0)] }
    let made = Run.tool(
      "ffmpeg",
      ["-v", "error", "-y"] + inputs.flatMap { $0 } + maps
        + options.split(separator: " ").map(String.init) + [path])
    #expect(made.status == 0, "\(made.errors)")
    return try RecordingProbe.probe(MediaObject(path: path))
  }

  @Test func `A preferred sound track that cannot be decoded does not make the film silent`() throws
  {
    let probe = try probe(
      "a.mov", [Self.picture, Self.sound, Self.sound],
      "-c:v libx264 -c:a:0 aac -c:a:1 alac -disposition:a:0 0 -disposition:a:1 default")
    #expect(probe.audio?.codec == "aac")
    #expect(probe.audio?.loudness != nil)
    #expect(probe.warnings.map(\.code) == ["recording-track"])
    #expect(
      probe.warnings.first?.message
        == "its preferred sound track, alac, cannot be decoded; its track in aac is used")
  }

  @Test func `A preferred picture track that cannot be decoded does not make a card`() throws {
    let probe = try probe(
      "p.mov", [Self.picture, Self.other, Self.sound],
      "-c:v:0 prores -c:v:1 libx264 -disposition:v:0 default -disposition:v:1 0 -c:a aac")
    #expect(probe.video?.codec == "h264")
    #expect(probe.video?.width == 320)
    #expect(probe.warnings.map(\.code) == ["recording-track"])
  }

  @Test func `A track whose codec is known and whose packets are noise is passed over`() throws {
    // The marked track's packets are overwritten after the header.
    _ = try probe(
      "n.mkv", [Self.picture, Self.sound, Self.sound],
      "-c:v libx264 -c:a:0 flac -c:a:1 libopus -disposition:a:0 default -disposition:a:1 0")
    let noisy = folder.file("noisy.mkv")
    let made = Run.tool(
      "ffmpeg", "-v", "error", "-y", "-i", folder.file("n.mkv"), "-map", "0", "-c", "copy",
      "-bsf:a:0", "noise=amount=1", "-disposition:a:0", "default", noisy)
    #expect(made.status == 0, "\(made.errors)")
    let probe = try RecordingProbe.probe(MediaObject(path: noisy))
    #expect(probe.audio?.codec == "opus")
    #expect(probe.audio?.loudness != nil)
    #expect(probe.warnings.map(\.code).contains("recording-track"))
  }

  @Test func `Without a track that can be decoded there is one warning, and the rest is used`()
    throws
  {
    let probe = try probe(
      "s.mov", [Self.picture, Self.sound, Self.sound], "-c:v libx264 -c:a alac")
    #expect(probe.audio == nil)
    #expect(probe.video?.codec == "h264")
    #expect(probe.warnings.map(\.code) == ["recording-without-sound"])
  }

  @Test func `A second voice that is left out is told`() throws {
    let probe = try probe(
      "t.mp4", [Self.picture, Self.sound, Self.sound], "-c:v libx264 -c:a aac")
    #expect(probe.warnings.map(\.code) == ["recording-tracks"])
    #expect(probe.warnings.first?.message == "it has 2 sound tracks; only one of them is used")
  }

  @Test func `A cover picture is not the picture of a film`() throws {
    let cover = folder.file("cover.jpg")
    Run.tool("ffmpeg", ["-v", "error"] + Self.other + ["-frames:v", "1", cover])
    let probe = try probe(
      "c.mp4", [["-i", cover], Self.picture, Self.sound],
      "-c:v:0 mjpeg -c:v:1 libx264 -c:a aac -disposition:v:0 attached_pic"
        + " -disposition:v:1 0")
    #expect(probe.video?.codec == "h264")
    #expect(probe.video?.width == 160)
    #expect(probe.warnings == [])
  }
}
