import Glibc

/// The PNG of a flat drawing: a byte for a pixel, and at most 256 colours.
///
/// Such a drawing is made of runs of one colour and of rows like the row above. Only these two are
/// looked for, which takes a tenth of the time of a general compressor. The bytes depend on the
/// pixels alone, and on no library.
///
/// The softened edges of two colours on a third have more than 256 shades. Then shades that differ
/// by 1 of 255 become one, or else by 3, which nobody sees.
struct FlatPNG {
  private let palette: Palette
  private let width: Int
  private let height: Int

  /// `nil` if the picture has more colours all the same.
  init?(_ picture: Bitmap) {
    for bits in [8, 7, 6] {
      guard let palette = Palette(picture, bits: bits) else { continue }
      self.palette = palette
      width = picture.width
      height = picture.height
      return
    }
    return nil
  }

  /// The file.
  func bytes() -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    func put(_ name: String, _ content: [UInt8]) {
      let chunk = Array(name.utf8) + content
      file += number(content.count) + chunk + number(Int(StillImage.checksum(of: chunk)))
    }
    // Eight bits, indexed, no interlace.
    put("IHDR", number(width) + number(height) + [8, 3, 0, 0, 0])
    // 96 dpi.
    put("pHYs", number(3_780) + number(3_780) + [1])
    put(
      "PLTE",
      palette.colours.flatMap { colour in [16, 8, 0].map { UInt8(colour >> $0 & 255) } })
    put("IDAT", compressed())
    put("IEND", [])
    return file
  }

  /// The rows, each after a zero that says that it is not filtered, as zlib's format.
  private func compressed() -> [UInt8] {
    let body = FlatDeflate(stride: width + 1).compressed(palette.rows)
    let sum = Self.adler(palette.rows)
    return [0x78, 0x01] + body + (0..<4).map { UInt8(sum >> (24 - 8 * UInt32($0)) & 255) }
  }

  /// Adler-32 (RFC 1950).
  private static func adler(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { bytes in
      var (low, high): (UInt32, UInt32) = (1, 0)
      var start = 0
      while start < bytes.count {
        // As many as cannot overflow 32 bits.
        let end = min(start + 5_552, bytes.count)
        for place in start..<end {
          low &+= UInt32(bytes[place])
          high &+= low
        }
        low %= 65_521
        high %= 65_521
        start = end
      }
      return high << 16 | low
    }
  }
}

/// The colours of a picture, if there are at most 256, and each pixel as the number of its colour.
struct Palette {
  /// `0xFFRRGGBB`, in the order in which they occur.
  let colours: [UInt32]
  /// Each row after a zero, which says in a PNG that it is not filtered.
  let rows: [UInt8]

  /// `nil` if there are more colours.
  ///
  /// - Parameter bits: how many of a channel's eight bits count.
  init?(_ picture: Bitmap, bits: Int = 8) {
    var known = [UInt32](repeating: 0, count: 4_096)
    var numbers = [UInt8](repeating: 0, count: 4_096)
    var found: [UInt32] = []
    let (width, height) = (picture.width, picture.height)
    let stride = width + 1
    var isWhole = true
    rows = [UInt8](unsafeUninitializedCapacity: stride * height) { target, used in
      picture.pixels.withUnsafeBytes { bytes in
        guard let target = target.baseAddress, let base = bytes.baseAddress else { return }
        let pixels = bytes.bindMemory(to: UInt32.self)
        var (last, number): (UInt32, UInt8) = (0, 0)
        for row in 0..<height {
          let (start, line) = (row * width, target + row * stride)
          line[0] = 0
          if row > 0, memcmp(base + start * 4, base + (start - width) * 4, width * 4) == 0 {
            (line + 1).update(from: line + 1 - stride, count: width)
            continue
          }
          for place in 0..<width {
            let pixel = pixels[start + place] | 0xFF00_0000
            if pixel != last {
              let colour = Self.rounded(pixel, bits)
              var slot = Int((colour &* 0x9E37_79B1) >> 20)
              while known[slot] != 0, known[slot] != colour { slot = (slot + 1) & 4_095 }
              if known[slot] == 0 {
                guard found.count < 256 else {
                  isWhole = false
                  return
                }
                known[slot] = colour
                numbers[slot] = UInt8(found.count)
                found.append(colour)
              }
              (last, number) = (pixel, numbers[slot])
            }
            line[place + 1] = number
          }
        }
        used = stride * height
      }
    }
    colours = found
    if !isWhole { return nil }
  }

  /// A colour of which so many bits of each channel count. The others repeat the first ones, so
  /// that black and white stay what they are.
  private static func rounded(_ colour: UInt32, _ bits: Int) -> UInt32 {
    switch bits {
    case 7: colour & 0xFFFE_FEFE | colour >> 7 & 0x0001_0101
    case 6: colour & 0xFFFC_FCFC | colour >> 6 & 0x0003_0303
    default: colour
    }
  }
}
