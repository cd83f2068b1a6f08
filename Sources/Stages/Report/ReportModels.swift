import Synchronization

/// Report models that were just made or read, by the digest of their `report.json`: a page is made
/// from the model that the stage before has in its hands, not from what would be read back from its
/// file. Both are equal.
final class ReportModels: Sendable {
  static let shared = ReportModels()

  /// One a thread that is at work, and some to spare.
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
