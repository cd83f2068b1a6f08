import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// A partition whose files are ready to be published.
struct Publication: Sendable {
  var partition: RunPlan.Partition
  var files: [Artifact]
  var warnings: [Warning]
  /// When the rows were read, microseconds since 1970.
  var snapshot: Int64
  var claim: Claims.Claim
}

extension Publication {
  /// The release that this becomes.
  func pending(run: String, created: Int, versions: [String: String]) throws -> PendingRelease {
    let tenant = partition.tenant
    return PendingRelease(
      tenant: ReleaseTenant(id: tenant.id, slug: tenant.slug, name: tenant.name),
      pipeline: partition.pipeline.name, period: partition.period.description,
      title: "\(partition.pipeline.title(for: tenant.locale)) \(partition.period)",
      files: try files.map { artifact in
        guard let digest = SHA256Digest(hex: artifact.digest) else {
          throw Diagnostic(.bug, "the digest of an artifact is not a SHA-256 digest")
        }
        return ReleaseFile(
          name: artifact.name, source: .file(artifact.path), digest: digest,
          byteCount: artifact.bytes, mediaType: artifact.mediaType,
          table: artifact.table.map { table in
            ReleaseFile.Table(
              schema: Array(table.schemaJSON.utf8), dialect: Array(table.dialectJSON.utf8),
              rowCount: table.rows,
              encoding: artifact.name.hasSuffix(".excel.csv") ? "utf-8-sig" : "utf-8")
          })
      },
      metadata: ReleaseMetadata(
        status: partition.isFinal ? .final : .provisional,
        asOf: min(partition.today, partition.period.lastDay).description, run: run,
        created: created, versions: versions))
  }
}
