import Basics
import Store

/// What `StoreTrial publish` publishes: each file of a release names its version, but for one that stays.
enum TrialReleases {
  static let acme = ReleaseTenant(
    id: "0a1b2c3d-0000-4000-8000-000000000001", slug: "acme", name: "Acme")
  static let zeta = ReleaseTenant(
    id: "0a1b2c3d-0000-4000-8000-000000000002", slug: "zeta", name: "Zeta")

  static let partitions = [
    ReleasePartition(tenant: "acme", pipeline: "report", period: "2026"),
    ReleasePartition(tenant: "acme", pipeline: "report", period: "2026-11"),
    ReleasePartition(tenant: "zeta", pipeline: "report", period: "2026"),
  ]

  static func batch(version: String) -> [PendingRelease] {
    partitions.map { partition in
      PendingRelease(
        tenant: partition.tenant == "acme" ? acme : zeta, pipeline: partition.pipeline,
        period: partition.period, title: "Report",
        files: ["index.html", "tables/months.csv", "same.txt"].map { name in
          ReleaseFile(
            name: name, bytes: Array((name == "same.txt" ? "same\n" : "version \(version)\n").utf8),
            mediaType: "text/plain")
        },
        metadata: ReleaseMetadata(
          status: .provisional, run: "r\(version)", created: 1_795_230_900 + (Int(version) ?? 0)))
    }
  }
}
