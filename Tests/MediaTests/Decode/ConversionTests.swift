import Foundation
import Media
import Testing

/// Recordings with every kind of picture, made with the ffmpeg program, are converted to a film's
/// format.
@Suite(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg to make the recordings"))
struct `Recordings become BT 709, upright, progressive and constant` {
  let folder = Folder()

  private func make(_ name: String, _ arguments: [String]) throws -> MediaObject {
    let path = folder.file(name)
    let made = Run.tool("ffmpeg", ["-v", "error", "-y"] + arguments + [path])
    #expect(made.status == 0, "\(made.errors)")
    return try MediaObject(path: path)
  }

  /// A recording of one second, with pictures from a filter.
  private func make(_ name: String, source: String, _ arguments: [String]) throws -> MediaObject {
    try make(name, ["-f", "lavfi", "-i", source, "-t", "1"] + arguments)
  }

  private func frames(
    _ object: MediaObject, width: Int = 320, height: Int = 180, milliseconds: Int = 500
  ) throws -> [VideoFrame] {
    let reader = try RecordingReader(
      object, start: 0, length: milliseconds, maxWidth: width, maxHeight: height)
    var found: [VideoFrame] = []
    while let moment = try reader.next() { found.append(try #require(moment.frame)) }
    return found
  }

  private func pixel(_ frame: VideoFrame, _ x: Int, _ y: Int) -> FilmColour {
    var colour = FilmColour(red: 0, green: 0, blue: 0)
    let chroma = y / 2 * (frame.width / 2) + x / 2
    (colour.y, colour.cb, colour.cr) = (
      frame.y[y * frame.width + x], frame.u[chroma], frame.v[chroma]
    )
    return colour
  }

  private func isNear(_ one: FilmColour, _ other: FilmColour, within limit: Int = 4) -> Bool {
    abs(Int(one.y) - Int(other.y)) <= limit && abs(Int(one.cb) - Int(other.cb)) <= limit
      && abs(Int(one.cr) - Int(other.cr)) <= limit
  }

  @Test(arguments: [
    ("bt709", "tv", "yuv420p"), ("smpte170m", "tv", "yuv420p"), ("smpte170m", "pc", "yuv420p"),
    ("bt709", "pc", "yuv444p"), ("bt2020nc", "tv", "yuv420p10le"), ("bt709", "tv", "yuv422p"),
  ])
  func `A colour stays the same for every matrix, range and depth`(
    matrix: String, range: String, format: String
  ) throws {
    let names = ["smpte170m": "bt601", "bt2020nc": "bt2020"]
    let object = try make(
      "colour.mp4", source: "color=0xC05028:s=320x180:r=30,format=gbrp",
      [
        "-vf",
        "scale=out_color_matrix=\(names[matrix] ?? matrix):out_range=\(range),format=\(format)",
        "-c:v", "libx264", "-crf", "8", "-colorspace", matrix, "-color_range", range,
      ])
    let frame = try #require(try frames(object).first)
    let wanted = FilmColour(red: 0xC0, green: 0x50, blue: 0x28)
    #expect(isNear(pixel(frame, 100, 90), wanted), "\(pixel(frame, 100, 90)), not \(wanted)")
  }

  @Test(arguments: [
    // 0, 100, 203 (white) and 1,000 cd/m² in 10 bits of PQ, and the values for a screen of gamma
    // 2.4.
    ("smpte2084", [64, 509, 573, 723], [16, 179, 223, 235]),
    // 0, half, three quarters (white) and all of the signal in hybrid log-gamma.
    ("arib-std-b67", [64, 502, 721, 940], [16, 139, 223, 235]),
  ])
  func `High dynamic range becomes standard range: white is white, brighter light is not lost`(
    transfer: String, codes: [Int], shown: [Int]
  ) throws {
    let luma =
      "if(lt(X,80),\(codes[0]),if(lt(X,160),\(codes[1]),if(lt(X,240),\(codes[2]),\(codes[3]))))"
    let object = try make(
      "high.mp4", source: "color=black:s=320x180:r=30,format=yuv420p10le",
      [
        "-vf", "geq=lum='\(luma)':cb=512:cr=512", "-c:v", "libx264", "-crf", "4", "-color_trc",
        transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_range", "tv",
      ])
    let frame = try #require(try frames(object).first)
    for (index, level) in shown.enumerated() {
      let found = pixel(frame, 40 + 80 * index, 90)
      #expect(abs(Int(found.y) - level) <= 3, "\(index): \(found.y), not \(level)")
      #expect(abs(Int(found.cb) - 128) <= 2 && abs(Int(found.cr) - 128) <= 2)
    }
  }

  @Test func `The comb of interlaced pictures is removed, and still parts keep their lines`()
    throws
  {
    // At the top, still stripes of single lines. At the bottom, a bar that moves 10 pixels per
    // field.
    let object = try make(
      "interlaced.mp4", source: "color=gray:s=320x180:r=60",
      [
        "-vf",
        "geq=lum='if(lt(Y,60),60+120*mod(Y,2),if(lt(abs(X-mod(N*10,320)),24),220,40))':cb=128:cr=128,"
          + "tinterlace=interleave_top,fieldorder=tff,format=yuv420p",
        "-c:v", "libx264", "-crf", "8", "-flags", "+ilme+ildct", "-x264-params", "tff=1",
      ])
    let frames = try frames(object)
    let last = try #require(frames.last)
    func roughness(_ rows: Range<Int>) -> Int {
      var sum = 0
      for row in rows {
        for x in 0..<320 {
          func light(_ y: Int) -> Int { Int(last.y[y * 320 + x]) }
          sum += max(0, abs(2 * light(row) - light(row - 1) - light(row + 1)) - 40)
        }
      }
      return sum / rows.count
    }
    // Without deinterlacing, the moving edges would be twice 10 pixels wide in every row: 2 × 10 ×
    // 2 × 180 − 40.
    #expect(roughness(80..<170) < 300)
    #expect(roughness(10..<50) > 50_000)
  }

  @Test func `A rotated recording is upright, one with wide pixels has its real shape`() throws {
    let flat = ["-c:v", "libx264", "-crf", "8", "-pix_fmt", "yuv420p"]
    let source = "color=0x2040C0:s=320x180:r=30,drawbox=w=80:h=60:color=0xE0E020:t=fill"
    _ = try make("flat.mp4", source: source, flat)
    let turned = try make(
      "turned.mp4",
      ["-i", folder.file("flat.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90"])
    let probe = try RecordingProbe.probe(turned)
    #expect(probe.video?.width == 180 && probe.video?.height == 320)
    let frame = try #require(try frames(turned, width: 360, height: 640).first)
    #expect(frame.width == 360 && frame.height == 640)
    // ffmpeg's own decoding of the same file shows where the yellow corner belongs.
    let judged = folder.file("judged")
    Run.tool(
      "ffmpeg", "-v", "error", "-i", folder.file("turned.mp4"), "-frames:v", "1", "-f", "rawvideo",
      "-pix_fmt", "gray", judged)
    let theirs = [UInt8](try Data(contentsOf: URL(fileURLWithPath: judged)))
    for (x, y) in [(10, 10), (170, 10), (10, 310), (170, 310)] {
      let isLight = theirs[y * 180 + x] > 128
      #expect((frame.y[2 * y * 360 + 2 * x] > 128) == isLight, "at \(x), \(y)")
    }
    let wide = try make("wide.mp4", source: source, flat + ["-aspect", "32:9"])
    let stretched = try #require(try frames(wide, width: 640, height: 640).first)
    #expect(stretched.width == 640 && stretched.height == 180)
  }

  @Test(arguments: [(1, "mp4"), (12, "webm"), (60, "mkv"), (120, "mp4")])
  func `Any rate becomes 30 per second, each picture at its time`(rate: Int, kind: String) throws {
    // The brightness shows the time: four levels per frame at 30 frames per second.
    let codec =
      kind == "webm" ? ["-c:v", "libvpx", "-b:v", "2M"] : ["-c:v", "libx264", "-crf", "4"]
    let object = try make(
      "rate.\(kind)",
      [
        "-f", "lavfi", "-i", "color=gray:s=64x64:r=\(rate)", "-t", "2", "-vf",
        "geq=lum='20+T*100':cb=128:cr=128,format=yuv420p",
      ]
        + codec)
    let frames = try frames(object, width: 64, height: 64, milliseconds: 1_800)
    #expect(frames.count == 54)
    for (index, frame) in frames.enumerated() {
      // The picture that began last, at most half a frame later than now. Containers round times to
      // milliseconds.
      let off = [0.0156, 0.0176].map { early -> Double in
        let time = Double(index) / 30 + early
        let begun = (time * Double(rate)).rounded(.down) / Double(rate)
        return abs(Double(frame.y[32 * 64 + 32]) - 20 - begun * 100)
      }
      #expect(min(off[0], off[1]) <= 5, "frame \(index)")
    }
  }

  @Test func `Sound and picture stay in sync after a pause and after a second recording`() throws {
    // A flash and a click at each whole second. Two of the six seconds are missing.
    let light = "geq=lum='if(lt(mod(T,1),0.1),235,16)':cb=128:cr=128,format=yuv420p"
    let click = "aevalsrc='0.8*lt(mod(t,1),0.05)*sin(2*PI*1000*t)':s=48000"
    let codecs = ["-c:v", "libvpx", "-b:v", "1M", "-c:a", "libopus"]
    _ = try make(
      "paused.webm",
      ["-f", "lavfi", "-i", "color=gray:s=160x90:r=30", "-f", "lavfi", "-i", click, "-t", "6"]
        + ["-vf", light + ",select='not(between(t,2.2,3.8))'"]
        + ["-af", "aselect='not(between(t,2.2,3.8))'", "-vsync", "vfr"] + codecs)
    let paused = try Data(contentsOf: URL(fileURLWithPath: folder.file("paused.webm")))
    let path = folder.file("both.webm")
    try (paused + paused).write(to: URL(fileURLWithPath: path))
    let object = try MediaObject(path: path)
    let probe = try RecordingProbe.probe(object)
    #expect(abs(probe.duration - 12_000) < 150)
    let reader = try RecordingReader(
      object, start: 0, length: 12_000, maxWidth: 160, maxHeight: 90)
    var flashes: [Double] = []
    var clicks: [Double] = []
    var index = 0
    var (wasLight, quiet) = (false, 10_000)
    while let moment = try reader.next() {
      let isLight = (moment.frame?.y[45 * 160 + 80] ?? 0) > 128
      if isLight, !wasLight { flashes.append(Double(index) / 30) }
      wasLight = isLight
      for sample in 0..<1_600 {
        let isLoud = abs(moment.samples[2 * sample]) > 0.1
        if isLoud, quiet > 9_600 { clicks.append(Double(index) / 30 + Double(sample) / 48_000) }
        quiet = isLoud ? 0 : quiet + 1
      }
      index += 1
    }
    #expect(flashes.count == 10 && clicks.count == 10, "\(flashes), \(clicks)")
    for (flash, click) in zip(flashes, clicks) {
      #expect(abs(flash - click) < 0.035, "a flash at \(flash), its click at \(click)")
    }
  }
}
