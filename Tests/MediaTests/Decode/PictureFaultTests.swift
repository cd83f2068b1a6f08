import Diagnostics
import Foundation
import Media
import Testing

/// Pictures of which a part could be lost.
@Suite(.enabled(if: Run.has("ffmpeg"), "needs ffmpeg to make the pictures"))
struct `Moving and broken pictures` {
  private let folder = Folder()

  private func make(_ name: String, _ options: String) throws -> MediaObject {
    let made = Run.tool(
      "ffmpeg",
      ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=160x90:r=5:d=1"]
        + options.split(separator: " ").map(String.init) + [folder.file(name)])
    #expect(made.status == 0, "\(made.errors)")
    return try MediaObject(path: folder.file(name))
  }

  private func likeness(_ one: Bitmap, _ other: Bitmap) -> Double {
    guard one.pixels.count == other.pixels.count else { return 0 }
    let sum = zip(one.pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(one.pixels.count)
  }

  @Test(arguments: [
    ("a.webp", "-c:v libwebp_anim -lossless 1"), ("b.webp", "-c:v libwebp_anim -quality 90"),
    ("c.webp", "-vf format=yuva420p -c:v libwebp_anim -quality 90"), ("d.gif", "-c:v gif"),
    ("e.png", "-f apng"),
  ])
  func `A moving picture is shown by its first frame`(name: String, options: String) throws {
    let still = try PictureReader.read(
      make("still.png", "-frames:v 1"), maxWidth: 160, maxHeight: 90)
    let found = try PictureReader.inspect(make(name, options), maxWidth: 160, maxHeight: 90)
    #expect(found.picture.width == 160 && found.picture.height == 90)
    #expect(likeness(found.picture, still) < 16)
    #expect(found.warnings == [])
  }

  @Test func `A moving picture that breaks off in its first frame is refused`() throws {
    let whole = try make("whole.webp", "-c:v libwebp_anim -lossless 1")
    _ = whole
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("whole.webp")))
    for length in [20, 30, 46, 60, 200] {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: folder.file("cut.webp")))
      #expect(throws: Diagnostic.self) {
        try PictureReader.read(
          MediaObject(path: folder.file("cut.webp")), maxWidth: 160, maxHeight: 90)
      }
    }
  }

  @Test func `A JPEG whose transfer broke off is used, and that is told`() throws {
    let whole = try make("whole.jpg", "-frames:v 1")
    #expect(try PictureReader.inspect(whole, maxWidth: 160, maxHeight: 90).warnings == [])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("whole.jpg")))
    try bytes.prefix(bytes.count * 2 / 3).write(
      to: URL(fileURLWithPath: folder.file("cut.jpg")))
    let found = try PictureReader.inspect(
      MediaObject(path: folder.file("cut.jpg")), maxWidth: 160, maxHeight: 90)
    #expect(found.warnings.map(\.code) == ["picture-damaged"])
  }
}
