import Diagnostics
import Pipelines

/// Finds two rows that a query's order does not tell apart.
///
/// Their places would be up to the database, and with them what a page shows first, and whether a
/// night's result is the same as the last. Equal rows can change places, so they are allowed.
struct AggregateOrder {
  private let names: [String]
  private let indexes: [Int]
  private let all: Range<Int>
  private let place: Diagnostic.Subject

  /// `nil` for a query without an order.
  init?(_ dataset: String, _ pipeline: Pipeline, _ reader: TableReader) {
    guard let query = pipeline.extract.queries.first(where: { $0.name == dataset }),
      !query.order.isEmpty
    else { return nil }
    names = query.order.map(\.column)
    indexes = names.compactMap { reader.names.firstIndex(of: $0) }
    // The rows of a report of all tenants are also ordered by the tenant, which is in no dataset.
    guard indexes.count == names.count, pipeline.scope == .tenant else { return nil }
    all = reader.names.indices
    place = .init(file: query.file)
  }

  /// Throws `configuration` if the reader's row and the one before it have the same place.
  func check(_ reader: TableReader) throws(Diagnostic) {
    guard reader.repeats(indexes), !reader.repeats(all) else { return }
    throw Diagnostic(
      .configuration,
      "\(reader.rowLabel) and the row before it have the same"
        + " \(names.joined(separator: ", ")): the order of the query is not unique", at: place,
      hint: "add columns to its 'order' in pipeline.yaml that tell the rows apart, such as id")
  }
}
