/// The settings of every session, sent right after it is opened.
///
/// A role, a database, the environment, a service file or the server can set others for every
/// session. So all settings that change what a statement means, which rows it sees, how values are
/// printed or how long a session lives are always set. The caller cannot choose them.
package struct SessionSettings: Hashable, Sendable {
  /// The schemas in which names without a schema are looked up. If empty, the server's default
  /// applies.
  package var searchPath: [String]
  /// The longest time for one statement, in milliseconds; 0 is no limit.
  package var statementTimeout: Int
  /// The longest time that a statement waits for a lock, in milliseconds; 0 is no limit.
  package var lockTimeout: Int
  /// Whether transactions of the session are read-only by default.
  package var isReadOnly: Bool

  /// Settings with these values.
  package init(
    searchPath: [String] = [], statementTimeout: Int = 0, lockTimeout: Int = 0,
    isReadOnly: Bool = false
  ) {
    self.searchPath = searchPath
    self.statementTimeout = statementTimeout
    self.lockTimeout = lockTimeout
    self.isReadOnly = isReadOnly
  }

  /// Names and values, in the order in which they are set.
  var values: [(name: String, value: String)] {
    var values = [
      // How values are read and printed.
      ("TimeZone", "UTC"),
      ("timezone_abbreviations", "Default"),
      ("DateStyle", "ISO, YMD"),
      ("IntervalStyle", "iso_8601"),
      ("extra_float_digits", "1"),
      ("bytea_output", "hex"),
      ("lc_monetary", "C"),
      ("lc_numeric", "C"),
      ("lc_time", "C"),
      ("standard_conforming_strings", "on"),
      ("array_nulls", "on"),
      ("transform_null_equals", "off"),
      ("quote_all_identifiers", "off"),
      ("client_min_messages", "warning"),
      // Which rows are seen: all, or it is an error.
      ("row_security", "off"),
      ("gin_fuzzy_search_limit", "0"),
      // How long statements and sessions last. Sessions that hold locks or a snapshot wait while
      // the work is done.
      ("statement_timeout", String(statementTimeout)),
      ("lock_timeout", String(lockTimeout)),
      ("idle_in_transaction_session_timeout", "0"),
      ("default_transaction_isolation", "read committed"),
      ("default_transaction_deferrable", "off"),
      ("default_transaction_read_only", isReadOnly ? "on" : "off"),
      // Compiling these statements costs more time than it saves.
      ("jit", "off"),
    ]
    // Read-only sessions read through tenant indexes, from memory or from solid-state disks.
    if isReadOnly { values.append(("random_page_cost", "1.1")) }
    if !searchPath.isEmpty {
      let path = searchPath.map(Quoting.identifier).joined(separator: ", ")
      values.append(("search_path", path))
    }
    return values.map { (name: $0.0, value: $0.1) }
  }

  /// Time limits that only newer servers know: PostgreSQL 14 and 17. They are set to none where the
  /// server has them.
  static let laterLimits = ["idle_session_timeout", "transaction_timeout"]

  /// The statement that sets all of them, and returns the id of the server's process as `process`.
  var statement: String {
    let calls = values.map { Self.call($0.name, $0.value) }
    let later = Self.laterLimits.map { name in
      "CASE WHEN pg_catalog.current_setting('\(name)', true) IS NOT NULL THEN"
        + " \(Self.call(name, "0")) END"
    }
    return "SELECT pg_catalog.pg_backend_pid() AS process, "
      + (calls + later).joined(separator: ", ")
  }

  private static func call(_ name: String, _ value: String) -> String {
    "pg_catalog.set_config(\(Quoting.literal(name)), \(Quoting.literal(value)), false)"
  }
}
