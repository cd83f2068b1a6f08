/// Reads little-endian numbers and ranges of bytes from front to back. Reading past the end is an
/// error.
struct ByteCursor {
  struct PastEnd: Error {}

  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Skips `count` bytes and returns their range.
  mutating func skip(_ count: Int) throws(PastEnd) -> Range<Int> {
    guard count >= 0, count <= bytes.count - position else { throw PastEnd() }
    defer { position += count }
    return position..<position + count
  }

  mutating func take(_ count: Int) throws(PastEnd) -> ArraySlice<UInt8> { bytes[try skip(count)] }

  mutating func u8() throws(PastEnd) -> UInt8 { bytes[try skip(1).lowerBound] }

  mutating func u32() throws(PastEnd) -> UInt32 { UInt32(littleEndianBytes: try take(4)) }

  mutating func i64() throws(PastEnd) -> Int64 { Int64(littleEndianBytes: try take(8)) }
}

extension FixedWidthInteger {
  /// The number with these bytes, lowest first.
  init(littleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
  }
}

extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }
}
