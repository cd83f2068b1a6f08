import Glibc
import Pipelines

/// A user of this system who can ask over the Unix socket without a token.
package struct LocalCaller: Sendable {
  /// The user's name.
  package var user: String
  /// The user's number, which the kernel tells of whoever connects.
  var number: UInt32
  /// The tenant's id, a UUID; `nil` for an operator.
  var tenant: String?
  /// In the words of the tokens' scopes.
  var scopes: Set<String>

  /// The number that stands for all users that this machine, or this container, does not know.
  private static let unknownUser: UInt32 = 65_534

  /// The end of the year 9999, in seconds since 1970.
  private static let never = 253_402_300_799

  /// Reads one of `callers`. What is wrong is reported, and then there is no such caller.
  init?(_ node: SpecNode, _ settings: ServiceSettings) {
    guard let map = node.mapping(keys: ["user", "tenant", "operator", "scopes"]),
      let userNode = map.required("user"), let user = userNode.string(),
      let scopeNode = map.required("scopes")
    else { return nil }
    guard let number = Self.number(of: user) else {
      userNode.report("this system has no user '\(user)'")
      return nil
    }
    guard number != Self.unknownUser else {
      userNode.report("'\(user)' is everybody whom this system does not know")
      return nil
    }
    let words = ["request": settings.tokens.requestScope, "read": settings.tokens.readScope]
    var scopes: Set<String> = []
    for entry in scopeNode.list() {
      if let word = entry.word(of: words.keys.sorted()), let scope = words[word] {
        scopes.insert(scope)
      }
    }
    if scopes.isEmpty { scopeNode.report("a caller without a scope can do nothing") }
    let isOperator = map["operator"]?.boolean() == true
    if isOperator { scopes.insert(settings.tokens.operatorScope) }
    var tenant: String?
    if let tenantNode = map["tenant"], let text = tenantNode.string() {
      tenant = TokenClaims.tenant(.text(text), settings.tenantIDs, source: settings.source)
      if tenant == nil { tenantNode.report("not an id of the platform's type") }
    }
    if isOperator == (map["tenant"] != nil) {
      node.report("expected either tenant, or operator: true")
    }
    (self.user, self.number, self.tenant, self.scopes) = (user, number, tenant, scopes)
  }

  /// What the user is to the endpoints.
  var caller: Caller {
    // No token's subject has such a character, so nobody can take the name of a user here.
    Caller(subject: "\0user \(user)", tenant: tenant, scopes: scopes, expires: Self.never)
  }

  private static func number(of name: String) -> UInt32? {
    guard !name.isEmpty else { return nil }
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
      return nil
    }
    return entry.pw_uid
  }
}
