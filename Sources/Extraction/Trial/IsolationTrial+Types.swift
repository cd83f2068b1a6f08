import Diagnostics
import Pipelines
import Postgres

extension IsolationTrial {
  /// The faults of the query of tenants. The source has executed it, as it only reads.
  func tenantFaults(_ pipeline: Pipeline) throws -> [Diagnostic] {
    guard let query = catalog.tenancy.query else { return [] }
    var pseudo = pipeline
    pseudo.scope = .platform
    pseudo.extract.preludes = []
    pseudo.extract.queries = [query]
    let reading = try reading(of: pseudo, timeZone: "UTC")
    return PipelineRules(
      pipeline: pseudo, catalog: catalog, reading: reading, schema: Self.schema
    ).tenantFaults()
  }

  /// An error about types, with the columns that the file reads and that are seen as texts, because
  /// the platform itself defines their types.
  func explained(_ error: Diagnostic, _ extract: ExtractSpec) -> Diagnostic {
    guard let server = error.underlying as? PostgresError,
      // Undefined function, mismatched types, ambiguous function, cannot coerce.
      ["42883", "42804", "42725", "42846"].contains(server.sqlState),
      let sql = extract.preludes.first(where: { $0.file == error.subject.file })?.sql
        ?? extract.queries.first(where: { $0.file == error.subject.file })?.sql
    else { return error }
    let text = Array(sql.lowercased().utf8)
    let columns = catalog.tables.filter { text.containsRun(Array($0.name.lowercased().utf8)) }
      .flatMap { table in
        table.columns.filter { $0.isOwnType && text.containsRun(Array($0.name.lowercased().utf8)) }
          .map { "\(table.name).\($0.name) (\($0.declared))" }
      }
    guard !columns.isEmpty else { return error }
    var explained = error
    explained.hint =
      "the platform defines the types of \(columns.joined(separator: ", ")): queries see such"
      + " columns as texts"
    return explained
  }
}
