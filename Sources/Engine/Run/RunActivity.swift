package import Foundation

/// What a run is doing at one moment. The run writes it to its record, so that others can see it.
package struct RunActivity: Sendable, Hashable, Codable {
  /// A stage that is running.
  package struct Item: Sendable, Hashable, Codable {
    package var stage: String
    /// The partition's label: pipeline, slug and period.
    package var partition: String
    package var began: Date
    /// How many of the stage's pieces are done, of how many, and what they are; `nil` if the stage
    /// has not said so.
    package var done: Int?
    package var total: Int?
    package var pieces: String?
  }

  /// What the run as a whole does; `nil` once all rows are read.
  package var phase: String?
  /// The longest first, at most `limit`.
  package var items: [Item] = []

  static let limit = 16
}
