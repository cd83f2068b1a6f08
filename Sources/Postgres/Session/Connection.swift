import CLibPQ
package import Diagnostics
import Glibc

/// One session with a PostgreSQL server, through libpq.
///
/// Every call blocks until the server answers. Only one thread at a time can use a connection. Only
/// its `cancelToken` can be used from other threads. The connection is closed when its last
/// reference is released.
package final class Connection {
  let handle: OpaquePointer
  /// Called for notices and warnings, with the primary message only. Without it they are discarded.
  package var onNotice: ((PostgresError) -> Void)?
  /// Interrupts this session's statement from any thread.
  package let cancelToken: CancelToken
  /// The names of statements that the server has prepared for this session, by their text.
  var prepared: [String: String] = [:]
  /// How many statements `prepare` has prepared.
  var preparedCount = 0
  /// Whether this program limits the time of statements.
  private let isLimited: Bool
  /// Whether this program made the session read-only.
  private let isReadOnly: Bool
  /// The string that opened it, for another session of the same kind.
  let conninfo: String

  /// Opens a session.
  ///
  /// - Parameters:
  ///   - conninfo: A libpq URI or keyword string; it can be empty. libpq's environment variables,
  ///     service file and password file are used.
  ///   - application: Shown as `application_name` in `pg_stat_activity`.
  ///   - isWithPrimary: Whether only the primary is taken, whatever the string says.
  /// - Throws: `.unavailable` with host, port, database and user (never the password);
  ///   `.configuration` if the string is malformed, if the server refuses the session for a reason
  ///   that does not pass, and behind a pooler that does not keep a session on one server process.
  package convenience init(
    _ conninfo: String, application: String = "yearbook",
    settings: SessionSettings = SessionSettings(), isWithPrimary: Bool = false
  ) throws(Diagnostic) {
    try self.init(alone: conninfo, application, settings, isWithPrimary: isWithPrimary)
    if isPooled { try SessionPooling.require(for: self) }
  }

  /// Opens a session without the question whether a pooler shares it, and without its settings if
  /// they are `nil`.
  init(
    alone conninfo: String, _ application: String, _ settings: SessionSettings?,
    isWithPrimary: Bool = false
  ) throws(Diagnostic) {
    var keywords = try ConnectionKeywords.of(conninfo, application: application)
    // A later keyword overrides an earlier one.
    if isWithPrimary { keywords.append(("target_session_attrs", "primary")) }
    let opened = try ConnectionAttempt.open(keywords)
    guard let cancel = CancelToken(opened) else {
      PQfinish(opened)
      throw Diagnostic(.unavailable, "libpq is out of memory", isTransient: true)
    }
    self.conninfo = conninfo
    isLimited = (settings?.statementTimeout ?? 0) > 0
    isReadOnly = settings?.isReadOnly ?? false
    handle = opened
    cancelToken = cancel
    PQsetNoticeReceiver(
      opened,
      { context, result in
        guard let context else { return }
        Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().notice(result)
      }, Unmanaged.passUnretained(self).toOpaque())
    guard let settings else { return }
    do throws(Diagnostic) {
      let process = try query(settings.statement).only().int("process")
      isPooled = process != Int(PQbackendPID(opened))
    } catch {
      guard (error.underlying as? PostgresError)?.sqlState == "57014" else { throw error }
      var failure = error
      failure.isTransient = true
      failure.hint =
        "the statement_timeout of the role, the database or the server is too short to change it in"
        + " a session: raise it"
      throw failure
    }
  }

  deinit { PQfinish(handle) }

  /// The server's version: 150004 is 15.4.
  package var serverVersion: Int { Int(PQserverVersion(handle)) }

  /// Whether the session is usable, as far as the client knows.
  package var isOpen: Bool { PQstatus(handle) == CONNECTION_OK }

  /// Whether the session is open, and not in a transaction that failed outside of all savepoints.
  package var isUsable: Bool { isOpen && PQtransactionStatus(handle) != PQTRANS_INERROR }

  /// Whether something between here and the server answers for it. A server names its own process
  /// when a session begins; a pooler makes a number up, as it has no process for the session yet.
  private(set) var isPooled = false

  /// Host, port, database and user, for messages; never a password.
  package var target: String { ConnectionTarget(handle).description }

  /// Runs one or several statements and returns how many rows the last one changed or returned.
  @discardableResult
  package func execute(_ sql: String) throws(Diagnostic) -> Int {
    try refuseNUL(sql)
    cancelToken.reset()
    let result = try check(PQexec(handle, sql), expecting: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
    return result.affectedRows
  }

  /// Runs exactly one statement. The parameters `$1`, `$2` … are given as text; `nil` is NULL.
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

  /// Like `query`, for a statement that runs many times: the server parses and plans it once per
  /// session.
  @discardableResult
  package func queryPrepared(
    _ sql: String, _ parameters: [String?] = []
  ) throws(Diagnostic) -> Rows {
    let name = try preparedName(sql, parameters)
    let answer = parameters.withCStrings { values in
      PQexecPrepared(handle, name, Int32(values.count), values.baseAddress, nil, nil, 0)
    }
    return Rows(try check(answer, expecting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK]))
  }

  /// Like `queryPrepared`, and calls `body` while the server works.
  ///
  /// - Returns: The server's answer, and what `body` returned.
  package func queryPrepared<T>(
    _ sql: String, _ parameters: [String?], while body: () -> T
  ) throws(Diagnostic) -> (rows: Rows, made: T) {
    let name = try preparedName(sql, parameters)
    let sent = parameters.withCStrings { values in
      PQsendQueryPrepared(handle, name, Int32(values.count), values.baseAddress, nil, nil, 0)
    }
    guard sent == 1 else { throw lost() }
    let made = body()
    let answer = PQgetResult(handle)
    drainResults()
    return (Rows(try check(answer, expecting: [PGRES_TUPLES_OK, PGRES_COMMAND_OK])), made)
  }

  /// The name of a statement that is prepared for this session, now or before.
  private func preparedName(
    _ sql: String, _ parameters: [String?]
  ) throws(Diagnostic) -> String {
    for case let parameter? in parameters { try refuseNUL(parameter) }
    cancelToken.reset()
    if let known = prepared[sql] { return known }
    try refuseNUL(sql)
    let name = "s\(prepared.count)"
    _ = try check(PQprepare(handle, name, sql, 0, nil), expecting: [PGRES_COMMAND_OK])
    prepared[sql] = name
    return name
  }

  private func notice(_ result: OpaquePointer?) {
    guard let onNotice, let notice = PostgresError(result: result) else { return }
    onNotice(notice)
  }
}

