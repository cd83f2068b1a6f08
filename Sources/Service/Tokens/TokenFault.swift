/// Why a token was not believed. Callers only hear that it was not; the metrics count why.
enum TokenFault: String, Error, Sendable, CaseIterable {
  /// It is not three parts of base64url with JSON in the first two.
  case malformed
  /// `alg` is not one of the three that are taken, or not the key's.
  case algorithm
  /// No key has its `kid`.
  case unknownKey = "unknown_key"
  case signature
  case issuer
  case audience
  case expired
  case notYet = "not_yet"
  /// `sub` is missing or has a NUL, or `tenant` is not an id.
  case claims
}
