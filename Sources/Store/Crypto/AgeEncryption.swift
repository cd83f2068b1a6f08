package import Basics
package import Diagnostics

/// Encrypts files for their readers, in a format that other programs open (`age -d`).
package enum AgeEncryption {
  /// Encrypts a file piece by piece.
  ///
  /// - Parameters:
  ///   - digest: The digest of the file's content; a file with other content throws `.io`.
  ///   - write: Takes the encrypted pieces.
  package static func encrypt(
    file path: String, expecting digest: SHA256Digest, to recipients: [AgeRecipient],
    write: ([UInt8]) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var encryptor = try AgeEncryptor(to: recipients, write)
    var hasher = SHA256Hasher()
    try FileReader.forEachPiece(of: path) { piece throws(Diagnostic) in
      hasher.update(piece)
      try encryptor.add(piece, write)
    }
    guard hasher.digest() == digest else { throw BlobStore.damaged(path) }
    try encryptor.finish(write)
  }
}
