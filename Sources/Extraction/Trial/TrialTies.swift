import Diagnostics
import Pipelines
import Postgres

/// Finds the queries of a trial whose order leaves different rows in the same place.
struct TrialTies {
  private let queries: [ExtractSpec.Query]
  /// The places of each query's order among its columns; `nil` if one is not among them.
  private let orders: [[Int]?]
  /// The rows of each query by the values of its order.
  private var lines: [[[UInt8]: [UInt8]]]
  private var tied: Set<Int> = []

  /// - Parameter columns: of each query, without `tenant_id`.
  init(_ queries: [ExtractSpec.Query], _ columns: [[Column]]) {
    self.queries = queries
    orders = zip(queries, columns).map { query, columns in
      let places = query.order.map { term in columns.firstIndex { $0.name == term.column } }
      return places.contains(nil) ? nil : places.compactMap { $0 }
    }
    lines = Array(repeating: [:], count: queries.count)
  }

  /// Adds a row of the combined statement: the tenant, the query's place, then its columns.
  mutating func add(_ row: StreamedRow, to place: Int, _ line: [UInt8]) {
    guard orders.indices.contains(place), let order = orders[place],
      // What is combined has a key only if it is said.
      queries[place].combine == nil || !order.isEmpty
    else { return }
    // The rows of all tenants together are also ordered by the tenant.
    var key: [UInt8] = []
    row.appendCSV(0..<1, to: &key)
    for column in order {
      key.append(UInt8(ascii: ","))
      row.appendCSV((2 + column)..<(3 + column), to: &key)
    }
    if let known = lines[place][key] {
      if known != line { tied.insert(place) }
    } else {
      lines[place][key] = line
    }
  }

  var faults: [Diagnostic] {
    tied.sorted().map { place in
      let query = queries[place]
      let order = query.order.map(\.column)
      return Diagnostic(
        .configuration,
        order.isEmpty
          ? "the query '\(query.name)' has no order, and more than one row"
          : "the order of the query '\(query.name)' is not unique: different rows have the same"
            + " \(order.joined(separator: ", "))", at: .init(file: query.file),
        hint: "add columns to its 'order' in pipeline.yaml that tell the rows apart, such as id")
    }
  }
}
