package import Basics

/// A customer of the platform.
package struct Tenant: Hashable, Sendable {
  /// A UUID in lower case. The record, the workspace and the store know the tenant by it.
  package var id: String
  /// The platform's own id of the tenant, as PostgreSQL prints it. It is the UUID, if the platform
  /// has one. Only queries see it.
  package var key: String
  /// `[a-z0-9-]{1,63}`
  package var slug: String
  package var name: String
  package var zone: ZoneRules
  /// A BCP 47 tag: `pt-BR`.
  package var locale: String
  /// An ISO 4217 code.
  package var currency: String
  /// When the platform made the tenant, in seconds since 1970; `nil` if that is not known.
  package var created: Int?

  /// PostgreSQL's name of the time zone.
  package var timeZone: String { zone.name }

  package init(
    id: String, key: String? = nil, slug: String, name: String, zone: ZoneRules, locale: String,
    currency: String
  ) {
    self.id = id
    self.key = key ?? id
    self.slug = slug
    self.name = name
    self.zone = zone
    self.locale = locale
    self.currency = currency
  }
}

/// A tenant in a file of the store: its time zone has a name there and no rules, and the platform's
/// own id is not there.
extension Tenant: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, slug, name, timeZone, locale, currency, created
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try values.decode(String.self, forKey: .id),
      slug: try values.decode(String.self, forKey: .slug),
      name: try values.decode(String.self, forKey: .name),
      zone: ZoneRules(name: try values.decode(String.self, forKey: .timeZone), offset: 0),
      locale: try values.decode(String.self, forKey: .locale),
      currency: try values.decode(String.self, forKey: .currency))
    created = try values.decodeIfPresent(Int.self, forKey: .created)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(id, forKey: .id)
    try values.encode(slug, forKey: .slug)
    try values.encode(name, forKey: .name)
    try values.encode(timeZone, forKey: .timeZone)
    try values.encode(locale, forKey: .locale)
    try values.encode(currency, forKey: .currency)
    try values.encodeIfPresent(created, forKey: .created)
  }

  /// As it comes back from a file.
  package var withoutRules: Tenant {
    var tenant = self
    tenant.zone = ZoneRules(name: timeZone, offset: 0)
    tenant.key = id
    return tenant
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
  /// Whether pages that the tenant shares show its film, too.
  package var sharesFilm = false
  /// The first day of the tenant's life, if it is not the day on which the platform made it.
  package var since: CivilDate?

  /// The defaults.
  package init() {}
}
