/// What every session is told right after it is opened.
///
/// Text that PostgreSQL prints must depend on the data alone, so the settings that change how values
/// are printed (`TimeZone` UTC, `DateStyle` ISO, `IntervalStyle` iso_8601, `extra_float_digits`,
/// `bytea_output`) are always set and cannot be chosen.
package struct SessionSettings: Hashable, Sendable {
  /// The schemas in which names without a schema are looked up; empty leaves the server's default.
  package var searchPath: [String]
  /// How long one statement may take, in milliseconds; 0 is no limit.
  package var statementTimeout: Int
  /// How long a statement may wait for a lock, in milliseconds; 0 is no limit.
  package var lockTimeout: Int
  /// Whether every transaction of the session is read-only unless it says otherwise.
  package var isReadOnly: Bool

  package init(
    searchPath: [String] = [], statementTimeout: Int = 0, lockTimeout: Int = 0,
    isReadOnly: Bool = false
  ) {
    self.searchPath = searchPath
    self.statementTimeout = statementTimeout
    self.lockTimeout = lockTimeout
    self.isReadOnly = isReadOnly
  }

  /// Names and values in the order they are set.
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
      // Compiling a statement costs more than these ever gain by it.
      ("jit", "off"),
    ]
    // What is only read is read by a tenant's index, out of memory or from a disk without a head to move.
    if isReadOnly { values.append(("random_page_cost", "1.1")) }
    if !searchPath.isEmpty {
      let path = searchPath.map(Quoting.identifier).joined(separator: ", ")
      values.append(("search_path", path))
    }
    return values.map { (name: $0.0, value: $0.1) }
  }
}
