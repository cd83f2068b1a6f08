import Basics
import Crypto
package import Diagnostics

/// A recipient of encrypted files: an age X25519 public key, `age1…`.
package struct AgeRecipient: Hashable, Sendable, CustomStringConvertible {
  /// The key as it was given, in lower case.
  package let description: String
  /// 32 bytes.
  let key: [UInt8]

  /// Reads a public key; `nil` for anything else.
  package init?(_ text: String) {
    guard let (prefix, data) = Bech32.decode(text), prefix == "age", data.count == 32 else {
      return nil
    }
    description = text.lowercased()
    key = data
  }
}

/// An age X25519 private key, `AGE-SECRET-KEY-1…`: it opens what was encrypted to its recipient.
/// Its description does not show the key.
package struct AgeIdentity: Sendable, CustomStringConvertible {
  let key: Curve25519.KeyAgreement.PrivateKey

  /// Reads a private key; `nil` for anything else.
  package init?(_ text: String) {
    guard let (prefix, data) = Bech32.decode(text), prefix == "age-secret-key-", data.count == 32
    else { return nil }
    do {
      key = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: data)
    } catch {
      return nil
    }
  }

  package var description: String { "an age identity" }

  /// The keys of a file that `age-keygen` wrote.
  ///
  /// - Throws: `.configuration` for a file that does not exist, or has no key or an unreadable
  ///   line.
  package static func read(file: String) throws(Diagnostic) -> [AgeIdentity] {
    let hint = "name a file that was made with `age-keygen -o FILE`"
    guard let bytes = try FileReader.contents(file) else {
      throw Diagnostic(.configuration, "the identity file \(file) does not exist", hint: hint)
    }
    var identities: [AgeIdentity] = []
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    for line in lines where !line.hasPrefix("#") {
      guard let identity = AgeIdentity(String(line)) else {
        throw Diagnostic(.configuration, "\(file) has a line that is not an age key", hint: hint)
      }
      identities.append(identity)
    }
    guard !identities.isEmpty else {
      throw Diagnostic(.configuration, "\(file) has no age key", hint: hint)
    }
    return identities
  }
}
