import CLibPQ
package import Diagnostics

/// A column of a statement's result.
package struct Column: Hashable, Sendable {
  package var name: String
  /// The type's name without modifiers: `text`, `varchar`, `integer`, `timestamptz`, `app.mood`.
  package var typeName: String
  /// The type's object identifier on this server.
  package var oid: UInt32

  /// A column with these properties.
  package init(name: String, typeName: String, oid: UInt32) {
    self.name = name
    self.typeName = typeName
    self.oid = oid
  }
}

extension Connection {
  /// Prepares a statement without running it and returns the columns of its result. A statement
  /// that returns no rows has no columns.
  ///
  /// The server accepts exactly one statement here, whatever quotes and comments the text contains.
  package func describe(_ sql: String, parameters: Int = 0) throws(Diagnostic) -> [Column] {
    try refuseNUL(sql)
    cancelToken.reset()
    _ = try check(PQprepare(handle, "", sql, 0, nil), expecting: [PGRES_COMMAND_OK])
    return try columns(of: "", parameters: parameters)
  }

  /// The columns of a prepared statement, which must have this number of parameters.
  func columns(of prepared: String, parameters: Int) throws(Diagnostic) -> [Column] {
    let result = try check(PQdescribePrepared(handle, prepared), expecting: [PGRES_COMMAND_OK])
    guard PQnparams(result.pointer) == parameters else {
      throw Diagnostic(
        .configuration, "the statement has parameters ($1), but no parameters are given here")
    }
    var columns = (0..<PQnfields(result.pointer)).map { index in
      let oid = PQftype(result.pointer, index)
      return Column(
        name: String(cString: PQfname(result.pointer, index)),
        typeName: Self.typeNames[oid] ?? "", oid: oid)
    }
    let unknown = Set(columns.filter(\.typeName.isEmpty).map(\.oid)).sorted()
    guard !unknown.isEmpty else { return columns }
    let list = unknown.map(String.init).joined(separator: ",")
    var names: [UInt32: String] = [:]
    for row in try query(
      "SELECT oid, pg_catalog.format_type(oid, NULL) AS name FROM pg_catalog.pg_type"
        + " WHERE oid = ANY (ARRAY[\(list)]::pg_catalog.oid[])")
    {
      names[UInt32(try row.int("oid"))] = try row.string("name")
    }
    for index in columns.indices where columns[index].typeName.isEmpty {
      columns[index].typeName = names[columns[index].oid] ?? "unknown"
    }
    return columns
  }

  /// The identifiers of built-in types never change (PostgreSQL's `pg_type.dat`).
  private static let typeNames: [UInt32: String] = [
    16: "boolean", 17: "bytea", 18: "\"char\"", 19: "name", 20: "bigint", 21: "smallint",
    23: "integer", 25: "text", 26: "oid", 114: "json", 700: "real", 701: "double precision",
    1042: "char", 1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp",
    1184: "timestamptz", 1186: "interval", 1700: "numeric", 2950: "uuid", 3802: "jsonb",
  ]
}
