import Basics

/// What the stages of one partition hand on in memory: a page is made from the report model that
/// the stage before it has just made, not from what would be read back from its file. Both are
/// equal.
final class PartitionMemory: Sendable {
  private let kept = Locked<(digest: SHA256Digest, model: ReportModel)?>(nil)

  /// Keeps the model whose `report.json` has this digest.
  func keep(_ model: ReportModel, digest: SHA256Digest) {
    kept.withLock { $0 = (digest, model) }
  }

  /// The model whose `report.json` has this digest: the one that is kept, or else the one that is
  /// read.
  func model(_ digest: SHA256Digest, read: () throws -> ReportModel) throws -> ReportModel {
    if let kept = kept.withLock({ $0 }), kept.digest == digest { return kept.model }
    let model = try read()
    keep(model, digest: digest)
    return model
  }
}
