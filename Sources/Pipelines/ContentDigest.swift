import Crypto

/// SHA-256 of content, outside of stage keys.
package enum ContentDigest {
  /// The digest's 32 bytes.
  package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    Array(SHA256.hash(data: Array(bytes)))
  }

  /// The digest in lower-case hexadecimal digits.
  package static func hex(_ bytes: some Sequence<UInt8>) -> String { StageKey.hex(sha256(bytes)) }
}
