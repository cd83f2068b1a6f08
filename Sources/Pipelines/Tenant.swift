/// A customer of the platform, as its row says.
public struct Tenant: Hashable, Sendable, Codable {
  /// A UUID in lower case.
  public var id: String
  /// `[a-z0-9-]{1,63}`
  public var slug: String
  public var name: String
  /// An IANA name.
  public var timeZone: String
  /// A BCP 47 tag: `pt-BR`.
  public var locale: String
  /// An ISO 4217 code.
  public var currency: String

  public init(
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

/// How people are named in what is published; a tenant's setting and a user's, of which the stricter wins.
public enum Privacy: String, Sendable, Codable, CaseIterable {
  case names, initials, none
}

/// What `yearbook.yaml` sets for one tenant below `tenants:`.
public struct TenantSettings: Hashable, Sendable {
  public var privacy: Privacy = .names
  /// Seconds a film aims at; `nil`: as the pipeline says.
  public var filmTarget: Int?
  /// Seconds a film may have at the most; `nil`: as the pipeline says.
  public var filmMaximum: Int?
  /// Prepended to the tenant's object keys, `""` or ending in `/`.
  public var mediaPrefix: String = ""
  /// age public keys that what is published is encrypted to, beside the operator's; none: it is not encrypted.
  public var recipients: [String] = []
  /// Whether what was encrypted before may be published as it is from now on (`recipients: []`).
  public var isOpen = false

  public init() {}
}