extension Connection {
  /// Takes ownership of a result. Throws the server's error if its status is not one of `statuses`.
  func check(
    _ pointer: OpaquePointer?, expecting statuses: [ExecStatusType]
  ) throws(Diagnostic) -> ResultHandle {
    guard let pointer else { throw lost() }
    return try check(ResultHandle(pointer), expecting: statuses)
  }

  /// Throws the server's error if the result's status is not one of `statuses`.
  func check(
    _ result: ResultHandle, expecting statuses: [ExecStatusType]
  ) throws(Diagnostic) -> ResultHandle {
    let pointer = result.pointer
    let status = PQresultStatus(pointer)
    if statuses.contains(status) { return result }
    if let error = PostgresError(result: pointer) {
      var diagnostic = error.diagnostic(
        wasCancelled: cancelToken.wasUsed, isLimited: isLimited, isReadOnly: isReadOnly)
      if error.sqlState == "42501", let role = PQuser(handle), let database = PQdb(handle) {
        diagnostic.hint =
          "the role '\(String(cString: role))' does not have this right in the database"
          + " '\(String(cString: database))': grant it, or connect as another role; where a"
          + " row-level security policy would hide rows, the role needs BYPASSRLS"
      }
      throw diagnostic
    }
    switch status {
    case PGRES_EMPTY_QUERY:
      throw Diagnostic(.configuration, "the statement is empty")
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      abandonCopy()
      throw Diagnostic(.bug, "a COPY statement was run without the COPY functions")
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      throw Diagnostic(.bug, "the statement is not a COPY in the requested direction")
    default:
      throw lost()
    }
  }

  /// The diagnostic for a session that broke without a reply from the server.
  package func lost() -> Diagnostic {
    let target = ConnectionTarget(handle)
    let reason = target.scrubbed(String(cString: PQerrorMessage(handle)))
    return Diagnostic(
      .unavailable, "the connection to PostgreSQL (\(target.description)) was lost: \(reason)",
      hint: "run again: finished work is kept", isTransient: true)
  }

  func refuseNUL(_ text: String) throws(Diagnostic) {
    var text = text
    let hasNUL = text.withUTF8 { text in
      text.baseAddress.map { memchr($0, 0, text.count) != nil } ?? false
    }
    if hasNUL {
      throw Diagnostic(.data, "a text for PostgreSQL contains a NUL character")
    }
  }
}

extension [String] {
  /// Calls `body` with the strings as a NULL-terminated array of C strings, valid during the call.
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
      guard var string else {
        offsets.append(nil)
        continue
      }
      offsets.append(bytes.count)
      // As a whole: a queue's parameters have millions of bytes.
      string.withUTF8 { text in
        text.withMemoryRebound(to: CChar.self) { bytes.append(contentsOf: $0) }
      }
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
