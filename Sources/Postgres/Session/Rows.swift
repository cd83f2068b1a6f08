import CLibPQ
package import Diagnostics

/// Owns a libpq result.
final class ResultHandle {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }

  var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }
}

/// The rows that a statement returned, all in memory.
package struct Rows: RandomAccessCollection {
  private let result: ResultHandle
  private let columns: [String: Int32]
  /// The column names, in order.
  package let names: [String]

  init(_ result: ResultHandle) {
    self.result = result
    let names = (0..<PQnfields(result.pointer)).map { column in
      String(cString: PQfname(result.pointer, column))
    }
    self.names = names
    columns = Dictionary(
      names.indices.map { (names[$0], Int32($0)) }, uniquingKeysWith: { first, _ in first })
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { Int(PQntuples(result.pointer)) }
  /// The row at `position`.
  package subscript(position: Int) -> Row {
    precondition(indices.contains(position), "the row does not exist")
    return Row(rows: self, index: Int32(position))
  }

  /// How many rows an INSERT, UPDATE or DELETE changed, or a SELECT returned.
  package var affected: Int { result.affectedRows }

  /// The only row. Throws `.bug` if there is not exactly one.
  package func only() throws(Diagnostic) -> Row {
    guard count == 1 else {
      throw Diagnostic(.bug, "a statement returned \(count) rows instead of one")
    }
    return self[0]
  }

  func column(_ name: String) throws(Diagnostic) -> Int32 {
    guard let column = columns[name] else {
      throw Diagnostic(.bug, "a statement's result has no column “\(name)”")
    }
    return column
  }

  func bytes(row: Int32, column: Int32) -> UnsafeBufferPointer<UInt8>? {
    guard PQgetisnull(result.pointer, row, column) == 0,
      let value = PQgetvalue(result.pointer, row, column)
    else { return nil }
    let count = Int(PQgetlength(result.pointer, row, column))
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: count)
  }
}

/// One row of a result. A wrong column name or type is a bug in the caller, and throws `.bug`.
package struct Row {
  private let rows: Rows
  private let index: Int32

  init(rows: Rows, index: Int32) {
    self.rows = rows
    self.index = index
  }

  /// The text of a column; `nil` for NULL.
  package func optionalString(_ column: String) throws(Diagnostic) -> String? {
    let column = try rows.column(column)
    return rows.bytes(row: index, column: column).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The text of a column that is not NULL.
  package func string(_ column: String) throws(Diagnostic) -> String {
    guard let value = try optionalString(column) else { throw isNull(column) }
    return value
  }

  /// An integer of any width; `nil` for NULL.
  package func optionalInt(_ column: String) throws(Diagnostic) -> Int? {
    guard let text = try optionalString(column) else { return nil }
    guard let value = Int(text) else { throw isNot("an integer", column) }
    return value
  }

  /// An integer of any width that is not NULL.
  package func int(_ column: String) throws(Diagnostic) -> Int {
    guard let value = try optionalInt(column) else { throw isNull(column) }
    return value
  }

  /// A boolean; `nil` for NULL.
  package func optionalBool(_ column: String) throws(Diagnostic) -> Bool? {
    switch try optionalString(column) {
    case nil: return nil
    case "t": return true
    case "f": return false
    default: throw isNot("a boolean", column)
    }
  }

  /// A boolean that is not NULL.
  package func bool(_ column: String) throws(Diagnostic) -> Bool {
    guard let value = try optionalBool(column) else { throw isNull(column) }
    return value
  }

  /// All values, in column order.
  package var values: [String?] {
    (0..<Int32(rows.names.count)).map { column in
      rows.bytes(row: index, column: column).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private func isNull(_ column: String) -> Diagnostic {
    Diagnostic(.bug, "a statement's column “\(column)” is NULL where a value was expected")
  }

  private func isNot(_ kind: String, _ column: String) -> Diagnostic {
    Diagnostic(.bug, "a statement's column “\(column)” is not \(kind)")
  }
}
