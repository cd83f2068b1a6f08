import Diagnostics

// What poolers say. PgBouncer's messages are never translated, and almost all of them have the
// SQLSTATE 08P01, so only their words tell them apart.
extension PostgresError {
  /// Words of a pooler's message that no later try changes, and what to do about them.
  private static let poolerFaults: [(words: [String], hint: String)] = [
    (
      ["unsupported startup parameter"],
      "the pooler does not pass this parameter on: remove options=… from the connection string and"
        + " PGOPTIONS from the environment, or name the parameter in PgBouncer's"
        + " ignore_startup_parameters"
    ),
    (
      ["statement pooling mode"],
      "Yearbook needs one server process per session: set pool_mode = session, or connect to"
        + " PostgreSQL itself"
    ),
    (
      ["query timeout"],
      "raise query_timeout in PgBouncer, or connect to PostgreSQL itself"
    ),
    (
      [
        "no such database", "no such user", "authentication failed", "login rejected",
        "SSL required",
        "bouncer config error", "not allowed", "auth_query",
      ],
      "check the database, the user and the password, and what the pooler's configuration and its"
        + " auth_file say of them"
    ),
  ]

  /// Words of a pooler that passes on what it met itself: it tries again, and so can we.
  private static let poolerTroubles = [
    "server login", "server_login_retry", "no more connections allowed", "query_wait_timeout",
    "client_login_timeout",
  ]

  private var poolerFault: (words: [String], hint: String)? {
    guard sqlState == "08P01" || sqlState == "08004",
      !Self.poolerTroubles.contains(where: message.contains)
    else { return nil }
    return Self.poolerFaults.first { $0.words.contains(where: message.contains) }
  }

  /// Whether a pooler refused for a reason that does not pass.
  var isPoolerRefusal: Bool { poolerFault != nil }

  /// What to do about a pooler's message; `nil` if it is none, or passes by itself.
  var poolerHint: String? {
    if sqlState == "08P01", message.contains("query_wait_timeout") {
      return "the pooler had no free server connection in time: raise its pool_size to at least"
        + " \(SessionPooling.sessionsOfRun) for each run"
    }
    return poolerFault?.hint
  }
}
