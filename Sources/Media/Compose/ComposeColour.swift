/// A colour of a film: BT.709, limited range.
package struct FilmColour: Hashable, Sendable {
  package var y: UInt8
  package var cb: UInt8
  package var cr: UInt8

  /// The colour of a full-range sRGB value.
  package init(red: UInt8, green: UInt8, blue: UInt8) {
    let (r, g, b) = (Int32(red), Int32(green), Int32(blue))
    y = UInt8(16 + FilmColour.luma(r, g, b))
    cb = UInt8(128 + FilmColour.cb(r, g, b))
    cr = UInt8(128 + FilmColour.cr(r, g, b))
  }

  /// The colour of `#rrggbb`; any other text is black.
  package init(hex: String) {
    let value = hex.utf8.count == 7 ? Int(hex.dropFirst(), radix: 16) ?? 0 : 0
    self.init(
      red: UInt8(value >> 16 & 255), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
  }

  // ITU-R BT.709 in 65,536ths: Y′ = 219 (0.2126 R + 0.7152 G + 0.0722 B), and 224 for the
  // differences. All numbers are integers, so that every processor gets the same result.

  @inline(__always)
  static func luma(_ r: Int32, _ g: Int32, _ b: Int32) -> Int32 {
    (11_966 &* r &+ 40_254 &* g &+ 4_064 &* b &+ 32_768) >> 16
  }

  @inline(__always)
  static func cb(_ r: Int32, _ g: Int32, _ b: Int32) -> Int32 {
    (-6_596 &* r &- 22_189 &* g &+ 28_785 &* b &+ 32_768) >> 16
  }

  @inline(__always)
  static func cr(_ r: Int32, _ g: Int32, _ b: Int32) -> Int32 {
    (28_785 &* r &- 26_145 &* g &- 2_640 &* b &+ 32_768) >> 16
  }
}

extension VideoFrame {
  /// A frame of one colour.
  package init(width: Int, height: Int, colour: FilmColour) {
    self.init(width: width, height: height, luma: colour.y, cb: colour.cb, cr: colour.cr)
  }

  /// A bitmap on black. Chroma is the mean of each 2 × 2 pixels.
  ///
  /// - Precondition: The size is even.
  package init(_ bitmap: Bitmap) {
    self.init(width: bitmap.width, height: bitmap.height)
    let planes = OverlayPlanes(bitmap)
    // On black (Y′ 16, Cb and Cr 128), the missing share of 16 and 128 must be added to a
    // premultiplied pixel.
    for index in y.indices {
      y[index] = planes.y[index] + UInt8((16 * (255 - Int(planes.a[index]))) / 255)
    }
    for index in u.indices {
      let rest = UInt8((128 * (255 - Int(planes.ac[index])) + 127) / 255)
      u[index] = planes.u[index] &+ rest
      v[index] = planes.v[index] &+ rest
    }
  }

  /// Mixes in a colour. `amount` 0 leaves the frame as it is, 256 gives the colour alone.
  package mutating func mix(_ colour: FilmColour, amount: Int) {
    let amount = UInt16(max(0, min(256, amount)))
    if amount == 0 { return }
    VideoFrame.mix(&y, UInt16(colour.y), amount)
    VideoFrame.mix(&u, UInt16(colour.cb), amount)
    VideoFrame.mix(&v, UInt16(colour.cr), amount)
  }

  private static func mix(_ plane: inout [UInt8], _ colour: UInt16, _ amount: UInt16) {
    let keep = 256 - amount
    let add = colour &* amount &+ 128
    plane.withUnsafeMutableBufferPointer { plane in
      guard let base = plane.baseAddress else { return }
      for index in 0..<plane.count {
        base[index] = UInt8(truncatingIfNeeded: (UInt16(base[index]) &* keep &+ add) >> 8)
      }
    }
  }
}

/// A bitmap's planes, premultiplied by alpha: luma and alpha for each pixel, colour and alpha for
/// each 2 × 2 pixels.
struct OverlayPlanes {
  var y: [UInt8]
  var a: [UInt8]
  var u: [UInt8]
  var v: [UInt8]
  var ac: [UInt8]

  init(_ bitmap: Bitmap) {
    let (width, height) = (bitmap.width, bitmap.height)
    precondition(width % 2 == 0 && height % 2 == 0)
    y = [UInt8](repeating: 0, count: width * height)
    a = y
    u = [UInt8](repeating: 0, count: width * height / 4)
    v = u
    ac = u
    bitmap.pixels.withUnsafeBufferPointer { pixels in
      for row in stride(from: 0, to: height, by: 2) {
        for column in stride(from: 0, to: width, by: 2) {
          var (r, g, b, alpha) = (Int32(0), Int32(0), Int32(0), Int32(0))
          for place in [0, 1, width, width + 1] {
            let index = row * width + column + place
            let pixel = (
              r: Int32(pixels[4 * index + 2]), g: Int32(pixels[4 * index + 1]),
              b: Int32(pixels[4 * index]), a: Int32(pixels[4 * index + 3])
            )
            y[index] = UInt8(
              (16 * pixel.a + 127) / 255 + FilmColour.luma(pixel.r, pixel.g, pixel.b))
            a[index] = UInt8(pixel.a)
            r += pixel.r
            g += pixel.g
            b += pixel.b
            alpha += pixel.a
          }
          r = (r + 2) / 4
          g = (g + 2) / 4
          b = (b + 2) / 4
          alpha = (alpha + 2) / 4
          let index = row / 2 * (width / 2) + column / 2
          let half = (128 * alpha + 127) / 255
          u[index] = UInt8(max(0, min(255, half + FilmColour.cb(r, g, b))))
          v[index] = UInt8(max(0, min(255, half + FilmColour.cr(r, g, b))))
          ac[index] = UInt8(alpha)
        }
      }
    }
  }
}

extension Bitmap {
  /// A frame's picture in sRGB, at half its size. That is enough for a backdrop.
  package init(halfOf frame: VideoFrame) { self.init(frame, step: 2) }

  /// A frame's picture in sRGB.
  package init(_ frame: VideoFrame) { self.init(frame, step: 1) }

  private init(_ frame: VideoFrame, step: Int) {
    self.init(width: max(1, frame.width / step), height: max(1, frame.height / step))
    for row in 0..<height {
      for column in 0..<width {
        let index = row * width + column
        let chroma = (row * step / 2) * (frame.width / 2) + column * step / 2
        let light = 76_309 * (Int(frame.y[step * row * frame.width + step * column]) - 16)
        let (cb, cr) = (Int(frame.u[chroma]) - 128, Int(frame.v[chroma]) - 128)
        let byte = { (value: Int) in UInt8(max(0, min(255, (value + 32_768) >> 16))) }
        pixels[4 * index] = byte(light + 138_438 * cb)
        pixels[4 * index + 1] = byte(light - 13_975 * cb - 34_925 * cr)
        pixels[4 * index + 2] = byte(light + 117_489 * cr)
        pixels[4 * index + 3] = 255
      }
    }
  }
}
