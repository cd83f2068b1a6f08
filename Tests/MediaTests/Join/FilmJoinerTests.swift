import Diagnostics
import Foundation
import Media
import Testing

@Suite struct `Joining segments` {
  let folder = Folder()

  private func join(_ steps: [Int], to name: String = "film.mp4") throws -> String {
    var paths: [String] = []
    for (index, steps) in steps.enumerated() {
      let path = folder.file("\(index).seg")
      try Clips.segment(path, steps: steps, seed: index)
      paths.append(path)
    }
    let film = folder.file(name)
    let summary = try FilmJoiner.join(
      segments: paths,
      metadata: FilmMetadata(title: "Ação & more", artist: "Dojo", date: "2026", language: "por"),
      chapters: [FilmChapter(startStep: 0, title: "Início")],
      captions: [FilmCaption(start: 100, end: 400, text: "Olá 世界")], to: film)
    #expect(summary.gridSteps == steps.reduce(0, +))
    return film
  }

  /// The joins at which the sound jumps further than the tone itself, or is silent for longer than
  /// its fades.
  private func clicks(_ samples: [Float], at steps: [Int]) -> [Int] {
    // A tone of 440 Hz at 0.2 changes by 0.2 × 2π × 440 ÷ 48,000 per sample.
    let steepest: Float = 0.2 * 2 * .pi * 440 / 48_000 * 1.5
    var found: [Int] = []
    var join = 0
    for length in steps {
      let next = join + length * 25_600
      let around = max(1, join - 2_048)..<min(samples.count, join + 2_048)
      if around.contains(where: { abs(samples[$0] - samples[$0 - 1]) > steepest }) {
        found.append(join)
      }
      // From the end of the silence (1,024 samples) and its fade to the fade before the next join.
      for start in stride(from: join + 1_024 + 480, to: next - 480 - 240, by: 240)
      where (samples[start..<start + 240].map(abs).max() ?? 0) < 0.1 { found.append(start) }
      join = next
    }
    return found
  }

