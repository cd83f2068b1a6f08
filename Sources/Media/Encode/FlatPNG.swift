import Glibc

/// The PNG of a flat drawing: a byte for a pixel, and at most 256 colours.
///
/// Such a drawing is made of runs of one colour and of rows like the row above. Only these two are
/// looked for, which takes a tenth of the time of a general compressor. The bytes depend on the
/// pixels alone, and on no library.
///
/// The softened edges of two colours on a third have more than 256 shades. Then the colours of flat
/// parts stay what they are, and other shades that differ by at most 3 of 255, or else 7, become
/// one, which nobody sees at an edge.
struct FlatPNG {
  private let palette: Palette
  private let width: Int
  private let height: Int

  /// `nil` if the picture has more colours all the same.
  init?(_ picture: Bitmap) {
    for tolerance in [0, 3, 7] {
      guard let palette = Palette(picture, tolerance: tolerance) else { continue }
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
  /// `0xFFRRGGBB`: those of flat parts, then the others in the order in which they occur.
  let colours: [UInt32]
  /// Each row after a zero, which says in a PNG that it is not filtered.
  let rows: [UInt8]

  /// `nil` if there are more colours.
  ///
  /// - Parameter tolerance: by how much a channel of a shade can be changed.
  init?(_ picture: Bitmap, tolerance: Int = 0) {
    let (width, height) = (picture.width, picture.height)
    let stride = width + 1
    var shades = Shades(tolerance: tolerance)
    if tolerance > 0 { for colour in Self.flat(picture) { _ = shades.number(of: colour) } }
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
            let colour = pixels[start + place] | 0xFF00_0000
            if colour != last {
              guard let found = shades.number(of: colour) else {
                isWhole = false
                return
              }
              (last, number) = (colour, found)
            }
            line[place + 1] = number
          }
        }
        used = stride * height
      }
    }
    colours = shades.colours
    if !isWhole { return nil }
  }

  /// The colours of which so many pixels stand side by side, in the order in which they occur.
  private static func flat(_ picture: Bitmap) -> [UInt32] {
    let (least, most) = (6, 64)
    var found: [UInt32] = []
    let width = picture.width
    picture.pixels.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let pixels = bytes.bindMemory(to: UInt32.self)
      for row in 0..<picture.height {
        let start = row * width
        if row > 0, memcmp(base + start * 4, base + (start - width) * 4, width * 4) == 0 {
          continue
        }
        var (last, run): (UInt32, Int) = (0, 0)
        for place in start..<start + width {
          let colour = pixels[place] | 0xFF00_0000
          run = colour == last ? run + 1 : 1
          last = colour
          if run == least, found.count < most, !found.contains(colour) { found.append(colour) }
        }
      }
    }
    return found
  }
}

/// Numbers for the colours of a picture. Shades that are near enough have the same.
private struct Shades {
  private(set) var colours: [UInt32] = []
  private let tolerance: Int
  /// The colours that were met, by a hash, and their numbers.
  private var known = [UInt32](repeating: 0, count: 8_192)
  private var numbers = [UInt8](repeating: 0, count: 8_192)
  private var count = 0
  /// A picture with more is not flat.
  private static let mostMet = 4_096

  init(tolerance: Int) { self.tolerance = tolerance }

  /// The number of a colour; `nil` if there is no room for it.
  mutating func number(of colour: UInt32) -> UInt8? {
    var slot = Int((colour &* 0x9E37_79B1) >> 19)
    while known[slot] != 0, known[slot] != colour { slot = (slot + 1) & 8_191 }
    if known[slot] != 0 { return numbers[slot] }
    guard count < Self.mostMet else { return nil }
    let near = tolerance > 0 ? colours.firstIndex { isNear($0, colour) } : nil
    guard let place = near ?? (colours.count < 256 ? colours.count : nil) else { return nil }
    if place == colours.count { colours.append(colour) }
    count += 1
    known[slot] = colour
    numbers[slot] = UInt8(place)
    return numbers[slot]
  }

  private func isNear(_ one: UInt32, _ other: UInt32) -> Bool {
    for shift in [0, 8, 16] as [UInt32] {
      let difference = Int(one >> shift & 255) - Int(other >> shift & 255)
      if abs(difference) > tolerance { return false }
    }
    return true
  }
}
