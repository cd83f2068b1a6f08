import Diagnostics

/// A zip archive (PKWARE's APPNOTE 6.3.10, without its 64-bit forms), written from front to end.
///
/// Every file has the first day that the format knows, 1 January 1980, so that the bytes depend on
/// the files alone.
final class ZipArchive {
  private struct Entry {
    var name: [UInt8]
    var checksum: UInt
    var packed: Int
    var byteCount: Int
    var offset: Int
  }

  private let output: PackedBytes
  private var entries: [Entry] = []
  /// The format without its 64-bit forms has 32 bits for each size and place.
  static let most = Int(UInt32.max)

  init(to output: PackedBytes) { self.output = output }

  /// Adds a file from memory.
  func add(_ name: String, _ bytes: [UInt8]) throws(Diagnostic) {
    let packed = PackedBytes(.part) { "" }
    let deflater = try Deflater()
    try deflater.add(bytes, .all, to: packed)
    try add(name, [packed], checksum: deflater.checksum, byteCount: bytes.count)
  }

  /// Adds a file whose bytes are packed: `parts` are deflated, one after the other.
  func add(
    _ name: String, _ parts: [PackedBytes], checksum: UInt, byteCount: Int
  ) throws(Diagnostic) {
    let entry = Entry(
      name: Array(name.utf8), checksum: checksum,
      packed: parts.reduce(0) { $0 + $1.byteCount }, byteCount: byteCount,
      offset: output.byteCount)
    try output.append(Self.number(0x0403_4B50, 4) + Self.head(entry) + entry.name)
    for part in parts { try output.append(part) }
    entries.append(entry)
  }

  /// Writes the list of the files.
  func finish() throws(Diagnostic) {
    let offset = output.byteCount
    for entry in entries {
      // Made by version 2.0 of the format; no comment; no attributes.
      try output.append(
        Self.number(0x0201_4B50, 4) + Self.number(20, 2) + Self.head(entry)
          + Self.number(0, 10) + Self.number(entry.offset, 4) + entry.name)
    }
    let size = output.byteCount - offset
    try output.append(
      Self.number(0x0605_4B50, 4) + Self.number(0, 4) + Self.number(entries.count, 2)
        + Self.number(entries.count, 2) + Self.number(size, 4) + Self.number(offset, 4)
        + Self.number(0, 2))
  }

  /// How many bytes the list of the files will take at most, for names of this length.
  static func overhead(files: Int, longestName: Int) -> Int { files * (76 + 2 * longestName) + 22 }

  /// What a file's own header and its entry in the list have in common: needs version 2.0, no
  /// flags, deflated, midnight of 1 January 1980, the checksum, the sizes, and no extra field.
  private static func head(_ entry: Entry) -> [UInt8] {
    number(20, 2) + number(0, 2) + number(8, 2) + number(0, 2) + number(0x21, 2)
      + number(Int(entry.checksum), 4) + number(entry.packed, 4) + number(entry.byteCount, 4)
      + number(entry.name.count, 2) + number(0, 2)
  }

  private static func number(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }
}