  @Test(
    .enabled(if: Run.has("ffmpeg"), "needs ffmpeg as a judge"),
    arguments: [[1], [2, 1, 3]]
      + (Run.isSoak ? [10, 100, 500] : [10, 100]).map { Array(repeating: 1, count: $0) })
  func `A film's sound and picture are exactly as long as its grid steps`(steps: [Int]) throws {
    let film = try join(steps)
    let total = steps.reduce(0, +)
    let sound = Run.tool(
      "ffmpeg", "-v", "error", "-xerror", "-i", film, "-map", "0:a", "-f", "f32le", "-ac", "1",
      folder.file("sound"))
    #expect(sound.errors == "")
    #expect(sound.status == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("sound")))
    #expect(bytes.count / 4 == total * 25_600)
    let samples = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(clicks(samples, at: steps) == [])
    let pictures = Run.tool(
      "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
      "stream=nb_read_frames,start_time,duration,color_space,color_range,sample_aspect_ratio",
      "-of", "default=nk=1:nw=1", film)
    #expect(pictures.errors == "")
    let expected = String(format: "%.6f", Double(total * 16) / 30)
    #expect(
      pictures.output.split(separator: "\n").map(String.init)
        == ["1:1", "tv", "bt709", "0.000000", expected, "\(total * 16)"])
  }

  @Test(.enabled(if: Run.has("ffprobe"), "needs ffprobe as a judge"))
  func `A film begins with its index and carries title, chapter and captions`() throws {
    let film = try join([1, 1])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: film))
    let moov = try #require(bytes.range(of: Data("moov".utf8)))
    let mdat = try #require(bytes.range(of: Data("mdat".utf8)))
    #expect(moov.lowerBound < mdat.lowerBound)
    let probe = Run.tool(
      "ffprobe", "-v", "error", "-show_chapters", "-show_entries",
      "format_tags=title,artist,date,encoder:stream=codec_name", "-of", "compact", film)
    #expect(probe.errors == "")
    for part in ["title=Ação & more", "artist=Dojo", "date=2026", "Início", "mov_text"] {
      #expect(probe.output.contains(part))
    }
    #expect(!probe.output.contains("encoder"))
    let captions = Run.tool("ffmpeg", "-v", "error", "-i", film, "-f", "srt", "-")
    #expect(captions.output.contains("00:00:00,100 --> 00:00:00,400"))
    #expect(captions.output.contains("Olá 世界"))
  }

  private func decoded(_ path: String) throws -> (pictures: String, sound: Data) {
    let pictures = Run.tool(
      "ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-vsync", "passthrough", "-c", "rawvideo",
      "-f", "md5", "-")
    let sound = Run.tool(
      "ffmpeg", "-v", "error", "-y", "-i", path, "-map", "0:a", "-f", "f32le", folder.file("heard"))
    #expect(pictures.errors + sound.errors == "")
    return (pictures.output, try Data(contentsOf: URL(fileURLWithPath: folder.file("heard"))))
  }

  @Test(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg as a judge"))
  func `A film in parts has the same pictures and sound as the whole film`() throws {
    let steps = [20, 1, 3, 12]
    let film = try join(steps)
    let stream = try FilmJoiner.stream(
      segments: steps.indices.map { folder.file("\($0).seg") },
      metadata: FilmMetadata(title: "Ação & more"), to: folder.file("stream.mp4"))
    #expect(stream.parts.map(\.frames).reduce(0, +) == 36 * 16)
    #expect(stream.parts.dropLast().allSatisfy { (120...270).contains($0.frames) })
    #expect(stream.parts.count >= 3)
    #expect(stream.codecs.hasPrefix("avc1.64"))
    var end = stream.header
    for part in stream.parts {
      #expect(part.offset == end)
      end += part.bytes
    }
    for (name, text) in [
      ("stream.m3u8", stream.playlist(of: "stream.mp4")),
      (
        "main.m3u8",
        stream.mainPlaylist(
          stream: "stream.m3u8", captions: ("captions.m3u8", "Legen\"das", "pt-BR"))
      ), ("captions.m3u8", stream.captionPlaylist(of: "captions.vtt")),
    ] { try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name))) }
    try Data("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nOlá\n".utf8)
      .write(to: URL(fileURLWithPath: folder.file("captions.vtt")))
    let whole = try decoded(film)
    for name in ["stream.m3u8", "main.m3u8"] {
      let parts = try decoded(folder.file(name))
      #expect(parts.pictures == whole.pictures)
      // For a file in parts, ffmpeg returns the codec's priming at −21 ms. Players skip it because
      // of the edit list.
      #expect(parts.sound.dropFirst(1_024 * 2 * 4) == whole.sound)
    }
    let main = try String(
      contentsOf: URL(fileURLWithPath: folder.file("main.m3u8")), encoding: .utf8)
    #expect(main.contains("NAME=\"Legendas\",LANGUAGE=\"pt-BR\""))
    #expect(
      main.contains("RESOLUTION=640x360,FRAME-RATE=30.000,SUBTITLES=\"captions\"\nstream.m3u8"))
  }

  @Test func `The same scenes give the same bytes`() throws {
    let first = try Data(contentsOf: URL(fileURLWithPath: join([1, 2], to: "a.mp4")))
    let second = try Data(contentsOf: URL(fileURLWithPath: join([1, 2], to: "b.mp4")))
    #expect(first == second)
  }

  @Test func `A segment that was cut or changed is refused`() throws {
    let path = folder.file("whole.seg")
    try Clips.segment(path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var flipped = whole
    flipped[whole.count / 2] ^= 1
    let broken: [Data] = [
      Data(), whole.prefix(7), whole.prefix(30), whole.prefix(whole.count / 2),
      whole.dropLast(), whole + Data([0]), flipped,
    ]
    for (index, bytes) in broken.enumerated() {
      let bad = folder.file("\(index).bad")
      try bytes.write(to: URL(fileURLWithPath: bad))
      let expected = Diagnostic(
        .data, "this segment is incomplete or damaged", at: .init(file: bad),
        hint: "remove it and run again: the scene is encoded again")
      #expect(throws: expected) {
        try FilmJoiner.join(
          segments: [bad], metadata: FilmMetadata(title: "x"), to: folder.file("bad.mp4"))
      }
    }
  }

  @Test func `Segments of different formats are not joined`() throws {
    let (first, second) = (folder.file("a.seg"), folder.file("b.seg"))
    try Clips.segment(first)
    let other = try SegmentEncoder(format: .p720, gridSteps: 1, path: second)
    for _ in 0..<16 { try other.append(VideoFrame(width: 1_280, height: 720)) }
    try other.finish()
    #expect(throws: Diagnostic.self) {
      try FilmJoiner.join(
        segments: [first, second], metadata: FilmMetadata(title: "x"), to: folder.file("x.mp4"))
    }
  }

  @Test func `A segment with too few frames is refused`() throws {
    let encoder = try SegmentEncoder(
      format: Clips.format, gridSteps: 1, path: folder.file("short.seg"))
    for index in 0..<15 { try encoder.append(Clips.frame(index)) }
    #expect(
      throws: Diagnostic(.bug, "a segment of 1 grid steps got 15 frames instead of 16")
    ) { try encoder.finish() }
  }
}
