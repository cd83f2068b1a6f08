import CLibAV
package import Diagnostics

extension StillImage {
  /// An opaque PNG, and words that say what it shows.
  ///
  /// Flat drawings have at most 256 colours: see `FlatPNG`. Other pictures get three bytes for a
  /// pixel, and take several times as long.
  ///
  /// - Parameter description: goes into the file as its `Description` (PNG, 11.3.3.2).
  package static func png(
    _ picture: Bitmap, description: String = ""
  ) throws(Diagnostic) -> [UInt8] {
    if let flat = FlatPNG(picture) { return described(flat.bytes(), description) }
    // Level 3 is half as long as 6 here, and its files are a tenth larger.
    let encoder = try Encoder("png", options: [("pred", "none"), ("dpi", "96")]) { context in
      context.pointee.width = Int32(picture.width)
      context.pointee.height = Int32(picture.height)
      context.pointee.pix_fmt = AV_PIX_FMT_RGB24
      context.pointee.time_base = AVRational(num: 1, den: 1)
      context.pointee.compression_level = 3
    }
    let frame = Frame()
    frame.pointer.pointee.width = Int32(picture.width)
    frame.pointer.pointee.height = Int32(picture.height)
    frame.pointer.pointee.format = AV_PIX_FMT_RGB24.rawValue
    try LibAV.check(av_frame_get_buffer(frame.pointer, 0), "making room for a picture")
    guard let rows = frame.pointer.pointee.data.0 else {
      throw Diagnostic(.bug, "a picture has no room")
    }
    let stride = Int(frame.pointer.pointee.linesize.0)
    var colours = [UInt8](repeating: 0, count: picture.width * picture.height * 3)
    for pixel in 0..<picture.width * picture.height {
      for part in 0..<3 { colours[pixel * 3 + part] = picture.pixels[pixel * 4 + 2 - part] }
    }
    copy(colours, to: rows, stride: stride, width: picture.width * 3)
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
