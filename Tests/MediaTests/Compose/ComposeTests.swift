import Media
import Testing

struct ComposeTests {
  static func plain(
    _ width: Int, _ height: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8, alpha: UInt8 = 255
  )
    -> Bitmap
  {
    var bitmap = Bitmap(width: width, height: height)
    for index in 0..<width * height {
      bitmap.pixels[4 * index] = UInt8(Int(blue) * Int(alpha) / 255)
      bitmap.pixels[4 * index + 1] = UInt8(Int(green) * Int(alpha) / 255)
      bitmap.pixels[4 * index + 2] = UInt8(Int(red) * Int(alpha) / 255)
      bitmap.pixels[4 * index + 3] = alpha
    }
    return bitmap
  }

  @Test(arguments: [
    // ITU-R BT.709, limited range: white, black, red, green, blue.
    ((255, 255, 255), (235, 128, 128)), ((0, 0, 0), (16, 128, 128)), ((255, 0, 0), (63, 102, 240)),
    ((0, 255, 0), (173, 42, 26)), ((0, 0, 255), (32, 240, 118)),
  ])
  func `Colours are BT 709`(rgb: (Int, Int, Int), yuv: (Int, Int, Int)) {
    let frame = VideoFrame(
      ComposeTests.plain(4, 4, UInt8(rgb.0), UInt8(rgb.1), UInt8(rgb.2)))
    #expect(abs(Int(frame.y[5]) - yuv.0) <= 1)
    #expect(abs(Int(frame.u[1]) - yuv.1) <= 1)
    #expect(abs(Int(frame.v[1]) - yuv.2) <= 1)
  }

  @Test func `An overlay with half opacity gives half of each colour`() throws {
    var frame = VideoFrame(width: 8, height: 8, luma: 16)
    let white = try #require(Overlay(ComposeTests.plain(4, 4, 255, 255, 255), x: 2, y: 2))
    white.blend(onto: &frame, opacity: 128)
    #expect(abs(Int(frame.y[3 * 8 + 3]) - 125) <= 2)
    #expect(frame.y[0] == 16)
    white.blend(onto: &frame, opacity: 256)
    #expect(frame.y[3 * 8 + 3] == 235)
  }

  @Test func `A transparent picture gives no overlay`() {
    #expect(Overlay(Bitmap(width: 8, height: 8)) == nil)
  }

  @Test func `A drift without movement shows the picture unchanged`() {
    var picture = ComposeTests.plain(16, 16, 10, 20, 30)
    for index in 0..<256 { picture.pixels[4 * index + 1] = UInt8(index) }
    let whole = DriftingPicture.View(x: 0, y: 0, width: 16 << 16, height: 16 << 16)
    let drift = DriftingPicture(
      picture, window: .init(x: 2, y: 4, width: 16, height: 16), start: whole, end: whole, radius: 0
    )
    var frame = VideoFrame(width: 32, height: 32)
    drift.draw(onto: &frame, time: 30_000)
    let source = VideoFrame(picture)
    for row in 0..<16 {
      for column in 0..<16 {
        #expect(frame.y[(row + 4) * 32 + column + 2] == source.y[row * 16 + column])
      }
    }
  }

  @Test func `A ramp drifts without jitter`() {
    var ramp = ComposeTests.plain(200, 20, 0, 0, 0)
    for index in 0..<4_000 {
      for channel in 0..<3 { ramp.pixels[4 * index + channel] = UInt8(index % 200) }
    }
    let drift = DriftingPicture(
      ramp, window: .init(x: 0, y: 0, width: 100, height: 20),
      start: .init(x: 0, y: 0, width: 100 << 16, height: 20 << 16),
      end: .init(x: 50 << 16, y: 0, width: 100 << 16, height: 20 << 16), radius: 0)
    var last: Int?
    for time in stride(from: 0, through: 65_536, by: 1_024) {
      var frame = VideoFrame(width: 100, height: 20)
      drift.draw(onto: &frame, time: time)
      let light = Int(frame.y[10 * 100 + 50])
      if let last { #expect(light >= last && light - last <= 1) }
      last = light
    }
  }

  @Test func `A mixed-in colour is reached exactly`() {
    var frame = VideoFrame(width: 4, height: 4, luma: 200, cb: 90, cr: 170)
    let colour = FilmColour(hex: "#336699")
    frame.mix(colour, amount: 256)
    #expect(frame == VideoFrame(width: 4, height: 4, colour: colour))
  }

  @Test(arguments: [
    (1_920, 1_080, PicturePlacement.Shape.drifting), (400, 4_000, .panning), (64, 64, .tiny),
    (9_000, 3, .drifting), (1, 1, .tiny),
  ])
  func `A picture has a place within its box`(
    width: Int, height: Int, shape: PicturePlacement.Shape
  ) {
    let box = Bitmap.Area(x: 64, y: 40, width: 1_152, height: 476)
    let place = PicturePlacement(width: width, height: height, in: box)
    #expect(place.shape == shape)
    #expect(place.window.x >= 64 && place.window.x + place.window.width <= 1_216)
    #expect(place.window.y >= 40 && place.window.y + place.window.height <= 516)
    let moving = place.moving(ComposeTests.plain(width, height, 200, 100, 50))
    var frame = VideoFrame(width: 1_280, height: 720)
    moving.draw(onto: &frame, time: 65_536)
    #expect(frame.y.contains { $0 > 60 })
  }

  @Test func `A scene fades in its text and then stays still`() throws {
    let text = try #require(Overlay(ComposeTests.plain(8, 8, 255, 255, 255)))
    let composer = SceneComposer(
      ground: VideoFrame(width: 16, height: 16), layers: [.init(text, start: 2)], frames: 20)
    var lights: [UInt8] = []
    for _ in 0..<20 { lights.append(composer.next().y[0]) }
    #expect(lights[0] == 16 && lights[1] == 16)
    #expect(lights[11...].allSatisfy { $0 == 235 })
    #expect(zip(lights, lights.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `A backdrop is dark, smooth and covers the frame`() {
    var picture = ComposeTests.plain(64, 64, 255, 255, 255)
    for index in 0..<2_048 { picture.pixels[4 * index] = 0 }
    let frame = Backdrop.frame(
      of: picture, width: 320, height: 180, ink: FilmColour(hex: "#101010"))
    #expect(frame.y.allSatisfy { $0 < 130 && $0 > 16 })
    var step = 0
    for row in 1..<180 {
      step = max(step, abs(Int(frame.y[row * 320]) - Int(frame.y[row * 320 - 320])))
    }
    #expect(step <= 3)
  }
}
