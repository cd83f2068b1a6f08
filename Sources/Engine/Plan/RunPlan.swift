public import Diagnostics
public import Pipelines

/// What a run is to do: partitions in the order in which they are taken up.
public struct RunPlan: Sendable {
  public struct Partition: Sendable {
    public var tenant: Tenant
    public var settings: TenantSettings
    public var pipeline: Pipeline
    public var period: Period
    /// Today in the tenant's zone.
    public var today: CivilDate
    /// Pipelines whose failure for this tenant stops this partition.
    public var needs: [String]
    /// Pipelines of the plan, taken up before this one, that its pages link to where they have a release.
    public var links: [String] = []
    /// Of a pipeline of all tenants together: all tenants.
    public var members: [Member] = []
    /// Why its tenant can't be served: then nothing is read for it.
    public var fault: Diagnostic?

    /// `provisional` while the period lasts, then `final`.
    public var isFinal: Bool { today >= period.end }

    /// What `as_of: day` puts into the key.
    public var asOf: CivilDate? {
      pipeline.dependsOnDay ? min(today, period.lastDay) : nil
    }

    /// The tenants whose rows it is made of.
    var tenantIDs: [String] { members.isEmpty ? [tenant.id] : members.map(\.tenant.id) }

    /// `annual acme 2026`
    public var label: String { "\(pipeline.name) \(tenant.slug) \(period)" }
  }

  /// One of the tenants of a partition of all together.
  public struct Member: Sendable {
    public var tenant: Tenant
    public var settings: TenantSettings
    /// Today in the tenant's zone.
    public var today: CivilDate
  }

  /// The schedule's or pipeline's name.
  public var name: String
  /// Only one run of a schedule at a time.
  public var isSchedule: Bool
  public var moment: RunMoment
  /// The command's arguments, for people.
  public var arguments: String
  public var partitions: [Partition]

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
