import Basics
import Foundation
import JWTKit
import Pipelines

/// Believes tokens: by the issuer's key, for this service, and in time.
///
/// The order matters: nothing in a token is used before its signature but `alg` and `kid`, and
/// these can only choose a key and must then be what the key is for.
final class TokenVerifier: Sendable {
  let keys: TokenKeys
  private let settings: TokenSettings
  private let ids: TenantIDType
  private let source: String?
  private let known = Locked<[SHA256Digest: Known]>([:])
  private static let mostKnown = 20_000

  /// A token that was believed under a set of keys.
  private struct Known {
    var caller: Caller
    var number: Int
  }

  init(_ settings: ServiceSettings, keys: TokenKeys) {
    self.keys = keys
    self.settings = settings.tokens
    ids = settings.tenantIDs
    source = settings.source
  }

  /// Who the token's bearer is.
  ///
  /// - Parameter now: seconds since 1970.
  func caller(_ token: String, now: Double) async throws(TokenFault) -> Caller {
    guard token.utf8.count <= TokenHeader.mostBytes else { throw .malformed }
    // The digest, so that no token stays in memory.
    let digest = SHA256Digest(of: token.utf8)
    let number = await keys.current()
    if let known = known.withLock({ $0[digest] }), known.number == number {
      guard now < Double(known.caller.expires + settings.skew) else { throw .expired }
      return known.caller
    }
    let header = try TokenHeader(token: token)
    guard let (key, used) = await keys.key(header.key) else { throw .unknownKey }
    guard key.algorithm == header.algorithm else { throw .algorithm }
    let claims: TokenClaims
    do {
      claims = try await key.verifier.verify(token, as: TokenClaims.self)
    } catch let error as JWTError where error.errorType == .malformedToken {
      throw .malformed
    } catch {
      throw .signature
    }
    let caller = try check(claims, now)
    known.withLock { known in
      if known.count >= Self.mostKnown { known = [:] }
      known[digest] = Known(caller: caller, number: used)
    }
    return caller
  }

  private func check(_ claims: TokenClaims, _ now: Double) throws(TokenFault) -> Caller {
    guard claims.issuer == settings.issuer else { throw .issuer }
    guard claims.audience.contains(settings.audience) else { throw .audience }
    guard let expires = claims.expires, expires.isFinite, expires < 1e12 else { throw .claims }
    guard now < expires + Double(settings.skew) else { throw .expired }
    if let from = claims.notBefore, now < from - Double(settings.skew) { throw .notYet }
    guard let subject = claims.subject, (1...256).contains(subject.utf8.count),
      !subject.utf8.contains(0)
    else {
      throw .claims
    }
    var tenant: String?
    if let value = claims.others[settings.tenantClaim] {
      tenant = TokenClaims.tenant(value, ids, source: source)
      if tenant == nil { throw .claims }
    }
    return Caller(
      subject: subject, tenant: tenant, scopes: claims.scopes, expires: Int(expires.rounded(.down)))
  }
}
