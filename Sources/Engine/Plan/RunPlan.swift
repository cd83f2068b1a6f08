package import Basics
package import Diagnostics
package import Pipelines

/// What a run is to do: partitions in the order in which they are taken up.
package struct RunPlan: Sendable {
  /// One tenant and period of one pipeline, as it is planned.
  package struct Partition: Sendable {
    package var tenant: Tenant
    package var settings: TenantSettings
    package var pipeline: Pipeline
    package var period: Period
    /// Today in the tenant's zone.
    package var today: CivilDate
    /// Pipelines whose failure for this tenant stops this partition.
    package var needs: [String]
    /// Pipelines of the plan, taken up before this one, that its pages link to where they have a release.
    package var links: [String] = []
    /// Of a pipeline of all tenants together: all tenants.
    package var members: [Member] = []
    /// Why its tenant can't be served: then nothing is read for it.
    package var fault: Diagnostic?

    /// `provisional` while the period lasts, then `final`.
    package var isFinal: Bool { today >= period.end }

    /// What `as_of: day` puts into the key.
    package var asOf: CivilDate? {
      pipeline.dependsOnDay ? min(today, period.lastDay) : nil
    }

    /// The tenants whose rows it is made of.
    var tenantIDs: [String] { members.isEmpty ? [tenant.id] : members.map(\.tenant.id) }

    /// `annual acme 2026`
    package var label: String { "\(pipeline.name) \(tenant.slug) \(period)" }
  }

  /// One of the tenants of a partition of all together.
  package struct Member: Sendable {
    package var tenant: Tenant
    package var settings: TenantSettings
    /// Today in the tenant's zone.
    package var today: CivilDate
  }

  /// The schedule's or pipeline's name.
  package var name: String
  /// Only one run of a schedule at a time.
  package var isSchedule: Bool
  package var moment: RunMoment
  /// The command's arguments, for people.
  package var arguments: String
  package var partitions: [Partition]

  /// Turns the order of tenants round, each tenant's partitions staying in theirs: two that share a plan
  /// begin at its two ends.
  mutating func takeUpBackwards() {
    var groups: [[Partition]] = []
    for partition in partitions {
      if groups.last?.first?.tenant.id == partition.tenant.id {
        groups[groups.count - 1].append(partition)
      } else {
        groups.append([partition])
      }
    }
    partitions = Array(groups.reversed().joined())
  }
}
