/// The settings of every session, sent right after it is opened.
///
/// Text that PostgreSQL prints must depend on the data alone. So the settings that change how
/// values are printed (`TimeZone` UTC, `DateStyle` ISO, `IntervalStyle` iso_8601,
/// `extra_float_digits`, `bytea_output`) are always set. The caller cannot choose them.
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
      ("TimeZone", "UTC"),
      ("DateStyle", "ISO, YMD"),
      ("IntervalStyle", "iso_8601"),
      ("extra_float_digits", "1"),
      ("bytea_output", "hex"),
      ("standard_conforming_strings", "on"),
      ("client_min_messages", "warning"),
      ("statement_timeout", String(statementTimeout)),
      ("lock_timeout", String(lockTimeout)),
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
}
