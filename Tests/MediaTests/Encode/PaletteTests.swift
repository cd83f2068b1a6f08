import Diagnostics
import Foundation
import Testing

@testable import Media

struct PaletteTests {
  private static let drawing = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><rect width="200" height="100"
      fill="#123456"/><circle cx="60" cy="50" r="37" fill="#fedcba"/><text x="110" y="60"
      font-family="Inter" font-size="32" fill="#ffffff">42</text></svg>
    """

  /// What librsvg reads from a PNG, which also checks its checksums.
  private func read(_ png: [UInt8], width: Int, height: Int) throws -> Bitmap {
    let data = Data(png).base64EncodedString()
    return try Rasteriser.draw(
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)"><image
        width="\(width)" height="\(height)" href="data:image/png;base64,\(data)"/></svg>
      """, width: width, height: height)
  }

  @Test func `A flat drawing is kept pixel by pixel, with its words, in the same bytes`() throws {
    let bitmap = try Rasteriser.draw(Self.drawing, width: 200, height: 100)
    #expect(try #require(Palette(bitmap)).colours.count > 20)
    let png = try StillImage.png(bitmap, description: "Ana: 42\n日本")
    #expect(try read(png, width: 200, height: 100) == bitmap)
    #expect(try StillImage.png(bitmap, description: "Ana: 42\n日本") == png)
    #expect(String(decoding: png, as: UTF8.self).contains("Ana: 42\n日本"))
    #expect(StillImage.checksum(of: Array("IEND".utf8)) == 0xAE42_6082)
  }

  @Test func `A picture of many colours is kept pixel by pixel, too`() throws {
    var bitmap = Bitmap(width: 250, height: 64)
    for place in 0..<250 * 64 {
      bitmap.pixels[place * 4] = UInt8(place & 255)
      bitmap.pixels[place * 4 + 1] = UInt8(place >> 6 & 255)
      bitmap.pixels[place * 4 + 2] = UInt8(place >> 8 & 255)
      bitmap.pixels[place * 4 + 3] = 255
    }
    #expect(Palette(bitmap) == nil)
    #expect(try read(StillImage.png(bitmap), width: 250, height: 64) == bitmap)
  }

  @Test func `Shades that nobody tells apart become one, and flat parts stay what they are`() throws
  {
    var bitmap = Bitmap(width: 256, height: 5)
    for place in 0..<256 {
      for row in 0..<5 {
        for channel in 0..<4 {
          // Three ramps, and two rows of white.
          bitmap.pixels[(row * 256 + place) * 4 + channel] =
            channel == 3 || row > 2 ? 255 : row == channel ? UInt8(place) : 0
        }
      }
    }
    #expect(Palette(bitmap) == nil)
    let shown = try read(StillImage.png(bitmap), width: 256, height: 5)
    for (place, (found, wanted)) in zip(shown.pixels, bitmap.pixels).enumerated() {
      #expect(abs(Int(found) - Int(wanted)) <= (place / 4 / 256 > 2 ? 0 : 3))
    }
    #expect(try #require(FlatPNG(bitmap)).bytes() == StillImage.png(bitmap))
  }
}
