import Crypto
import Diagnostics

/// Encrypts content that comes piece by piece, in age's chunks.
struct AgeEncryptor {
  private let key: SymmetricKey
  private var index: UInt64 = 0
  private var buffer: [UInt8] = []

  /// - Parameter write: Takes the header.
  init(
    to recipients: [AgeRecipient], _ write: ([UInt8]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let header: (bytes: [UInt8], payloadKey: SymmetricKey)
    do {
      header = try AgeFile.makeHeader(recipients)
    } catch {
      throw Diagnostic(.bug, "cannot encrypt a file", underlying: error)
    }
    key = header.payloadKey
    try write(header.bytes)
  }

  mutating func add(
    _ bytes: UnsafeRawBufferPointer, _ write: ([UInt8]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    buffer.append(contentsOf: bytes)
    var start = 0
    // The last chunk is marked as last, so a full chunk waits until more bytes come.
    while buffer.count - start > AgeFile.chunkSize {
      try write(seal(buffer[start..<(start + AgeFile.chunkSize)], isLast: false))
      start += AgeFile.chunkSize
    }
    buffer.removeFirst(start)
  }

  mutating func finish(_ write: ([UInt8]) throws(Diagnostic) -> Void) throws(Diagnostic) {
    try write(seal(buffer[...], isLast: true))
  }

  private mutating func seal(
    _ chunk: ArraySlice<UInt8>, isLast: Bool
  ) throws(Diagnostic) -> [UInt8] {
    do {
      let box = try ChaChaPoly.seal(
        chunk, using: key, nonce: AgeFile.nonce(index, isLast: isLast))
      index += 1
      return Array(box.ciphertext) + Array(box.tag)
    } catch {
      throw Diagnostic(.bug, "cannot encrypt a file", underlying: error)
    }
  }
}

/// Decrypts content that comes piece by piece. See `AgeEncryptor`.
struct AgeDecryptor {
  private let identities: [AgeIdentity]
  private let path: String
  private var key: SymmetricKey?
  private var index: UInt64 = 0
  private var buffer: [UInt8] = []

  /// Bytes. A header has a few lines per recipient; a longer one is not an age header.
  private static let headerLimit = 1 << 16

  /// - Parameter path: The file that errors name.
  init(_ identities: [AgeIdentity], path: String) {
    self.identities = identities
    self.path = path
  }

  mutating func add(
    _ bytes: UnsafeRawBufferPointer, _ write: ([UInt8]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    buffer.append(contentsOf: bytes)
    if key == nil {
      guard let header = AgeFile.readHeader(buffer, identities) else {
        if buffer.count > Self.headerLimit { throw refusal }
        return
      }
      key = header.payloadKey
      buffer.removeFirst(header.byteCount)
    }
    let size = AgeFile.chunkSize + AgeFile.tagSize
    var start = 0
    while buffer.count - start > size {
      try write(open(buffer[start..<(start + size)], isLast: false))
      start += size
    }
    buffer.removeFirst(start)
  }

  mutating func finish(_ write: ([UInt8]) throws(Diagnostic) -> Void) throws(Diagnostic) {
    guard key != nil else { throw refusal }
    try write(open(buffer[...], isLast: true))
  }

  private var refusal: Diagnostic {
    Diagnostic(
      .data, "none of the identities opens \(path)",
      hint: "with --identity, name the file with the private key of one of its recipients")
  }

  private mutating func open(
    _ chunk: ArraySlice<UInt8>, isLast: Bool
  ) throws(Diagnostic) -> [UInt8] {
    guard let key, chunk.count >= AgeFile.tagSize else { throw damage(nil) }
    do {
      let box = try ChaChaPoly.SealedBox(
        nonce: AgeFile.nonce(index, isLast: isLast), ciphertext: chunk.dropLast(AgeFile.tagSize),
        tag: chunk.suffix(AgeFile.tagSize))
      index += 1
      return Array(try ChaChaPoly.open(box, using: key))
    } catch {
      throw damage(error)
    }
  }

  private func damage(_ error: (any Error)?) -> Diagnostic {
    Diagnostic(.io, "\(path) is damaged", hint: "restore it from a backup", underlying: error)
  }
}
