import Foundation

/// The header of a signed token (RFC 7515), as far as it is believed before the signature.
struct TokenHeader: Sendable, Equatable {
  /// The algorithms that are taken: signatures by a private key. Not `none`, and none with a shared
  /// key, for which a public key could be taken.
  static let algorithms = ["RS256", "ES256", "EdDSA"]
  static let mostBytes = 8192

  var algorithm: String
  var key: String

  /// Reads the first part of a token.
  init(token: String) throws(TokenFault) {
    guard token.utf8.count <= Self.mostBytes else { throw .malformed }
    let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy(Base64URL.isStrict),
      let bytes = Base64URL.decode(parts[0])
    else { throw .malformed }
    let fields: Fields
    do {
      fields = try JSONDecoder().decode(Fields.self, from: Data(bytes))
    } catch {
      throw .malformed
    }
    // What must be understood, and is not.
    guard fields.crit == nil, fields.b64 == nil else { throw .malformed }
    if let type = fields.typ?.lowercased(),
      !["jwt", "at+jwt", "application/at+jwt"].contains(type)
    {
      throw .malformed
    }
    guard Self.algorithms.contains(fields.alg) else { throw .algorithm }
    guard let kid = fields.kid, (1...256).contains(kid.utf8.count) else { throw .unknownKey }
    algorithm = fields.alg
    key = kid
  }

  private struct Fields: Decodable {
    var alg: String
    var kid: String?
    var typ: String?
    var crit: [String]?
    var b64: Bool?
  }
}

/// Base64 with `-` and `_`, without padding (RFC 4648, 5).
enum Base64URL {
  /// Whether there is at least one character, and each is of the alphabet.
  static func isStrict(_ text: some Collection<UInt8>) -> Bool {
    !text.isEmpty
      && text.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// The bytes of a text; `nil` for anything else.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard isStrict(text) else { return nil }
    var base = String(decoding: text, as: UTF8.self)
      .replacing("-", with: "+").replacing("_", with: "/")
    base += String(repeating: "=", count: (4 - base.utf8.count % 4) % 4)
    return Data(base64Encoded: base).map(Array.init)
  }

  /// The text of some bytes.
  static func encode(_ bytes: some Collection<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
