/// One tenant × one period of one pipeline: what a claim, a result, a failure and a release belong
/// to.
package struct PartitionKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The tenant's id, which stays when its slug changes.
  package var tenantID: String
  package var pipeline: String
  package var period: Period

  package init(tenantID: String, pipeline: String, period: Period) {
    self.tenantID = tenantID
    self.pipeline = pipeline
    self.period = period
  }

  /// The three, for logs and as a key of text: `ID annual 2026`.
  package var description: String { "\(tenantID) \(pipeline) \(period)" }

  /// An order that all hosts share, so that two that write the same rows never wait for each other.
  package static func < (one: Self, other: Self) -> Bool {
    (one.tenantID, one.pipeline, one.period) < (other.tenantID, other.pipeline, other.period)
  }
}
