import CLibPQ
package import Diagnostics

/// One session with a PostgreSQL server, through libpq.
///
/// Every call blocks until the server has answered. A connection belongs to one thread at a time;
/// only its `cancelToken` may be used from another. It is closed when the last reference goes.
package final class Connection {
  let handle: OpaquePointer
  /// Told of notices and warnings; without it they are swallowed. Only the primary message is given.
  package var onNotice: ((PostgresError) -> Void)?
  /// Interrupts this session's statement from any thread.
  package let cancelToken: CancelToken
  /// Statements that the server keeps for this session, by their text.
  var prepared: [String: String] = [:]

  /// Opens a session.
  ///
  /// - Parameters:
  ///   - conninfo: A libpq URI or keyword string, may be empty. libpq's environment variables,
  ///     service file and password file are honoured.
  ///   - application: Shown as `application_name` in `pg_stat_activity`.
  /// - Throws: `.unavailable` with host, port, database and user (never the password),
  ///   `.configuration` when the string cannot be read.
  package init(
    _ conninfo: String, application: String = "yearbook",
    settings: SessionSettings = SessionSettings()
  ) throws(Diagnostic) {
    let keywords = try ConnectionKeywords.of(conninfo, application: application)
    let opened = keywords.map(\.0).withCStrings { names in
      keywords.map(\.1).withCStrings { values in
        PQconnectdbParams(names.baseAddress, values.baseAddress, 1)
      }
    }
    guard let opened else {
      throw Diagnostic(.unavailable, "libpq is out of memory", isTransient: true)
    }
    guard PQstatus(opened) == CONNECTION_OK, let cancel = CancelToken(opened) else {
      let failure = ConnectionTarget(opened).failure(String(cString: PQerrorMessage(opened)))
      PQfinish(opened)
      throw failure
    }
    handle = opened
    cancelToken = cancel
    PQsetNoticeReceiver(
      opened,
      { context, result in
        guard let context else { return }
        Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().notice(result)
      }, Unmanaged.passUnretained(self).toOpaque())
    try apply(settings)
  }

  deinit { PQfinish(handle) }

  /// The server's version: 150004 is 15.4.
  package var serverVersion: Int { Int(PQserverVersion(handle)) }

  /// Whether the session is still usable, as far as the client has noticed.
  package var isOpen: Bool { PQstatus(handle) == CONNECTION_OK }

  /// Host, port, database and user, for messages; never a password.
  package var target: String { ConnectionTarget(handle).description }

  /// Runs one or several statements and returns how many rows the last one touched.
  @discardableResult
  package func execute(_ sql: String) throws(Diagnostic) -> Int {
    try refuseNUL(sql)
    cancelToken.reset()
    let result = try check(PQexec(handle, sql), expecting: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
    return result.affectedRows
  }

  /// Runs exactly one statement with parameters `$1`, `$2` … given as text; `nil` is NULL.
  @discardableResult
  package func query(_ sql: String, _ parameters: [String?] = []) throws(Diagnostic) -> Rows {
    try refuseNUL(sql)
    for case let parameter? in parameters { try refuseNUL(parameter) }
    cancelToken.reset()
    let answer = parameters.withCStrings { values in
      PQexecParams(
        handle, sql, Int32(values.count), nil, values.baseAddress, nil, nil, 0)
    }
    return Rows(try check(answer, expecting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK]))
  }

  /// Like `query`, for a statement that is run many times: the server reads and plans it once a session.
  @discardableResult
  package func queryPrepared(
    _ sql: String, _ parameters: [String?] = []
  ) throws(Diagnostic) -> Rows {
    for case let parameter? in parameters { try refuseNUL(parameter) }
    cancelToken.reset()
    let name: String
    if let known = prepared[sql] {
      name = known
    } else {
      try refuseNUL(sql)
      name = "s\(prepared.count)"
      _ = try check(PQprepare(handle, name, sql, 0, nil), expecting: [PGRES_COMMAND_OK])
      prepared[sql] = name
    }
    let answer = parameters.withCStrings { values in
      PQexecPrepared(handle, name, Int32(values.count), values.baseAddress, nil, nil, 0)
    }
    return Rows(try check(answer, expecting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK]))
  }

  private func apply(_ settings: SessionSettings) throws(Diagnostic) {
    let calls = settings.values.map { setting in
      "set_config(\(Quoting.literal(setting.name)), \(Quoting.literal(setting.value)), false)"
    }
    try execute("SELECT " + calls.joined(separator: ", "))
  }

  private func notice(_ result: OpaquePointer?) {
    guard let onNotice, let notice = PostgresError(result: result) else { return }
    onNotice(notice)
  }
}

extension Connection {
  /// Takes ownership of a result and throws the server's error if it is none of `statuses`.
  func check(
    _ pointer: OpaquePointer?, expecting statuses: [ExecStatusType]
  ) throws(Diagnostic) -> ResultHandle {
    guard let pointer else { throw lost() }
    let result = ResultHandle(pointer)
    let status = PQresultStatus(pointer)
    if statuses.contains(status) { return result }
    if let error = PostgresError(result: pointer) {
      var diagnostic = error.diagnostic(wasCancelled: cancelToken.wasUsed)
      if error.sqlState == "42501", let role = PQuser(handle), let database = PQdb(handle) {
        diagnostic.hint =
          "the role '\(String(cString: role))' lacks this right in the database"
          + " '\(String(cString: database))': give it, or connect as another one"
      }
      throw diagnostic
    }
    switch status {
    case PGRES_EMPTY_QUERY:
      throw Diagnostic(.configuration, "the statement is empty")
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      abandonCopy()
      throw Diagnostic(.bug, "a COPY was sent as an ordinary statement")
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      throw Diagnostic(.bug, "the statement is no COPY of the kind that was asked for")
    default:
      throw lost()
    }
  }

  /// The diagnostic of a session that broke without an answer from the server.
  func lost() -> Diagnostic {
    let target = ConnectionTarget(handle)
    let reason = target.scrubbed(String(cString: PQerrorMessage(handle)))
    return Diagnostic(
      .unavailable, "the connection to PostgreSQL (\(target.description)) was lost: \(reason)",
      hint: "run again; what was done is kept", isTransient: true)
  }

  func refuseNUL(_ text: String) throws(Diagnostic) {
    if text.utf8.contains(0) {
      throw Diagnostic(.data, "a text for PostgreSQL holds the character NUL")
    }
  }
}

extension [String] {
  /// The strings as a NULL-terminated array of C strings, valid inside `body`.
  func withCStrings<R>(
    _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) throws -> R
  ) rethrows -> R {
    try map(Optional.some).withCStrings(body)
  }
}

extension [String?] {
  /// The strings as C strings, `nil` as NULL, with one more NULL behind the last; `count` of the
  /// buffer is that of the array.
  func withCStrings<R>(
    _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) throws -> R
  ) rethrows -> R {
    var bytes: [CChar] = []
    var offsets: [Int?] = []
    for case let string in self {
      guard let string else {
        offsets.append(nil)
        continue
      }
      offsets.append(bytes.count)
      bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
      bytes.append(0)
    }
    return try bytes.withUnsafeBufferPointer { buffer in
      let pointers = offsets.map { offset in offset.flatMap { buffer.baseAddress?.advanced(by: $0) }
      }
      return try (pointers + [nil]).withUnsafeBufferPointer { all in
        try body(UnsafeBufferPointer(rebasing: all[..<count]))
      }
    }
  }
}
