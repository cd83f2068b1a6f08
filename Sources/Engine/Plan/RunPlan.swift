package import Basics
package import Diagnostics
package import Pipelines

/// What a run must do: partitions in the order in which they are started.
package struct RunPlan: Sendable {
  /// One tenant and period of one pipeline, as it is planned.
  package struct Partition: Sendable {
    package var tenant: Tenant
    package var settings: TenantSettings
    package var pipeline: Pipeline
    package var period: Period
    /// Today in the tenant's zone.
    package var today: CivilDate
    /// How far the period has come, and what it is compared with.
    package var progress: PeriodProgress
    /// Pipelines whose failure for this tenant stops this partition.
    package var needs: [String]
    /// Pipelines that start before this one and that its pages link to, where they have a release.
    package var links: [String] = []
    /// All tenants, for a pipeline of scope `platform`; else empty.
    package var members: [Member] = []
    /// Why its tenant cannot be served; then nothing is read for it.
    package var fault: Diagnostic?

    /// Whether the period has ended for the tenant.
    package var isFinal: Bool { today >= period.end }

    /// The day that `as_of: day` puts into the key.
    package var asOf: CivilDate? {
      pipeline.dependsOnDay ? min(today, period.lastDay) : nil
    }

    /// The tenants whose rows it is made of.
    var tenantIDs: [String] { members.isEmpty ? [tenant.id] : members.map(\.tenant.id) }

    package var key: PartitionKey {
      PartitionKey(tenantID: tenant.id, pipeline: pipeline.name, period: period)
    }

    /// `annual acme 2026`
    package var label: String { "\(pipeline.name) \(tenant.slug) \(period)" }
  }

  /// One tenant of a partition of scope `platform`.
  package struct Member: Sendable {
    package var tenant: Tenant
    package var settings: TenantSettings
    /// Today in the tenant's zone.
    package var today: CivilDate
  }

  /// The schedule's or pipeline's name.
  package var name: String
  /// Whether it is a schedule. Only one run of a schedule works at a time.
  package var isSchedule: Bool
  package var moment: RunMoment
  /// The command's arguments, as people read them.
  package var arguments: String
  package var partitions: [Partition]

  /// Reverses the order of the tenants. The partitions of each tenant keep their order. So two runs
  /// that share a plan begin at its two ends.
  mutating func takeUpBackwards() {
    partitions = Array(partitions.groupedByTenant().reversed().joined())
  }
}
