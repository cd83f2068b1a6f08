import Crypto
import CryptoExtras
import Foundation

/// An issuer of tokens with a key of each kind, and the set that tells of them.
struct TestIssuer: Sendable {
  let rsa: _RSA.Signing.PrivateKey
  let curve = P256.Signing.PrivateKey()
  let edwards = Curve25519.Signing.PrivateKey()
  static let name = "https://issuer.example.org/"
  static let audience = "yearbook"

  init() throws { rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

  /// The public keys, as the issuer tells them.
  func keys() throws -> [[String: String]] {
    let numbers = try rsa.publicKey.getKeyPrimitives()
    let point = curve.publicKey.rawRepresentation
    return [
      [
        "kty": "RSA", "kid": "rsa", "alg": "RS256", "use": "sig",
        "n": Self.encode(numbers.modulus), "e": Self.encode(numbers.publicExponent),
      ],
      [
        "kty": "EC", "kid": "curve", "crv": "P-256", "x": Self.encode(point.prefix(32)),
        "y": Self.encode(point.suffix(32)),
      ],
      [
        "kty": "OKP", "kid": "edwards", "crv": "Ed25519", "alg": "EdDSA",
        "x": Self.encode(edwards.publicKey.rawRepresentation),
      ],
    ]
  }

  func keySet() throws -> Data {
    try JSONSerialization.data(withJSONObject: ["keys": try keys()])
  }

  /// Claims of a token that is good for an hour.
  static func claims(
    tenant: String?, scope: String = "reports:request reports:read", subject: String = "platform"
  ) -> [String: Any] {
    let now = Int(Date().timeIntervalSince1970)
    var claims: [String: Any] = [
      "iss": name, "aud": audience, "sub": subject, "iat": now, "exp": now + 3600, "scope": scope,
    ]
    claims["tenant_id"] = tenant
    return claims
  }

  /// A token.
  ///
  /// - Parameters:
  ///   - key: which key signs: `rsa`, `curve` or `edwards`.
  ///   - header: fields beside, or instead of, the right ones.
  func token(
    _ claims: [String: Any], key: String = "curve", header: [String: Any] = [:]
  ) throws -> String {
    let algorithms = ["rsa": "RS256", "curve": "ES256", "edwards": "EdDSA"]
    var fields: [String: Any] = ["typ": "JWT", "kid": key, "alg": algorithms[key] ?? ""]
    fields.merge(header) { $1 }
    let text = try Self.encode(fields) + "." + Self.encode(claims)
    let bytes = Data(text.utf8)
    let signature =
      switch key {
      case "rsa":
        try rsa.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
          .rawRepresentation
      case "edwards": try edwards.signature(for: bytes)
      default: try curve.signature(for: bytes).rawRepresentation
      }
    return text + "." + Self.encode(signature)
  }

  static func encode(_ fields: [String: Any]) throws -> String {
    encode(try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys))
  }

  static func encode(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  /// Tokens that must not be believed, by what is wrong with them.
  func badTokens(tenant: String) throws -> [String: String] {
    let good = Self.claims(tenant: tenant)
    let now = Int(Date().timeIntervalSince1970)
    func changed(_ changes: [String: Any?]) -> [String: Any] {
      var claims = good
      for (name, value) in changes { claims[name] = value }
      return claims
    }
    let other = try TestIssuer()
    let public256 = Data(rsa.publicKey.pemRepresentation.utf8)
    func shared(_ header: [String: Any], _ key: Data) throws -> String {
      let text = try Self.encode(header) + "." + Self.encode(good)
      let code = HMAC<SHA256>.authenticationCode(
        for: Data(text.utf8), using: SymmetricKey(data: key))
      return text + "." + Self.encode(Data(code))
    }
    let whole = try token(good)
    let parts = whole.split(separator: ".").map(String.init)
    let elsewhere = try Self.encode(
      Self.claims(tenant: "99999999-0000-4000-8000-000000000009"))
    return [
      "expired": try token(changed(["exp": now - 3600])),
      "without an end": try token(changed(["exp": nil as Any?])),
      "not yet": try token(changed(["nbf": now + 3600])),
      "another issuer": try token(changed(["iss": "https://other.example.org/"])),
      "no issuer": try token(changed(["iss": nil as Any?])),
      "another audience": try token(changed(["aud": "other"])),
      "other audiences": try token(changed(["aud": ["other", "yearbook2"]])),
      "no subject": try token(changed(["sub": nil as Any?])),
      "a tenant that is no id": try token(changed(["tenant_id": "../acme"])),
      "another key of the same name": try other.token(good),
      "an unknown key": try token(good, header: ["kid": "other"]),
      "no key": try token(good, header: ["kid": NSNull()]),
      "the algorithm of another key": try token(good, header: ["alg": "RS256"]),
      "the name of another key": try token(good, header: ["kid": "rsa"]),
      "none": try Self.encode(["alg": "none", "kid": "curve"]) + "." + parts[1] + ".",
      "none with a signature": try token(good, header: ["alg": "none"]),
      "None": try token(good, header: ["alg": "nOnE"]),
      "the public key as a shared one": try shared(["alg": "HS256", "kid": "rsa"], public256),
      "the public key as a shared one, by its kind": try shared(
        ["alg": "RS256", "kid": "rsa"], public256),
      "a critical extension": try token(good, header: ["crit": ["exp"]]),
      "another type": try token(good, header: ["typ": "id+jwt"]),
      "an embedded key": try token(
        good, header: ["kid": "mine", "jwk": try other.keys()[1]]),
      "other claims under the same signature": parts[0] + "." + elsewhere + "." + parts[2],
      "no signature": parts[0] + "." + parts[1] + ".",
      "two parts": parts[0] + "." + parts[1],
      "four parts": whole + "." + parts[2],
      "no base64": whole + "=",
      "too long": try token(changed(["more": String(repeating: "x", count: 9000)])),
      "nothing": "",
      "words": "let me in",
    ]
  }
}
