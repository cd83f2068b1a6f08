import Foundation
import JWTKit
import Pipelines

/// The claims of a token whose signature is good.
struct TokenClaims: JWTPayload {
  /// A claim that platforms write as a text or as a number.
  enum Value: Sendable, Equatable {
    case text(String)
    case number(Int)
  }

  var issuer: String?
  var audience: [String]
  var subject: String?
  var expires: Double?
  var notBefore: Double?
  var scopes: Set<String>
  /// The texts and numbers among the other claims, by name.
  var others: [String: Value]

  init(from decoder: any Decoder) throws {
    let claims = try decoder.container(keyedBy: Name.self)
    issuer = try claims.decodeIfPresent(String.self, forKey: "iss")
    subject = try claims.decodeIfPresent(String.self, forKey: "sub")
    expires = try claims.decodeIfPresent(Double.self, forKey: "exp")
    notBefore = try claims.decodeIfPresent(Double.self, forKey: "nbf")
    audience = try Self.list(claims, "aud", separator: nil)
    // RFC 8693 writes one text; some issuers write a list under another name.
    scopes = Set(
      try Self.list(claims, "scope", separator: " ") + Self.list(claims, "scp", separator: " "))
    others = [:]
    for name in claims.allKeys {
      if let text = Self.optional({ try claims.decode(String.self, forKey: name) }) {
        others[name.stringValue] = .text(text)
      } else if let number = Self.optional({ try claims.decode(Int.self, forKey: name) }) {
        others[name.stringValue] = .number(number)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    throw EncodingError.invalidValue(
      self, .init(codingPath: encoder.codingPath, debugDescription: "tokens are only read"))
  }

  /// The times are checked by `TokenVerifier`, which knows how far clocks can differ.
  func verify(using algorithm: some JWTAlgorithm) async throws {}

  /// The tenant's id here; `nil` if the value cannot be an id of this type.
  static func tenant(
    _ value: Value, _ type: TenantIDType, source: String?
  ) -> String? {
    let key: String
    switch (type, value) {
    case (.uuid, .text(let text)):
      guard text.utf8.count == 36, let id = UUID(uuidString: text) else { return nil }
      return id.uuidString.lowercased()
    case (.uuid, .number): return nil
    case (.bigint, .number(let number)): key = String(number)
    case (.bigint, .text(let text)):
      guard let number = Int(text), String(number) == text else { return nil }
      key = text
    case (.text, .text(let text)):
      guard (1...1000).contains(text.utf8.count) else { return nil }
      key = text
    case (.text, .number(let number)): key = String(number)
    }
    return type.identity(of: key, source: source)
  }

  private struct Name: CodingKey, ExpressibleByStringLiteral {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringLiteral value: String) { stringValue = value }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static func list(
    _ claims: KeyedDecodingContainer<Name>, _ name: Name, separator: Character?
  ) throws -> [String] {
    guard claims.contains(name) else { return [] }
    if let list = optional({ try claims.decode([String].self, forKey: name) }) { return list }
    let text = try claims.decode(String.self, forKey: name)
    return separator.map { text.split(separator: $0).map(String.init) } ?? [text]
  }

  /// A value of one type; `nil` if it is of another.
  private static func optional<T>(_ decode: () throws -> T) -> T? {
    do { return try decode() } catch { return nil }
  }
}
