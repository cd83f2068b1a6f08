/// Who asks: what a token that was believed says.
struct Caller: Sendable, Hashable {
  /// The token's `sub`.
  var subject: String
  /// The id of the token's tenant, a UUID; `nil` if it names none.
  var tenant: String?
  var scopes: Set<String>
  /// Seconds since 1970.
  var expires: Int
}
