import Crypto
package import Diagnostics

/// A SHA-256 digest. Blobs are addressed by it, and releases are verified with it.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
  /// 64 lowercase hexadecimal digits.
  package let hex: String

  /// Reads 64 lowercase hexadecimal digits; `nil` for anything else.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy(Self.isDigit) else { return nil }
    self.hex = String(hex)
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

  fileprivate init(_ bytes: some Sequence<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    hex = String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The digest of a file's content and its size in bytes. The file is read in pieces.
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

  package var description: String { hex }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}

/// Builds a digest from pieces.
package struct SHA256Hasher {
  private var state = SHA256()

  /// A hasher without bytes.
  package init() {}

  /// Adds bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state.update(bufferPointer: bytes)
  }

  /// Adds bytes.
  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { state.update(bufferPointer: $0) }
  }

  /// The digest of all bytes so far.
  package func digest() -> SHA256Digest { SHA256Digest(state.finalize()) }
}
