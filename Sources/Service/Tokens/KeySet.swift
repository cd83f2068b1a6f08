import Diagnostics
import Foundation
import JWTKit

/// A key of the issuer, and the one algorithm that it is used with.
struct PinnedKey: Sendable {
  var algorithm: String
  /// Holds this key alone, so that nothing in a token can choose another.
  var verifier: JWTKeyCollection
}

/// The issuer's keys by their names, from a JSON Web Key Set (RFC 7517).
enum KeySet {
  static let mostBytes = 1 << 20
  static let mostKeys = 100

  /// Reads a set. Keys for encryption, of other types, of less than 2048 bits and without a name
  /// are left out; so are shared keys, which only the issuer must have.
  ///
  /// - Throws: `.data` if it is not a set, if a key in it is private, or if no key is left.
  static func read(_ bytes: [UInt8]) async throws(Diagnostic) -> [String: PinnedKey] {
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: Data(bytes))
    } catch {
      throw Diagnostic(.data, "the issuer's keys are not a JSON Web Key Set")
    }
    guard file.keys.count <= mostKeys else {
      throw Diagnostic(.data, "the issuer's key set has more than \(mostKeys) keys")
    }
    if file.keys.contains(where: { $0.d != nil }) {
      throw Diagnostic(
        .data, "the issuer's key set holds a private key",
        hint: "hand out the public part alone, and make a new key: this one is known now")
    }
    var keys: [String: PinnedKey] = [:]
    for entry in file.keys {
      guard let name = entry.kid, keys[name] == nil, let algorithm = entry.pinned,
        var key = entry.key
      else { continue }
      key.algorithm = JWK.Algorithm(rawValue: algorithm)
      let verifier = JWTKeyCollection()
      do {
        try await verifier.add(jwk: key)
      } catch {
        // A key that is too short, or no point of its curve.
        continue
      }
      keys[name] = PinnedKey(algorithm: algorithm, verifier: verifier)
    }
    guard !keys.isEmpty else {
      throw Diagnostic(
        .data, "the issuer's key set has no key that can be used",
        hint: "it must have a key with a kid for \(TokenHeader.algorithms.joined(separator: ", "))")
    }
    return keys
  }

  private struct File: Decodable { var keys: [Entry] }

  private struct Entry: Decodable {
    var kty: String
    var kid: String?
    var alg: String?
    var use: String?
    var crv: String?
    var d: String?
    var operations: [String]?
    var key: JWK?

    private enum Keys: String, CodingKey {
      case kty, kid, alg, use, crv, d
      case operations = "key_ops"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Keys.self)
      kty = try values.decode(String.self, forKey: .kty)
      kid = try values.decodeIfPresent(String.self, forKey: .kid)
      alg = try values.decodeIfPresent(String.self, forKey: .alg)
      use = try values.decodeIfPresent(String.self, forKey: .use)
      crv = try values.decodeIfPresent(String.self, forKey: .crv)
      d = try values.decodeIfPresent(String.self, forKey: .d)
      operations = try values.decodeIfPresent([String].self, forKey: .operations)
      do {
        key = try JWK(from: decoder)
      } catch {
        // A type, curve or algorithm that the library does not have.
        key = nil
      }
    }

    /// The algorithm that the key is used with; `nil` if it is not for signatures that are taken.
    var pinned: String? {
      guard use == nil || use == "sig", operations?.contains("verify") ?? true else { return nil }
      let natural: String? =
        switch (kty, crv) {
        case ("RSA", _): "RS256"
        case ("EC", "P-256"): "ES256"
        case ("OKP", "Ed25519"): "EdDSA"
        default: nil
        }
      guard let natural, alg == nil || alg == natural else { return nil }
      return natural
    }
  }
}
