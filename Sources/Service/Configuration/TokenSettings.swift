import Pipelines

/// Which tokens are believed: whose, for whom, and what their claims are called.
package struct TokenSettings: Sendable {
  /// Where the keys of the issuer are.
  package enum Keys: Sendable, Hashable {
    /// There is no issuer: no token is believed.
    case none
    case file(String)
    case url(String)
  }

  package var issuer = ""
  package var audience = ""
  package var keys = Keys.none
  /// A file with certificates that are trusted instead of the system's when keys are fetched.
  package var authorities: String?
  /// The claim that holds the tenant's id.
  package var tenantClaim = "tenant_id"
  /// Seconds by which the issuer's clock and ours can differ.
  package var skew = 30
  /// Seconds after which the keys are read again.
  package var refresh = 300
  /// The scopes that allow asking for reports, reading them, and reaching all tenants.
  package var requestScope = "reports:request"
  package var readScope = "reports:read"
  package var operatorScope = "reports:operator"

  /// The usual names, and no issuer.
  package init() {}

  mutating func read(_ node: SpecNode, _ resolve: (String) -> String) {
    let map = node.mapping(keys: [
      "issuer", "audience", "keys", "authorities", "plain_http", "tenant", "skew", "refresh",
      "scopes",
    ])
    guard let map else { return }
    issuer = map.required("issuer")?.string() ?? ""
    audience = map.required("audience")?.string() ?? ""
    for (key, value) in [("issuer", issuer), ("audience", audience)] where value.isEmpty {
      map[key]?.report("an empty text would fit tokens that name none")
    }
    if let keyNode = map.required("keys"), let text = keyNode.string() {
      if text.hasPrefix("https://") || text.hasPrefix("http://") {
        keys = .url(text)
        if text.hasPrefix("http://"), map["plain_http"]?.boolean() != true {
          keyNode.report(
            "whoever is on the way could put in keys of their own (http://)",
            hint: "use https://, or set plain_http: true")
        }
      } else {
        keys = .file(resolve(text))
      }
    }
    authorities = map["authorities"]?.string().map(resolve)
    tenantClaim = map["tenant"]?.string() ?? tenantClaim
    func seconds(_ key: String, _ range: ClosedRange<Int>, _ value: inout Int) {
      guard let node = map[key], let given = node.duration() else { return }
      if !range.contains(given) {
        node.report("expected from \(range.lowerBound) s to \(range.upperBound) s")
      }
      value = given
    }
    seconds("skew", 0...120, &skew)
    seconds("refresh", 60...86_400, &refresh)
    if let scopes = map["scopes"]?.mapping(keys: ["request", "read", "operator"]) {
      requestScope = scopes["request"]?.string() ?? requestScope
      readScope = scopes["read"]?.string() ?? readScope
      operatorScope = scopes["operator"]?.string() ?? operatorScope
    }
    if Set([requestScope, readScope, operatorScope]).count < 3 {
      map["scopes"]?.report("the three scopes must differ")
    }
  }
}
