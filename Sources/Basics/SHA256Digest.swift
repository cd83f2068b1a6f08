import Crypto
package import Diagnostics

/// A SHA-256 digest: the address of a blob, the key of a stage, the line of a manifest.
///
/// Its text everywhere is 64 lower-case hexadecimal digits; as JSON it is that text.
package struct SHA256Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 32 bytes, as four big-endian numbers: a digest is a plain value without storage elsewhere.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Reads 64 lower-case hexadecimal digits; `nil` for anything else.
  package init?(hex: String) {
    var hex = hex
    guard let digest = hex.withUTF8({ Self(digits: $0) }) else { return nil }
    self = digest
  }

  /// Reads 64 lower-case hexadecimal digits; `nil` for anything else.
  package init?(hex: Substring) {
    var hex = hex
    guard let digest = hex.withUTF8({ Self(digits: $0) }) else { return nil }
    self = digest
  }

  /// Reads 64 lower-case hexadecimal digits; `nil` for anything else.
  package init?(hex: ArraySlice<UInt8>) {
    guard let digest = hex.withUnsafeBufferPointer({ Self(digits: $0) }) else { return nil }
    self = digest
  }

  /// Not generic: an unchanged night reads hundreds of thousands.
  private init?(digits: UnsafeBufferPointer<UInt8>) {
    guard digits.count == 64 else { return nil }
    func word(_ start: Int) -> UInt64? {
      var word: UInt64 = 0
      for place in start..<start + 16 {
        guard let value = Self.value(of: digits[place]) else { return nil }
        word = word << 4 | UInt64(value)
      }
      return word
    }
    guard let first = word(0), let second = word(16), let third = word(32), let last = word(48)
    else { return nil }
    words = (first, second, third, last)
  }

  /// The digest of bytes in memory.
  package init(of bytes: some Sequence<UInt8>) {
    var hasher = SHA256Hasher()
    let done: Void? = bytes.withContiguousStorageIfAvailable {
      hasher.update(UnsafeRawBufferPointer($0))
    }
    if done == nil { hasher.update(Array(bytes)) }
    self = hasher.digest()
  }

  /// - Parameter bytes: 32 of them.
  fileprivate init(_ bytes: UnsafeRawBufferPointer) {
    func word(_ place: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// The digest and size of a file's content, read in pieces.
  package static func ofFile(
    _ path: String
  ) throws(Diagnostic) -> (digest: SHA256Digest, byteCount: Int) {
    var hasher = SHA256Hasher()
    var count = 0
    try FileReader.forEachPiece(of: path) { piece throws(Diagnostic) in
      hasher.update(piece)
      count += piece.count
    }
    return (hasher.digest(), count)
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    [words.0, words.1, words.2, words.3].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
    }
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    String(unsafeUninitializedCapacity: 64) { text in
      var place = 0
      for word in [words.0, words.1, words.2, words.3] {
        for shift in stride(from: 60, through: 0, by: -4) {
          let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
          text[place] = digit < 10 ? 0x30 + digit : 0x57 + digit
          place += 1
        }
      }
      return 64
    }
  }

  package var description: String { hex }

  package static func == (one: Self, other: Self) -> Bool { one.words == other.words }

  package static func < (one: Self, other: Self) -> Bool { one.words < other.words }

  package func hash(into hasher: inout Hasher) {
    // A digest's bytes are as good as random: one word tells any two apart that chance would.
    hasher.combine(words.0)
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}

extension SHA256Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = SHA256Digest(hex: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a SHA-256 digest")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

/// Builds a digest from pieces.
package struct SHA256Hasher {
  private var state = SHA256()

  package init() {}

  /// Adds a piece of the content.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state.update(bufferPointer: bytes)
  }

  /// Adds a piece of the content.
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
  }

  /// The digest of all bytes so far.
  package func digest() -> SHA256Digest { state.finalize().withUnsafeBytes { SHA256Digest($0) } }
}
