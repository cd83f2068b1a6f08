/// The rows of another platform than the first one: a list for each table, in the form of COPY.
struct SampleRows {
  /// A table with its columns, as COPY wants them: `app.bots (id, name)`.
  struct Table: Sendable {
    var target: String
    var rows: [[String?]] = []
  }

  /// In an order that respects foreign keys.
  private(set) var tables: [Table]

  /// - Parameter targets: the tables, in an order that respects foreign keys.
  init(_ targets: [String]) { tables = targets.map { Table(target: $0) } }

  /// Adds a row to the table of this place.
  mutating func add(_ place: Int, _ row: [String?]) { tables[place].rows.append(row) }

  var count: Int { tables.reduce(0) { $0 + $1.rows.count } }
}
