import Basics
import Crypto
package import Diagnostics

/// Whom files are encrypted to: an age X25519 public key, `age1…`.
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

/// Opens what was encrypted to its recipient: an age X25519 private key, `AGE-SECRET-KEY-1…`. Its description
/// does not show it.
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

  /// The keys of a file as `age-keygen` writes it.
  ///
  /// - Throws: `.configuration` for a file that is not there or holds no key.
  package static func read(file: String) throws(Diagnostic) -> [AgeIdentity] {
    let hint = "name a file that `age-keygen -o FILE` made"
    guard let bytes = try FileReader.contents(file) else {
      throw Diagnostic(.configuration, "the identity file \(file) is not there", hint: hint)
    }
    var identities: [AgeIdentity] = []
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    for line in lines where !line.hasPrefix("#") {
      guard let identity = AgeIdentity(String(line)) else {
        throw Diagnostic(.configuration, "\(file) holds a line that is no age key", hint: hint)
      }
      identities.append(identity)
    }
    guard !identities.isEmpty else {
      throw Diagnostic(.configuration, "\(file) holds no age key", hint: hint)
    }
    return identities
  }
}
