import CLibPQ
import Diagnostics

/// PostgreSQL's error for a failed statement: the `underlying` error of a `Diagnostic`.
///
/// Only the primary message is kept. Detail, hint and context can quote rows and parameters, which
/// belong to tenants.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Five characters, listed in PostgreSQL's appendix "Error Codes".
  package var sqlState: String
  /// `ERROR`, `FATAL` or `PANIC`, never translated.
  package var severity: String
  /// The primary message, without values from the data.
  package var message: String
  /// The place in the statement, in characters counted from one.
  package var position: Int?

  /// An error with these properties.
  package init(sqlState: String, severity: String, message: String, position: Int? = nil) {
    self.sqlState = sqlState
    self.severity = severity
    self.message = message
    self.position = position
  }

  package var description: String { "\(message) (SQLSTATE \(sqlState))" }
}

extension PostgresError {
  /// The first two characters of the SQLSTATE.
  var sqlClass: Substring { sqlState.prefix(2) }

  /// Whether the same statement can succeed on another try: after a lost connection, a deadlock, a
  /// serialisation failure, exhausted resources, or while the server stops or starts.
  package var isTransient: Bool {
    ["08", "53"].contains(sqlClass) || ["40001", "40P01"].contains(sqlState)
      || sqlState.hasPrefix("57P0")
  }

  var code: Diagnostic.Code {
    switch sqlClass {
    case "08", "28", "40", "57": return .unavailable
    case "53": return sqlState == "53100" ? .io : .unavailable
    case "55": return sqlState == "55P03" ? .busy : .configuration
    case "58": return .io
    case "0A", "25", "26", "34", "3B", "3D", "3F", "42", "54": return .configuration
    case "XX": return .unavailable
    default: return .data
    }
  }

  /// The error as the rest of the program sees it.
  func diagnostic(wasCancelled: Bool = false) -> Diagnostic {
    if sqlState == "57014" {
      if wasCancelled {
        return Diagnostic(.interrupted, "the statement was cancelled", underlying: self)
      }
      return Diagnostic(
        .unavailable, "PostgreSQL: \(description)",
        hint: "the statement took longer than the session's statement_timeout", underlying: self)
    }
    return Diagnostic(
      code, "PostgreSQL: \(description)", hint: hint, underlying: self, isTransient: isTransient)
  }

  private var hint: String? {
    switch sqlState {
    case "42501": "grant the role this right, or connect as another role"
    case "42P01", "3F000": "check the name; without a schema it is looked up in the configured one"
    case "53300": "the server has no free connections: use fewer jobs, or raise max_connections"
    case "53100": "free some space on the database server"
    default: nil
    }
  }

  /// Reads the error fields of a failed result; `nil` if the server sent none.
  init?(result: OpaquePointer?) {
    func field(_ code: Int32) -> String? {
      PQresultErrorField(result, code).map { String(cString: $0) }
    }
    guard let sqlState = field(yb_pg_diag_sqlstate()) else { return nil }
    self.init(
      sqlState: sqlState,
      severity: field(yb_pg_diag_severity()) ?? "ERROR",
      message: Self.withoutData(field(yb_pg_diag_message()) ?? "", sqlState: sqlState),
      position: field(yb_pg_diag_position()).flatMap { Int($0) })
  }

  /// Data exceptions and raised errors quote the wrong value, which can be a tenant's text. Quoted
  /// parts are removed from them. A translated message can quote in other ways, so a message that
  /// is not plain ASCII is replaced completely.
  static func withoutData(_ message: String, sqlState: String) -> String {
    guard sqlState.hasPrefix("22") || sqlState.hasPrefix("P0") else { return message }
    guard message.utf8.allSatisfy({ $0 < 0x80 }) else { return "a value is not valid" }
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    // A value can contain quotation marks, so all between the first and the last one is removed.
    guard let first = parts.first, let last = parts.last, parts.count > 1 else { return message }
    return "\(first)\"…\"\(last)"
  }
}
