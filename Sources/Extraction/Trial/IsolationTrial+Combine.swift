import Diagnostics
import Pipelines
import Postgres

/// The statements that make one dataset of what several shards have.
extension IsolationTrial {
  /// Holds the statements against the rules, and runs each on the rows of tenants of the trial.
  ///
  /// Such a statement sees one tenant's rows of one query. No other table has a name for it, and a
  /// name with its schema is refused.
  ///
  /// - Parameter own: the rows of tenants that are alone, world by world.
  /// - Returns: The columns that the statements give, and orders that are not unique.
  /// - Throws: `Diagnostics` with every fault found.
  func combine(
    _ pipeline: Pipeline, _ read: QueryReading, _ own: [Rows]
  ) throws -> (types: [String: [Dataset.Column]], ties: [Diagnostic]) {
    var types: [String: [Dataset.Column]] = [:]
    var ties: [Diagnostic] = []
    var faults: [Diagnostic] = []
    let files = read.files.filter { $0.query != nil }
    for (place, file) in files.enumerated() {
      guard let query = file.query, let combine = query.combine else { continue }
      // Rows of all tenants together begin with their tenant's id.
      let isTogether = pipeline.scope == .platform
      let columns = file.columns.dropFirst(isTogether ? 0 : 1).map(Dataset.Column.init)
      do {
        faults += try scratch { try ruleFaults(pipeline, query, combine, columns) }
        guard faults.isEmpty else { continue }
        try scratch {
          try record.execute("SET LOCAL search_path = pg_catalog, pg_temp")
          try record.execute(ShardCombiner.table(query, columns))
          types[query.name] = try ShardCombiner.columns(of: combine, on: record)
            .map(Dataset.Column.init)
          for world in isTogether ? [] : own {
            if let tie = try rows(world[place] ?? [], query, combine) { ties.append(tie) }
          }
        }
      } catch let error as Diagnostic {
        faults.append(error)
      } catch let error as Diagnostics {
        faults += error.all
      }
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
    return (types, ties)
  }

  private func ruleFaults(
    _ pipeline: Pipeline, _ query: ExtractSpec.Query, _ combine: ExtractSpec.Combine,
    _ columns: [Dataset.Column]
  ) throws -> [Diagnostic] {
    let table = columns.map { column in
      "\(Quoting.identifier(column.name)) \(column.type == "char" ? "bpchar" : column.type)"
    }
    try record.execute(
      "CREATE TABLE \(Quoting.identifier(query.name)) (\(table.joined(separator: ", ")))")
    var pseudo = pipeline
    pseudo.scope = .platform
    pseudo.extract = ExtractSpec(
      preludes: [],
      queries: [
        ExtractSpec.Query(
          name: query.name, file: combine.file, sql: combine.sql, order: combine.order)
      ])
    return PipelineRules(
      pipeline: pseudo, catalog: SourceCatalog(tables: []),
      reading: try QueryReading(pseudo.extract, on: record, schema: Self.schema),
      schema: Self.schema
    ).tenantFaults()
  }

  /// Runs the statement on a tenant's rows, and gives the fault of an order that is not unique.
  private func rows(
    _ lines: [[UInt8]], _ query: ExtractSpec.Query, _ combine: ExtractSpec.Combine
  ) throws -> Diagnostic? {
    let table = "pg_temp." + Quoting.identifier(query.name)
    try record.execute("TRUNCATE \(table)")
    try record.copyIn("COPY \(table) FROM STDIN") { writer in
      for line in lines {
        for value in DatasetRows.values(of: line) {
          if let value { writer.field(utf8: value) } else { writer.field(nil) }
        }
        try writer.endRow()
      }
    }
    let key = combine.order.map { Quoting.identifier($0.column) }
    var text = ExtractStatement.Text()
    text.file = combine.file
    text.sql =
      "SELECT count(*) AS n FROM (SELECT \(key.isEmpty ? "1" : key.joined(separator: ", ")) FROM (\n"
    text.add(combine.sql, of: combine.file)
    text.sql +=
      "\n) q GROUP BY \(key.isEmpty ? "()" : key.joined(separator: ", ")) HAVING count(*) > 1) q"
    do throws(Diagnostic) {
      guard try record.query(text.sql).only().int("n") > 0 else { return nil }
    } catch {
      throw text.located(error)
    }
    return Diagnostic(
      .configuration,
      key.isEmpty
        ? "the statement has no order, and more than one row"
        : "the order is not unique: different rows have the same"
          + " \(combine.order.map(\.column).joined(separator: ", "))",
      at: .init(file: combine.file),
      hint:
        "add columns to the query's 'order' in pipeline.yaml that tell the rows apart, such as id")
  }
}
