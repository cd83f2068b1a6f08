import Synchronization

/// A cache of report models, by the digest of their `report.json`. It saves reading a model back
/// that the stage before has just made. Both are equal.
final class ReportModels: Sendable {
  static let shared = ReportModels()

  /// About one per working thread, and some more.
  private static let limit = 32

  private struct Kept {
    var models: [String: ReportModel] = [:]
    var order: [String] = []
  }

  private let kept = Mutex(Kept())

  func keep(_ model: ReportModel, digest: String) {
    kept.withLock { kept in
      guard kept.models.updateValue(model, forKey: digest) == nil else { return }
      kept.order.append(digest)
      if kept.order.count > Self.limit {
        kept.models[kept.order.removeFirst()] = nil
      }
    }
  }

  func model(_ digest: String, read: () throws -> ReportModel) throws -> ReportModel {
    if let known = kept.withLock({ $0.models[digest] }) { return known }
    let model = try read()
    keep(model, digest: digest)
    return model
  }
}
