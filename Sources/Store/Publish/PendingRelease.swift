/// A tenant as the store knows it.
public struct ReleaseTenant: Hashable, Sendable {
  /// A UUID in lowercase, which keeps the slug from being taken by another tenant.
  public var id: String
  /// `[a-z0-9-]{1,63}`, the name of its folder.
  public var slug: String
  public var name: String

  /// Stands for a slug where a release is of all tenants together: it lies below `operator/`, and no slug is
  /// like it.
  public static let operatorName = "@operator"

  /// The folder of a tenant, or the operator's, relative to the store's root.
  public static func folder(_ slug: String) -> String {
    slug == operatorName ? "operator" : "tenants/\(slug)"
  }

  public init(id: String, slug: String, name: String) {
    self.id = id
    self.slug = slug
    self.name = name
  }
}

/// How sure a release's content is.
public enum ReleaseStatus: String, Hashable, Sendable, Codable {
  /// Made before the period's end.
  case provisional
  /// Made with all of the period.
  case final
  /// Changed after it had been final.
  case restated
}

/// What is known of a release beside its payload: who made it, when and from what.
public struct ReleaseMetadata: Hashable, Sendable {
  public var status: ReleaseStatus
  /// The last day whose data is in it, `2026-11-21`.
  public var asOf: String?
  /// The run that made it.
  public var run: String
  /// Seconds since 1970.
  public var created: Int
  /// The database snapshot it was read from.
  public var snapshot: String?
  /// Versions of the program and of the libraries that made it, by their names.
  public var versions: [String: String]

  public init(
    status: ReleaseStatus, asOf: String? = nil, run: String, created: Int, snapshot: String? = nil,
    versions: [String: String] = [:]
  ) {
    self.status = status
    self.asOf = asOf
    self.run = run
    self.created = created
    self.snapshot = snapshot
    self.versions = versions
  }
}

/// One file of a release's payload.
public struct ReleaseFile: Sendable {
  /// Where the bytes come from.
  public enum Source: Sendable {
    case bytes([UInt8])
    /// A file, which is copied, never linked.
    case file(String)
  }

  /// What makes a CSV a table for other tools.
  public struct Table: Hashable, Sendable {
    /// A Frictionless Table Schema as JSON.
    public var schema: [UInt8]
    /// A Frictionless table dialect as JSON, if it is not the usual one.
    public var dialect: [UInt8]?
    /// Rows without the header.
    public var rowCount: Int?
    /// The text's encoding, `utf-8` or `utf-8-sig` (with a byte order mark).
    public var encoding: String

    public init(
      schema: [UInt8], dialect: [UInt8]? = nil, rowCount: Int? = nil, encoding: String = "utf-8"
    ) {
      self.schema = schema
      self.dialect = dialect
      self.rowCount = rowCount
      self.encoding = encoding
    }
  }

  /// The path below `data/`, of parts in `[a-z0-9._-]`.
  public var name: String
  public var source: Source
  public var digest: SHA256Digest
  public var byteCount: Int
  /// `text/html`, `text/csv`, `video/mp4` …
  public var mediaType: String
  public var table: Table?

  public init(
    name: String, source: Source, digest: SHA256Digest, byteCount: Int, mediaType: String,
    table: Table? = nil
  ) {
    self.name = name
    self.source = source
    self.digest = digest
    self.byteCount = byteCount
    self.mediaType = mediaType
    self.table = table
  }

  /// A file from bytes in memory.
  public init(name: String, bytes: [UInt8], mediaType: String, table: Table? = nil) {
    self.init(
      name: name, source: .bytes(bytes), digest: SHA256Digest(of: bytes), byteCount: bytes.count,
      mediaType: mediaType, table: table)
  }
}

/// A partition's result that is to be published.
public struct PendingRelease: Sendable {
  public var tenant: ReleaseTenant
  public var pipeline: String
  /// `2026`, `2026-11`, `2026-Q4`.
  public var period: String
  /// For people, in the tenant's language.
  public var title: String
  public var files: [ReleaseFile]
  public var metadata: ReleaseMetadata

  public init(
    tenant: ReleaseTenant, pipeline: String, period: String, title: String, files: [ReleaseFile],
    metadata: ReleaseMetadata
  ) {
    self.tenant = tenant
    self.pipeline = pipeline
    self.period = period
    self.title = title
    self.files = files
    self.metadata = metadata
  }

  /// Where the partition lies in the store.
  public var partition: ReleasePartition {
    ReleasePartition(tenant: tenant.slug, pipeline: pipeline, period: period)
  }
}

/// One tenant's pipeline and period in the store.
public struct ReleasePartition: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The tenant's slug.
  public var tenant: String
  public var pipeline: String
  public var period: String

  public init(tenant: String, pipeline: String, period: String) {
    self.tenant = tenant
    self.pipeline = pipeline
    self.period = period
  }

  /// The folder relative to the store's root.
  public var path: String { "\(ReleaseTenant.folder(tenant))/\(pipeline)/\(period)" }

  public var description: String { "\(tenant)/\(pipeline)/\(period)" }

  public static func < (left: Self, right: Self) -> Bool {
    (left.tenant, left.pipeline, left.period) < (right.tenant, right.pipeline, right.period)
  }
}
