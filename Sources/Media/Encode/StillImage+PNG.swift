import CLibAV
package import Diagnostics

extension StillImage {
  /// An opaque PNG, and words that say what it shows.
  ///
  /// Flat drawings have at most 256 colours, and a byte for a pixel takes a fraction of the time
  /// and the room of three. Other pictures get three.
  ///
  /// - Parameter description: goes into the file as its `Description` (PNG, 11.3.3.2).
  package static func png(
    _ picture: Bitmap, description: String = ""
  ) throws(Diagnostic) -> [UInt8] {
    let palette = Palette(picture)
    let format = palette == nil ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_PAL8
    // Level 3 is half as long as 6 here, and its files are a tenth larger.
    let encoder = try Encoder("png", options: [("pred", "none"), ("dpi", "96")]) { context in
      context.pointee.width = Int32(picture.width)
      context.pointee.height = Int32(picture.height)
      context.pointee.pix_fmt = format
      context.pointee.time_base = AVRational(num: 1, den: 1)
      context.pointee.compression_level = 3
    }
    let frame = Frame()
    frame.pointer.pointee.width = Int32(picture.width)
    frame.pointer.pointee.height = Int32(picture.height)
    frame.pointer.pointee.format = format.rawValue
    try LibAV.check(av_frame_get_buffer(frame.pointer, 0), "making room for a picture")
    guard let rows = frame.pointer.pointee.data.0 else {
      throw Diagnostic(.bug, "a picture has no room")
    }
    let stride = Int(frame.pointer.pointee.linesize.0)
    if let palette, let colours = frame.pointer.pointee.data.1 {
      copy(palette.indexes, to: rows, stride: stride, width: picture.width)
      colours.withMemoryRebound(to: UInt32.self, capacity: 256) { target in
        for index in 0..<256 {
          target[index] = index < palette.colours.count ? palette.colours[index] : 0xFF00_0000
        }
      }
    } else {
      var colours = [UInt8](repeating: 0, count: picture.width * picture.height * 3)
      for pixel in 0..<picture.width * picture.height {
        for part in 0..<3 { colours[pixel * 3 + part] = picture.pixels[pixel * 4 + 2 - part] }
      }
      copy(colours, to: rows, stride: stride, width: picture.width * 3)
    }
    return described(try encode(frame, with: encoder), description)
  }

  /// The words of a PNG that `png` made; `""` without any, or if it is damaged.
  package static func description(ofPNG png: [UInt8]) -> String {
    let mark = Array("iTXtDescription".utf8)
    guard let found = png.suffix(1 << 14).firstRange(of: mark), found.lowerBound >= 4 else {
      return ""
    }
    let length = png[(found.lowerBound - 4)..<found.lowerBound].reduce(0) { $0 << 8 | Int($1) }
    let text = (found.upperBound + 5, found.lowerBound + 4 + length)
    guard text.0 <= text.1, text.1 <= png.count else { return "" }
    return String(decoding: png[text.0..<text.1], as: UTF8.self)
  }

  private static func copy(
    _ bytes: [UInt8], to rows: UnsafeMutablePointer<UInt8>, stride: Int, width: Int
  ) {
    bytes.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      for row in 0..<source.count / width {
        (rows + row * stride).update(from: base + row * width, count: width)
      }
    }
  }

  /// The file with a chunk of text before its end: readable by any program, in UTF-8.
  private static func described(_ png: [UInt8], _ description: String) -> [UInt8] {
    // The last chunk, IEND, has 12 bytes.
    if description.isEmpty || png.count < 12 { return png }
    func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    let content = Array("iTXtDescription".utf8) + [0, 0, 0, 0, 0] + Array(description.utf8)
    let chunk =
      number(UInt32(content.count - 4)) + content + number(checksum(of: content))
    return png.dropLast(12) + chunk + png.suffix(12)
  }

  /// The checksum of a PNG's chunk: CRC-32 of ISO 3309, inverted at its end.
  static func checksum(of chunk: [UInt8]) -> UInt32 {
    ~chunk.withUnsafeBytes { SegmentFile.crc($0, continuing: .max) }
  }
}

/// The colours of a picture, if there are at most 256, and each pixel as the number of its colour.
struct Palette {
  /// `0xFFRRGGBB`, in the order in which they occur.
  let colours: [UInt32]
  let indexes: [UInt8]

  /// `nil` if there are more colours.
  init?(_ picture: Bitmap) {
    var known = [UInt32](repeating: 0, count: 4_096)
    var numbers = [UInt8](repeating: 0, count: 4_096)
    var found: [UInt32] = []
    let count = picture.width * picture.height
    var isWhole = true
    indexes = [UInt8](unsafeUninitializedCapacity: count) { target, used in
      picture.pixels.withUnsafeBytes { bytes in
        let pixels = bytes.bindMemory(to: UInt32.self)
        var (last, number): (UInt32, UInt8) = (0, 0)
        for place in 0..<count {
          let colour = pixels[place] | 0xFF00_0000
          if colour != last {
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
            (last, number) = (colour, numbers[slot])
          }
          target[place] = number
        }
        used = count
      }
    }
    colours = found
    if !isWhole { return nil }
  }
}
