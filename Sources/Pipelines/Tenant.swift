package import Basics

/// A customer of the platform.
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
  /// When the platform made the tenant, in seconds since 1970; `nil` if that is not known.
  package var created: Int?

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

/// How reports name people. Tenants and users both set it; the stricter setting wins.
package enum Privacy: String, Sendable, Codable, CaseIterable {
  case names, initials, none
}

/// The settings of one tenant, below `tenants:` in `yearbook.yaml`.
package struct TenantSettings: Hashable, Sendable {
  package var privacy: Privacy = .names
  /// The intended length of films in seconds; `nil` uses the pipeline's.
  package var filmTarget: Int?
  /// The greatest length of films in seconds; `nil` uses the pipeline's.
  package var filmMaximum: Int?
  /// What the tenant's object keys begin with: names of folders that each end in `/`. `nil` leaves
  /// it to the layout of the media.
  package var mediaPrefix: String?
  /// The age public keys to which releases are encrypted, in addition to the operator's. If empty,
  /// releases are not encrypted.
  package var recipients: [String] = []
  /// Whether a tenant with encrypted releases can be published without encryption (`recipients:
  /// []`).
  package var isOpen = false
  /// The first day of the tenant's life, if it is not the day on which the platform made it.
  package var since: CivilDate?

  /// The defaults.
  package init() {}
}
