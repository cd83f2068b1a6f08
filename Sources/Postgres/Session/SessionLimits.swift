package import Diagnostics

extension Connection {
  /// The time limits that the server, the database, the role, the environment or the connection
  /// string have for sessions. This session and all others of this program set them to none.
  package func inheritedLimits() throws(Diagnostic) -> String {
    let names =
      ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
      + SessionSettings.laterLimits
    let limits = try query(
      """
      SELECT name || ' ' || reset_val || coalesce(' ' || unit, '') AS text
      FROM pg_catalog.pg_settings WHERE name = ANY ($1::text[]) AND reset_val NOT IN ('0', '-1')
      ORDER BY name COLLATE "C"
      """, [Quoting.array(names)]
    ).map { row throws(Diagnostic) in try row.string("text") }
    return limits.isEmpty
      ? "no time limits"
      : "\(limits.joined(separator: ", ")) for other sessions; Yearbook's have no such limits"
  }

  /// The server's clock: microseconds since 1970.
  package func clock() throws(Diagnostic) -> Int64 {
    Int64(
      try query(
        "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint AS moment"
      ).only().int("moment"))
  }
}
