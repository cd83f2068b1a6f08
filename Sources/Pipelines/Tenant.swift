/// A customer of the platform, as its row says.
package struct Tenant: Hashable, Sendable, Codable {
  /// A UUID in lower case.
  package var id: String
  /// `[a-z0-9-]{1,63}`
  package var slug: String
  package var name: String
  /// An IANA name.
  package var timeZone: String
  /// A BCP 47 tag: `pt-BR`.
  package var locale: String
  /// An ISO 4217 code.
  package var currency: String

  package init(
    id: String, slug: String, name: String, timeZone: String, locale: String, currency: String
  ) {
    self.id = id
    self.slug = slug
    self.name = name
    self.timeZone = timeZone
    self.locale = locale
    self.currency = currency
  }
}

/// How people are named in what is published; a tenant's setting and a user's, of which the
/// stricter wins.
package enum Privacy: String, Sendable, Codable, CaseIterable {
  case names, initials, none
}

/// What `yearbook.yaml` sets for one tenant below `tenants:`.
package struct TenantSettings: Hashable, Sendable {
  package var privacy: Privacy = .names
  /// Seconds a film aims at; `nil`: as the pipeline says.
  package var filmTarget: Int?
  /// Seconds a film may have at the most; `nil`: as the pipeline says.
  package var filmMaximum: Int?
  /// Prepended to the tenant's object keys, `""` or ending in `/`.
  package var mediaPrefix: String = ""
  /// age public keys that what is published is encrypted to, beside the operator's; none: it is not
  /// encrypted.
  package var recipients: [String] = []
  /// Whether what was encrypted before may be published as it is from now on (`recipients: []`).
  package var isOpen = false

  /// The defaults.
  package init() {}
}
