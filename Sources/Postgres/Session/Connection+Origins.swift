import CLibPQ
package import Diagnostics

/// A column of a statement's result, with the column of a table that its values are.
package struct OriginColumn: Sendable {
  package var column: Column
  /// `nil` for the value of an expression, and for a union.
  package var origin: (table: String, column: String)?
}

extension Connection {
  /// The columns of a statement's result, without running it, and where they come from.
  ///
  /// The server itself follows a column through sub-queries, common table expressions and joins: it
  /// says so in the description of the result (`RowDescription`).
  package func origins(_ sql: String) throws(Diagnostic) -> [OriginColumn] {
    let columns = try describe(sql)
    let result = try check(PQdescribePrepared(handle, ""), expecting: [PGRES_COMMAND_OK])
    let places = columns.indices.map { index in
      (PQftable(result.pointer, Int32(index)), PQftablecol(result.pointer, Int32(index)))
    }
    var found: [OriginColumn] = []
    for (column, (table, number)) in zip(columns, places) {
      var origin: (table: String, column: String)?
      if table != 0, number > 0 {
        let row = try query(
          "SELECT c.relname AS table_name, a.attname AS column_name FROM pg_catalog.pg_class c"
            + " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
            + " WHERE c.oid = $1::pg_catalog.oid AND a.attnum = $2::int",
          [String(table), String(number)]
        ).first
        origin = try row.map { row throws(Diagnostic) in
          (try row.string("table_name"), try row.string("column_name"))
        }
      }
      found.append(OriginColumn(column: column, origin: origin))
    }
    return found
  }
}
