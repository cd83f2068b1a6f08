import Crypto
import Diagnostics
import FoundationEssentials

/// The age v1 file format (age-encryption.org/v1) with X25519 recipients.
///
/// A header wraps a random 16-byte file key for each recipient; the payload is 64 KiB chunks of
/// ChaCha20-Poly1305 under a key derived from it.
enum AgeFile {
  static let chunkSize = 1 << 16
  static let tagSize = 16
  private static let intro = "age-encryption.org/v1\n"
  private static let info = "age-encryption.org/v1/X25519"

  // MARK: - Header

  /// The header for recipients, and the payload's nonce and key.
  static func makeHeader(
    _ recipients: [AgeRecipient]
  ) throws -> (bytes: [UInt8], payloadKey: SymmetricKey) {
    let fileKey = SymmetricKey(size: .init(bitCount: 128))
    var header = Array(intro.utf8)
    for recipient in recipients {
      let ephemeral = Curve25519.KeyAgreement.PrivateKey()
      let share = Array(ephemeral.publicKey.rawRepresentation)
      let key = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: recipient.key)
      let wrapKey = wrapKey(
        try ephemeral.sharedSecretFromKeyAgreement(with: key), share, recipient.key)
      let box = try ChaChaPoly.seal(
        fileKey.withUnsafeBytes { Array($0) }, using: wrapKey,
        nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)))
      header +=
        "-> X25519 \(base64(share))\n\(base64(Array(box.ciphertext) + Array(box.tag)))\n".utf8
    }
    header += "---".utf8
    let mac = mac(header, fileKey)
    header += " \(base64(mac))\n".utf8
    let nonce = SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
    return (header + nonce, payloadKey(fileKey, nonce))
  }

  /// The length of the header and the payload's nonce in bytes, and the payload's key. `nil` if
  /// `file` is not an age file or none of the identities opens it.
  static func readHeader(
    _ file: [UInt8], _ identities: [AgeIdentity]
  ) -> (byteCount: Int, payloadKey: SymmetricKey)? {
    var rest = file[...]
    func line() -> String? {
      guard let end = rest.firstIndex(of: 0x0A) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return String(decoding: rest[..<end], as: UTF8.self)
    }
    guard line().map({ $0 + "\n" }) == intro else { return nil }
    var stanzas: [(share: [UInt8], body: [UInt8])] = []
    while let text = line() {
      if text.hasPrefix("--- ") {
        guard let mac = unbase64(text.dropFirst(4)),
          let fileKey = fileKey(stanzas, identities)
        else { return nil }
        let signed = file[..<(rest.startIndex - text.utf8.count - 1)] + Array("---".utf8)
        guard
          HMAC<SHA256>.isValidAuthenticationCode(
            mac, authenticating: signed, using: macKey(fileKey)),
          rest.count >= 16
        else { return nil }
        return (rest.startIndex + 16, payloadKey(fileKey, Array(rest.prefix(16))))
      }
      guard text.hasPrefix("-> ") else { return nil }
      var body = ""
      // A body's last line is shorter than 64.
      while let next = line() {
        body += next
        if next.utf8.count < 64 { break }
      }
      let words = text.dropFirst(3).split(separator: " ")
      if words.count == 2, words[0] == "X25519", let share = unbase64(words[1]),
        let sealed = unbase64(body[...]), share.count == 32, sealed.count == 32
      {
        stanzas.append((share, sealed))
      }
    }
    return nil
  }

  private static func fileKey(
    _ stanzas: [(share: [UInt8], body: [UInt8])], _ identities: [AgeIdentity]
  ) -> SymmetricKey? {
    for stanza in stanzas {
      for identity in identities {
        do {
          let share = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: stanza.share)
          let wrapKey = wrapKey(
            try identity.key.sharedSecretFromKeyAgreement(with: share), stanza.share,
            Array(identity.key.publicKey.rawRepresentation))
          let box = try ChaChaPoly.SealedBox(
            nonce: ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12)),
            ciphertext: stanza.body[..<16], tag: stanza.body[16...])
          return SymmetricKey(data: try ChaChaPoly.open(box, using: wrapKey))
        } catch {
          // Not for this identity; another one can open it.
          continue
        }
      }
    }
    return nil
  }

  private static func wrapKey(
    _ secret: SharedSecret, _ share: [UInt8], _ recipient: [UInt8]
  ) -> SymmetricKey {
    secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: share + recipient, sharedInfo: Array(info.utf8), outputByteCount: 32
    )
  }

  private static func macKey(_ fileKey: SymmetricKey) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: fileKey, salt: [UInt8](), info: Array("header".utf8), outputByteCount: 32)
  }

  private static func mac(_ header: [UInt8], _ fileKey: SymmetricKey) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: header, using: macKey(fileKey)))
  }

  private static func payloadKey(_ fileKey: SymmetricKey, _ nonce: [UInt8]) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: fileKey, salt: nonce, info: Array("payload".utf8), outputByteCount: 32)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().filter { $0 != "=" }
  }

  private static func unbase64(_ text: Substring) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: text + padding).map { Array($0) }
  }

  // MARK: - Payload

  /// A chunk's nonce: its number as 11 big-endian bytes, then 1 for the last chunk, else 0.
  static func nonce(_ index: UInt64, isLast: Bool) throws -> ChaChaPoly.Nonce {
    let counter = (0..<11).map { byte -> UInt8 in
      let shift = 8 * (10 - byte)
      return shift < 64 ? UInt8(truncatingIfNeeded: index >> UInt64(shift)) : 0
    }
    return try ChaChaPoly.Nonce(data: counter + [isLast ? 1 : 0])
  }
}
