import Crypto
import Diagnostics
import FoundationEssentials

/// A detached Ed25519 signature in the format of `ssh-keygen -Y sign` (OpenSSH's PROTOCOL.sshsig).
struct SSHSignature: Hashable {
  static let namespace = "yearbook"
  private static let label = "SSH SIGNATURE"
  private static let magic = Array("SSHSIG".utf8)
  private static let keyType = "ssh-ed25519"

  /// The signer's public key, 32 bytes.
  var publicKey: [UInt8]
  /// `sha512` or `sha256`.
  var hash: String
  /// 64 bytes.
  var signature: [UInt8]

  /// The bytes that a key signs for a message; `nil` for an unknown hash.
  static func signedBytes(of message: [UInt8], hash: String) -> [UInt8]? {
    let digest: [UInt8]
    switch hash {
    case "sha512": digest = Array(SHA512.hash(data: message))
    case "sha256": digest = Array(SHA256.hash(data: message))
    default: return nil
    }
    var writer = SSHWriter()
    writer.raw(magic)
    writer.string(namespace)
    writer.string("")
    writer.string(hash)
    writer.string(digest)
    return writer.bytes
  }

  /// A public key in SSH's wire format.
  static func wire(_ publicKey: [UInt8]) -> [UInt8] {
    var writer = SSHWriter()
    writer.string(keyType)
    writer.string(publicKey)
    return writer.bytes
  }

  /// The 32 bytes of an Ed25519 key in SSH's wire format; `nil` for another kind of key.
  static func key(wire: [UInt8]) -> [UInt8]? {
    var reader = SSHReader(wire)
    guard reader.text() == keyType, let key = reader.string(), key.count == 32, reader.isAtEnd
    else { return nil }
    return key
  }

  var armored: [UInt8] {
    var inner = SSHWriter()
    inner.string(Self.keyType)
    inner.string(signature)
    var writer = SSHWriter()
    writer.raw(Self.magic)
    writer.integer(1)
    writer.string(Self.wire(publicKey))
    writer.string(Self.namespace)
    writer.string("")
    writer.string(hash)
    writer.string(inner.bytes)
    return Armor.encode(writer.bytes, label: Self.label, width: 70)
  }

  init(publicKey: [UInt8], hash: String = "sha512", signature: [UInt8]) {
    self.publicKey = publicKey
    self.hash = hash
    self.signature = signature
  }

  /// Reads an armored signature; `nil` if it is damaged, or of another namespace or kind of key.
  init?(armored: [UInt8]) {
    guard let bytes = Armor.decode(armored, label: Self.label) else { return nil }
    var reader = SSHReader(bytes)
    guard reader.raw(6) == Self.magic, reader.integer() == 1,
      let key = reader.string().flatMap(Self.key(wire:)), reader.text() == Self.namespace,
      reader.string() == [], let hash = reader.text(), let inner = reader.string(), reader.isAtEnd
    else { return nil }
    var innerReader = SSHReader(inner)
    guard innerReader.text() == Self.keyType, let signature = innerReader.string(),
      signature.count == 64, innerReader.isAtEnd
    else { return nil }
    self.init(publicKey: key, hash: hash, signature: signature)
    // Accept only what we would write: a changed byte of the armor is a changed signature.
    guard self.armored == armored else { return nil }
  }

  /// Whether the key signed the message.
  func isValid(for message: [UInt8]) -> Bool {
    guard let bytes = Self.signedBytes(of: message, hash: hash) else { return false }
    do {
      return try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        .isValidSignature(signature, for: bytes)
    } catch {
      return false
    }
  }
}
