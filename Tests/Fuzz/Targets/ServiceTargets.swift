#if YEARBOOK_SERVICE
  import Foundation
  import Pipelines

  @testable import Service

  extension FuzzTarget {
    /// What reads requests of strangers over HTTP.
    static let service = [
      FuzzTarget(name: "token", check: checkToken),
      FuzzTarget(name: "range", check: checkRange),
    ]
  }

  /// A token's header is refused, or names one of the algorithms and a key. Claims are refused, or
  /// have a tenant that is an id.
  private func checkToken(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    // As it came, and as the first part of a token whose other parts are good.
    for token in [text, Base64URL.encode(bytes) + ".e30.AAAA"] {
      guard let header = header(of: token) else { continue }
      try FuzzTarget.require(
        TokenHeader.algorithms.contains(header.algorithm), "the algorithm \(header.algorithm)")
      try FuzzTarget.require(
        (1...256).contains(header.key.utf8.count), "a key's name of another length")
    }
    if let decoded = Base64URL.decode(bytes), !decoded.isEmpty {
      try FuzzTarget.require(
        Base64URL.decode(Base64URL.encode(decoded).utf8) == decoded, "base64url changes bytes")
    }
    let claims: TokenClaims
    do {
      claims = try JSONDecoder().decode(TokenClaims.self, from: Data(bytes))
    } catch {
      return
    }
    for value in claims.others.values {
      for type in TenantIDType.allCases {
        guard let id = TokenClaims.tenant(value, type, source: nil) else { continue }
        try FuzzTarget.require(
          id.utf8.count == 36 && UUID(uuidString: id)?.uuidString.lowercased() == id,
          "the tenant '\(id)'")
      }
    }
  }

  /// A token's header; `nil` if it is refused.
  private func header(of token: String) -> TokenHeader? {
    do throws(TokenFault) {
      return try TokenHeader(token: token)
    } catch {
      return nil
    }
  }

  /// A range lies within the file, whatever its header says.
  private func checkRange(_ bytes: [UInt8]) throws {
    let header = String(decoding: bytes, as: UTF8.self)
    for size in [0, 1, 10, 1_000_000, Int.max] {
      switch ByteRange(header, size: size) {
      case .part(let part):
        try FuzzTarget.require(
          !part.isEmpty && part.lowerBound >= 0 && part.upperBound <= size,
          "\(part) of \(size) bytes")
        // What the answer says of itself is a range of its own.
        let told = "bytes=\(part.lowerBound)-\(part.upperBound - 1)"
        try FuzzTarget.require(
          told.utf8.count >= 100 || ByteRange(told, size: size) == .part(part), "\(told)")
      case .none:
        try FuzzTarget.require(header.hasPrefix("bytes="), "refused: \(header)")
      case .whole: break
      }
    }
  }
#endif
