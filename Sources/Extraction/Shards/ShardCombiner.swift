import Basics
package import Diagnostics
package import Pipelines
import Postgres

/// Makes one dataset of the rows that shards have of one query by a statement of the pipeline, in
/// the record's database: sums of sums, distinct counts, percentiles.
///
/// The rows of one tenant are in a temporary table of the query's name. The statement sees nothing
/// else: no other name of a table is known, and a name with a schema was refused by the trial.
package struct ShardCombiner {
  private let connection: Connection

  /// - Parameter conninfo: the record's database. The session is the combiner's alone.
  package init(_ conninfo: String, statementSeconds: Int = 0) throws(Diagnostic) {
    connection = try Connection(
      conninfo, application: "yearbook combine",
      settings: SessionSettings(
        searchPath: ["pg_catalog", "pg_temp"], statementTimeout: statementSeconds * 1000))
  }

  /// - Parameter connection: a session whose search path ends in `pg_temp`.
  init(_ connection: Connection) { self.connection = connection }

  /// What of the server decides how rows are compared, ordered and printed.
  package func server() throws(Diagnostic) -> String {
    try connection.query(Fingerprinter.server, [nil]).only().string("server")
  }

  /// Loads the parts and runs the query's statement.
  ///
  /// - Throws: `data` if two parts have a row with the same key, if the query has a key;
  ///   `configuration` with the place in the file for a statement that PostgreSQL does not accept.
  package func run(
    _ query: ExtractSpec.Query, _ parts: [ShardPart], into writer: any DatasetWriter
  ) throws -> Dataset {
    guard let combine = query.combine, let columns = parts.first?.dataset.columns else {
      throw Diagnostic(.bug, "the query '\(query.name)' has nothing to combine")
    }
    guard parts.allSatisfy({ $0.dataset.columns == columns }) else {
      throw Diagnostic(
        .configuration, "the query '\(query.name)' has other columns on another shard",
        at: .init(file: query.file), hint: "the shards' tables must be the same")
    }
    return try connection.transaction { () throws -> Dataset in
      try connection.execute(Self.table(query, columns))
      for part in parts { try load(part.dataset, into: query.name) }
      try refuseTwice(query, parts)
      let made = try Self.columns(of: combine, on: connection)
      let text = Self.ordered(combine, by: made)
      let columns = made.map { Dataset.Column(name: $0.name, type: $0.typeName) }
      let dataset = TogetherDataset(name: query.name, columns: columns, writer: writer)
      do {
        // Its first value is what rows of all tenants begin with.
        try connection.copyOut("COPY (\(text.sql)) TO STDOUT (FORMAT csv)", row: dataset.add)
      } catch let error as Diagnostic {
        throw text.located(error)
      }
      let outcome = try dataset.finish()
      try connection.execute("DROP TABLE pg_temp.\(Quoting.identifier(query.name))")
      return outcome
    }
  }

  private func load(_ dataset: Dataset, into table: String) throws {
    let rows = try DatasetRows(dataset)
    try connection.copyIn("COPY pg_temp.\(Quoting.identifier(table)) FROM STDIN") { writer in
      while let row = try rows.next() {
        for value in row.values {
          if let value { writer.field(utf8: value) } else { writer.field(nil) }
        }
        try writer.endRow()
      }
    }
  }

  private func refuseTwice(_ query: ExtractSpec.Query, _ parts: [ShardPart]) throws(Diagnostic) {
    guard !query.order.isEmpty, parts.count > 1 else { return }
    let key = query.order.map { Quoting.identifier($0.column) }.joined(separator: ", ")
    let found = try connection.query(
      "SELECT 1 FROM pg_temp.\(Quoting.identifier(query.name)) GROUP BY \(key) HAVING count(*) > 1"
        + " LIMIT 1")
    if found.isEmpty { return }
    throw Diagnostic(
      .data,
      "two shards have a row of the query '\(query.name)' with the same"
        + " \(query.order.map(\.column).joined(separator: ", "))",
      at: .init(file: query.file),
      hint: "a row that is being moved is on both: retry when it has moved")
  }

  // MARK: - Statements

  /// The statement that makes the empty table of a query's rows.
  static func table(_ query: ExtractSpec.Query, _ columns: [Dataset.Column]) -> String {
    let columns = columns.map { column in
      // A `char` without a length would be one of a single letter.
      "\(Quoting.identifier(column.name)) \(column.type == "char" ? "bpchar" : column.type)"
    }
    return "CREATE TEMPORARY TABLE \(Quoting.identifier(query.name))"
      + " (\(columns.joined(separator: ", "))) ON COMMIT DROP"
  }

  /// The columns of what a pipeline's statement gives.
  static func columns(
    of combine: ExtractSpec.Combine, on connection: Connection
  ) throws(Diagnostic) -> [Column] {
    var text = ExtractStatement.Text()
    text.file = combine.file
    text.sql = "SELECT q.* FROM (\n"
    text.add(combine.sql, of: combine.file)
    text.sql += "\n) q"
    let columns: [Column]
    do throws(Diagnostic) {
      columns = try connection.describe(text.sql)
    } catch {
      throw text.located(error)
    }
    if let fault = QueryRules.faults(in: columns, ofCombined: combine).first { throw fault }
    return columns
  }

  /// The statement with its order. Its first column is empty, as for rows of all tenants together.
  private static func ordered(
    _ combine: ExtractSpec.Combine, by columns: [Column]
  ) -> ExtractStatement.Text {
    var text = ExtractStatement.Text()
    text.file = combine.file
    let values = columns.map { ExtractStatement.value(of: $0) }
    text.sql = "SELECT NULL::text, \(values.joined(separator: ", ")) FROM (\n"
    text.add(combine.sql, of: combine.file)
    text.sql += "\n) q"
    let terms = ExtractStatement.terms(of: combine.order, columns)
    if !terms.isEmpty {
      text.sql += "\nORDER BY \(terms.map { "q." + $0 }.joined(separator: ", "))"
    }
    return text
  }
}
