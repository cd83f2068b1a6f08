/// A picture's kind and size, read from its first bytes. Nothing is decoded.
struct PictureHeader: Hashable {
  enum Kind: String { case png, jpeg, webp, gif, bmp }

  var kind: Kind
  var width: Int
  var height: Int

  /// `nil` if the bytes do not begin like a known kind of picture, or end before the size.
  init?(_ bytes: [UInt8]) {
    func starts(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    func little(_ offset: Int, _ count: Int) -> Int {
      guard offset + count <= bytes.count else { return 0 }
      return Int(UInt32(littleEndianBytes: bytes[offset..<offset + count]))
    }
    func big(_ offset: Int, _ count: Int) -> Int {
      guard offset + count <= bytes.count else { return 0 }
      return bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self.init(kind: .png, width: big(16, 4), height: big(20, 4))
    } else if starts("GIF87a") || starts("GIF89a") {
      self.init(kind: .gif, width: little(6, 2), height: little(8, 2))
    } else if starts("BM"), bytes.count > 26 {
      let isOld = little(14, 4) == 12
      let height = Int32(truncatingIfNeeded: little(22, 4))
      self.init(
        kind: .bmp, width: isOld ? little(18, 2) : little(18, 4),
        height: isOld ? little(20, 2) : Int(height.magnitude))
    } else if starts("RIFF"), starts("WEBP", at: 8) {
      if starts("VP8X", at: 12) {
        self.init(kind: .webp, width: little(24, 3) + 1, height: little(27, 3) + 1)
      } else if starts("VP8L", at: 12) {
        let bits = little(21, 4)
        self.init(kind: .webp, width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1)
      } else {
        self.init(kind: .webp, width: little(26, 2) & 0x3FFF, height: little(28, 2) & 0x3FFF)
      }
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      guard let size = PictureHeader.jpegSize(bytes) else { return nil }
      self.init(kind: .jpeg, width: size.width, height: size.height)
    } else {
      return nil
    }
    if width <= 0 || height <= 0 { return nil }
  }

  private init(kind: Kind, width: Int, height: Int) {
    self.kind = kind
    self.width = width
    self.height = height
  }

  /// Whether a JPEG has its end: the marker EOI after its first scan. A transfer that broke off
  /// leaves the rest of the picture grey. (A small picture inside has an end of its own, earlier.)
  static func isComplete(jpeg bytes: [UInt8]) -> Bool {
    var offset = 2
    while offset + 3 < bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] != 0xDA {
      let marker = bytes[offset + 1]
      let isBare = marker == 0xFF || marker == 0x01 || (0xD0...0xD8).contains(marker)
      offset += marker == 0xFF ? 1 : 2
      if !isBare { offset += Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
    }
    guard offset + 1 < bytes.count else { return false }
    var place = bytes.count - 2
    while place >= offset {
      if bytes[place] == 0xFF, bytes[place + 1] == 0xD9 { return true }
      place -= 1
    }
    return false
  }

  /// Walks the segments up to the frame's header.
  private static func jpegSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
    var offset = 2
    while offset + 9 < bytes.count {
      guard bytes[offset] == 0xFF else {
        offset += 1
        continue
      }
      let marker = bytes[offset + 1]
      if marker == 0xFF {
        offset += 1
        continue
      }
      // SOF0 to SOF15, without DHT, JPG and DAC.
      if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
        return (
          Int(bytes[offset + 7]) << 8 | Int(bytes[offset + 8]),
          Int(bytes[offset + 5]) << 8 | Int(bytes[offset + 6])
        )
      }
      if marker == 0xD8 || marker == 0x01 || (0xD0...0xD7).contains(marker) {
        offset += 2
        continue
      }
      if marker == 0xD9 || marker == 0xDA { return nil }
      offset += 2 + (Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3]))
    }
    return nil
  }
}

extension PictureHeader {
  /// The first frame of an animated WebP as a WebP without animation, which libav can decode; `nil`
  /// if it is not animated, or cut before its first frame ends.
  ///
  /// Source: the WebP container specification, RFC 9649. All numbers are little-endian.
  static func firstFrame(ofWebP bytes: [UInt8]) -> [UInt8]? {
    func number(_ offset: Int, _ count: Int) -> Int {
      Int(UInt32(littleEndianBytes: bytes[offset..<offset + count]))
    }
    func chunk(_ name: String, _ payload: some Collection<UInt8>) -> [UInt8] {
      var chunk = Array(name.utf8)
      chunk.append(littleEndian: UInt32(payload.count))
      return chunk + payload + (payload.count % 2 == 0 ? [] : [0])
    }
    var frame: ArraySlice<UInt8>?
    var exif: ArraySlice<UInt8>?
    var isAnimated = false
    var offset = 12
    while offset + 8 <= bytes.count {
      let name = String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
      let start = offset + 8
      let end = start + number(offset + 4, 4)
      guard end <= bytes.count else { break }
      switch name {
      case "VP8X" where end > start: isAnimated = bytes[start] & 2 != 0
      case "ANMF" where end - start > 16 && frame == nil: frame = bytes[start..<end]
      case "EXIF": exif = bytes[start..<end]
      default: break
      }
      offset = end + (end - start) % 2
    }
    guard isAnimated, let frame else { return nil }
    // The frame: its place, its size less one, its duration and flags; then its own chunks.
    let (place, body) = (frame.startIndex, frame.dropFirst(16))
    let hasAlpha = body.starts(with: "ALPH".utf8) || body.starts(with: "VP8L".utf8)
    let flags: UInt8 = (hasAlpha ? 0x10 : 0) | (exif == nil ? 0 : 0x08)
    let size = bytes[place + 6..<place + 12]
    var parts = Array("WEBP".utf8) + chunk("VP8X", [flags, 0, 0, 0] + size) + body
    if let exif { parts += chunk("EXIF", exif) }
    return chunk("RIFF", parts)
  }
}
