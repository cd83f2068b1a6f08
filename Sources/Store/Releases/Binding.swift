/// Whose a signed file is: the tenant's id, the pipeline and the period. Without it, a signed file
/// could be copied to another place of the store, where its signature still fits.
package struct Binding: Hashable, Sendable, Codable {
  /// The tenant's id, which stays when its slug changes.
  package var tenantID: String
  package var pipeline: String
  package var period: String

  private enum CodingKeys: String, CodingKey {
    case pipeline, period
    case tenantID = "tenant_id"
  }

  init(tenantID: String, _ partition: ReleasePartition) {
    self.tenantID = tenantID
    pipeline = partition.pipeline
    period = partition.period
  }

  /// Reads the members beside others; `nil` if there are none of them. Throws if some are missing.
  init?(_ decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    if values.allKeys.isEmpty { return nil }
    try self.init(from: decoder)
  }

  /// The members as they are written, beside others.
  var members: [(String, JSONText?)] {
    [
      ("tenant_id", .string(tenantID)), ("pipeline", .string(pipeline)),
      ("period", .string(period)),
    ]
  }

  /// Whether a file with this binding can lie in a partition's folder.
  ///
  /// - Parameter tenantID: The id of the tenant that owns the folder, if it is known.
  func fits(_ partition: ReleasePartition, tenantID: String?) -> Bool {
    pipeline == partition.pipeline && period == partition.period
      && self.tenantID == tenantID ?? self.tenantID
  }
}
