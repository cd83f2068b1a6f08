import CLibPQ
package import Diagnostics

/// A statement that the server has parsed and planned for this session.
package struct PreparedStatement: Sendable {
  let name: String
  /// The columns of its rows.
  package let columns: [Column]
}

/// A row that has just arrived. It is valid only during the call that passes it.
package struct StreamedRow {
  private let result: OpaquePointer

  init(_ result: OpaquePointer) { self.result = result }

  /// The bytes of a column; `nil` for NULL.
  package func bytes(_ column: Int) -> UnsafeBufferPointer<UInt8>? {
    let column = Int32(column)
    guard PQgetisnull(result, 0, column) == 0, let value = PQgetvalue(result, 0, column) else {
      return nil
    }
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self),
      count: Int(PQgetlength(result, 0, column)))
  }

  /// Appends columns as one line of CSV, in the bytes that `COPY … (FORMAT csv)` gives: NULL is
  /// nothing, an empty text is `""`, and a line feed ends the row.
  package func appendCSV(_ columns: Range<Int>, to line: inout [UInt8]) {
    for column in columns {
      if column > columns.lowerBound { line.append(UInt8(ascii: ",")) }
      guard let value = bytes(column) else { continue }
      if !value.isEmpty, !value.contains(where: Self.mustQuote) {
        line.append(contentsOf: value)
        continue
      }
      line.append(UInt8(ascii: "\""))
      for byte in value {
        if byte == UInt8(ascii: "\"") { line.append(byte) }
        line.append(byte)
      }
      line.append(UInt8(ascii: "\""))
    }
    line.append(UInt8(ascii: "\n"))
  }

  private static func mustQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }
}

extension Connection {
  /// Has the server parse and plan a statement with `parameters` parameters, to run many times.
  ///
  /// The server accepts exactly one statement here, whatever quotes and comments the text contains.
  package func prepare(_ sql: String, parameters: Int) throws(Diagnostic) -> PreparedStatement {
    try refuseNUL(sql)
    cancelToken.reset()
    let name = "p\(preparedCount)"
    preparedCount += 1
    _ = try check(PQprepare(handle, name, sql, 0, nil), expecting: [PGRES_COMMAND_OK])
    return PreparedStatement(name: name, columns: try columns(of: name, parameters: parameters))
  }

  /// Makes the server forget a prepared statement, which otherwise stays as long as the session.
  package func forget(_ statement: PreparedStatement) throws(Diagnostic) {
    try execute("DEALLOCATE \(Quoting.identifier(statement.name))")
  }

  /// Runs a prepared statement and passes each row to `row` as it arrives.
  ///
  /// Memory does not grow with the number of rows. If `row` throws, the statement is stopped on the
  /// server, the error is thrown again, and the session stays usable.
  ///
  /// - Throws: A `Diagnostic` if the statement fails or the connection is lost before the end; the
  ///   rows passed so far are then incomplete. Also whatever `row` throws.
  package func stream(
    _ statement: PreparedStatement, _ parameters: [String?], row: (StreamedRow) throws -> Void
  ) throws {
    for case let parameter? in parameters { try refuseNUL(parameter) }
    cancelToken.reset()
    let sent = parameters.withCStrings { values in
      PQsendQueryPrepared(
        handle, statement.name, Int32(values.count), values.baseAddress, nil, nil, 0)
    }
    guard sent == 1, PQsetSingleRowMode(handle) == 1 else { throw lost() }
    var outcome: ResultHandle?
    do {
      while let next = PQgetResult(handle) {
        let result = ResultHandle(next)
        guard PQresultStatus(next) == PGRES_SINGLE_TUPLE else {
          outcome = result
          break
        }
        try row(StreamedRow(next))
      }
    } catch {
      abandonCopy()
      throw error
    }
    drainResults()
    // The end of the stream proves nothing. Only the statement's own result shows that all rows
    // came.
    guard let outcome else { throw lost() }
    _ = try check(outcome, expecting: [PGRES_TUPLES_OK])
    guard isOpen else { throw lost() }
  }
}
