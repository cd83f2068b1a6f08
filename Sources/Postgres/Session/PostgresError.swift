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

  /// Whether the same statement can succeed on another try: after a lost or ended session, a
  /// deadlock, a serialisation failure, exhausted resources, or while the server stops or starts.
  package var isTransient: Bool {
    switch sqlClass {
    case "08": !isPoolerRefusal
    // 53400 is a limit that somebody has set.
    case "53": sqlState != "53400"
    default: Self.transientStates.contains(sqlState)
    }
  }

  private static let transientStates: Set = [
    // The session's idle_in_transaction_session_timeout, transaction_timeout, idle_session_timeout.
    "25P03", "25P04", "57P05",
    // Serialisation failures and deadlocks; also conflicts with the recovery of a standby.
    "40000", "40001", "40003", "40P01",
    // The server stops, crashed, starts.
    "57P01", "57P02", "57P03",
    // A snapshot is too old. A foreign server does not answer.
    "72000", "HV00N",
  ]

  var code: Diagnostic.Code {
    if isTransient, sqlClass != "53" { return .unavailable }
    switch sqlClass {
    case "28", "40", "57", "XX": return .unavailable
    case "53":
      switch sqlState {
      case "53100": return .io
      case "53400": return .configuration
      default: return .unavailable
      }
    case "55": return sqlState == "55P03" ? .busy : .configuration
    case "58": return .io
    case "08", "0A", "25", "26", "34", "3B", "3D", "3F", "42", "54", "F0", "HV":
      return .configuration
    default: return .data
    }
  }

  /// The error as the rest of the program sees it.
  ///
  /// - Parameters:
  ///   - wasCancelled: whether this program asked the server to stop the statement.
  ///   - isLimited: whether this program limits the time of the session's statements.
  ///   - isReadOnly: whether this program made the session read-only.
  func diagnostic(
    wasCancelled: Bool = false, isLimited: Bool = true, isReadOnly: Bool = true
  ) -> Diagnostic {
    if sqlState == "57014" {
      if wasCancelled {
        return Diagnostic(.interrupted, "the statement was cancelled", underlying: self)
      }
      return Diagnostic(
        .unavailable, "PostgreSQL: \(description)",
        hint: isLimited
          ? "the statement took longer than the session's statement_timeout"
          : "somebody cancelled the statement, or something between here and the server limits its"
            + " time",
        underlying: self)
    }
    if sqlState == "25006", !isReadOnly {
      // After a failover, sessions stay open with the server that is a standby now. New ones go to
      // the primary.
      return Diagnostic(
        .unavailable, "PostgreSQL: \(description)", hint: hint, underlying: self, isTransient: true)
    }
    return Diagnostic(
      code, "PostgreSQL: \(description)", hint: hint, underlying: self, isTransient: isTransient)
  }

  private var hint: String? {
    if let poolerHint { return poolerHint }
    return switch sqlState {
    case "25006":
      "the server is a standby, or read-only: connect to the primary, for example with"
        + " target_session_attrs=read-write"
    case "25P03", "25P04", "57P05":
      "a time limit ended the session, which sets its own to none: look for one in a pooler"
    case "42501": "grant the role this right, or connect as another role"
    case "42P01", "3F000": "check the name; without a schema it is looked up in the configured one"
    case "53300": "the server has no free connections: use fewer jobs, or raise max_connections"
    case "53100": "free some space on the database server"
    case "53400": "raise the limit that the message names, such as temp_file_limit, for this role"
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
