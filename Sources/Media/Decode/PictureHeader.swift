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
