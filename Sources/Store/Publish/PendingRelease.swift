package import Basics

/// A tenant as the store knows it.
package struct ReleaseTenant: Hashable, Sendable {
  /// A UUID in lower case. It keeps another tenant from taking the slug.
  package var id: String
  /// `[a-z0-9-]{1,63}`, the name of the tenant's folder.
  package var slug: String
  package var name: String

  /// Used instead of a slug for releases of all tenants together, which lie below `operator/`. It
  /// cannot be a slug.
  package static let operatorName = "@operator"

  /// The folder of a tenant, or the operator's, relative to the store's root.
  package static func folder(_ slug: String) -> String {
    slug == operatorName ? "operator" : "tenants/\(slug)"
  }

  /// A tenant with this id, slug and name. `PendingRelease` validates them.
  package init(id: String, slug: String, name: String) {
    self.id = id
    self.slug = slug
    self.name = name
  }
}

/// Whether a release's content can still change.
package enum ReleaseStatus: String, Hashable, Sendable, Codable {
  /// Made before the period's end.
  case provisional
  /// Made with all of the period.
  case final
  /// Changed after it was final.
  case restated
  /// Taken back: readers are led to no release. Only heads have it, never a release.
  case withdrawn
}

/// A release's metadata: who made it, when and from what.
package struct ReleaseMetadata: Hashable, Sendable {
  package var status: ReleaseStatus
  /// The last day whose data is in it, `2026-11-21`.
  package var asOf: String?
  /// The run that made it.
  package var run: String
  /// Seconds since 1970.
  package var created: Int
  /// The database snapshot it was read from.
  package var snapshot: String?
  /// Versions of the program and of the libraries that made it, by their names.
  package var versions: [String: String]

  /// Metadata with the given values.
  package init(
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
package typealias ReleaseFile = ResultFile<ReleaseContent>

/// A partition's result, ready to be published.
package struct PendingRelease: Sendable {
  package var tenant: ReleaseTenant
  package var pipeline: String
  /// `2026`, `2026-11`, `2026-Q4`, `2026-W48`, `2026-03-01..2026-05-15`.
  package var period: String
  /// A title for people, in the tenant's language.
  package var title: String
  package var files: [ReleaseFile]
  package var metadata: ReleaseMetadata
  /// Gives the same files with their media types and the descriptions of tables, if `files` lack
  /// them. Called only if the release has to be written.
  package var complete: (@Sendable () throws -> [ReleaseFile])?
  /// Whether it is published even if the partition was withdrawn.
  package var replacesWithdrawn = false
  /// Whether the published release is read to its last byte before it counts as the same.
  package var readsPublished = false

  /// A release to publish. `publish` validates the names.
  package init(
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

  /// The partition in the store.
  package var partition: ReleasePartition {
    ReleasePartition(tenant: tenant.slug, pipeline: pipeline, period: period)
  }
}

/// One tenant's pipeline and period in the store.
package struct ReleasePartition: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The tenant's slug.
  package var tenant: String
  package var pipeline: String
  package var period: String

  /// A partition by the tenant's slug, the pipeline's name and the period.
  package init(tenant: String, pipeline: String, period: String) {
    self.tenant = tenant
    self.pipeline = pipeline
    self.period = period
  }

  /// The folder relative to the store's root.
  package var path: String { "\(ReleaseTenant.folder(tenant))/\(pipeline)/\(period)" }

  package var description: String { "\(tenant)/\(pipeline)/\(period)" }

  package static func < (left: Self, right: Self) -> Bool {
    (left.tenant, left.pipeline, left.period) < (right.tenant, right.pipeline, right.period)
  }
}
