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
  /// Who is told, and of what. Recorded with the outcome.
  var told: Telling.Rows = [:]
  /// Recorded with the outcome; `nil` if the rows were not read, or what decides them is not known.
  var extraction: ExtractedRows?
  /// `nil` if all was found done: then the publisher claims many partitions at once.
  var claim: Claims.Claim?
  /// Takes the partition up again if another run is working on it; for one without a claim.
  var takeUpAgain: @Sendable () -> Void = {}
  /// The files with all that a release says of them, if `files` are in brief.
  var complete: (@Sendable () throws -> [Artifact])?
  /// The head that says that the partition is withdrawn and stays so. Then it has no files.
  var withdrawn: Head?
}

extension Publication {
  /// The release that this becomes.
  func pending(run: String, created: Int, versions: [String: String]) -> PendingRelease {
    let tenant = partition.tenant
    var pending = PendingRelease(
      tenant: ReleaseTenant(id: tenant.id, slug: tenant.slug, name: tenant.name),
      pipeline: partition.pipeline.name, period: partition.period.description,
      title: "\(partition.pipeline.title(for: tenant.locale)) \(partition.period)",
      files: files.map(\.released),
      metadata: ReleaseMetadata(
        status: partition.isFinal ? .final : .provisional,
        asOf: min(partition.today, partition.period.lastDay).description, run: run,
        created: created, versions: versions))
    if let complete { pending.complete = { try complete().map(\.released) } }
    return pending
  }
}

extension Artifact {
  fileprivate var released: ReleaseFile {
    with(ReleaseContent(digest: digest, byteCount: byteCount, source: .file(path)))
  }
}
