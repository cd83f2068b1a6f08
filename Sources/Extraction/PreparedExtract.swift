import Diagnostics
import Pipelines
import Postgres

/// The queries of one pipeline, prepared for a session: executed for one tenant at a time, they see
/// the rows of this tenant alone.
struct PreparedExtract: Sendable {
  struct Query: Sendable {
    var name: String
    /// Without `tenant_id`.
    var columns: [Dataset.Column]
  }

  let queries: [Query]
  let statement: PreparedStatement

  /// Prepares the queries as one statement.
  ///
  /// Throws the error of the first query that PostgreSQL does not accept, with its place.
  init(_ text: ExtractStatement, on connection: Connection) throws(Diagnostic) {
    var columns: [[Column]] = []
    for query in text.extract.queries {
      let unordered = text.unordered(query)
      do throws(Diagnostic) {
        let found = try connection.describe(unordered.sql, parameters: text.parameterCount)
        if let fault = QueryRules.faults(in: found, of: query, idType: text.idType).first {
          throw fault
        }
        columns.append(Array(found.dropFirst()))
      } catch {
        throw unordered.located(error)
      }
    }
    queries = zip(text.extract.queries, columns).map { query, columns in
      Query(name: query.name, columns: columns.map(Dataset.Column.init))
    }
    let combined = text.combined(columns)
    do throws(Diagnostic) {
      statement = try connection.prepare(combined.sql, parameters: text.parameterCount)
    } catch {
      throw combined.located(error)
    }
  }
}
