import Basics
import CLibPQ
import Diagnostics
import Glibc

/// Opens a session as `PQconnectdbParams` does, with one difference: a failure names its SQLSTATE.
///
/// libpq has no other way to tell the SQLSTATE of a refused connection than its verbose messages,
/// and the verbosity can be set only on a connection that has begun.
struct ConnectionAttempt {
  private let connection: OpaquePointer

  /// Throws what `ConnectionTarget.failure` says of libpq's message.
  static func open(_ keywords: [(String, String)]) throws(Diagnostic) -> OpaquePointer {
    let begun = keywords.map(\.0).withCStrings { names in
      keywords.map(\.1).withCStrings { values in
        PQconnectStartParams(names.baseAddress, values.baseAddress, 1)
      }
    }
    guard let begun else {
      throw Diagnostic(.unavailable, "libpq is out of memory", isTransient: true)
    }
    PQsetErrorVerbosity(begun, PQERRORS_VERBOSE)
    do throws(Diagnostic) {
      try ConnectionAttempt(connection: begun).complete()
    } catch {
      PQfinish(begun)
      throw error
    }
    // Details of later errors can quote rows.
    PQsetErrorVerbosity(begun, PQERRORS_TERSE)
    return begun
  }

  private func complete() throws(Diagnostic) {
    let limit = try secondsPerAddress()
    var address = self.address
    var waited = Stopwatch()
    /// The address that did not answer in time, and how long it was waited for.
    var overdue: String?
    var status =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while true {
      switch status {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_FAILED:
        // An address that takes the connection and then says nothing is where libpq gives up. Its
        // own way of waiting goes on to the next host.
        if overdue == address, hasSeveralHosts {
          PQreset(connection)
          if PQstatus(connection) == CONNECTION_OK { return }
        }
        throw failure(overdue: overdue == address ? limit : nil)
      case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
        let rest = limit.map { Double($0) - waited.seconds }
        if let rest, rest <= 0 {
          guard overdue != address, PQsocket(connection) >= 0 else {
            throw failure(overdue: limit)
          }
          // libpq then meets an error on this address, and tries the next one.
          shutdown(PQsocket(connection), Int32(SHUT_RDWR))
          overdue = address
          waited = Stopwatch()
        } else if !isReady(for: status, within: rest) {
          continue
        }
      default: break
      }
      status = PQconnectPoll(connection)
      if self.address != address {
        address = self.address
        waited = Stopwatch()
      }
    }
  }

  /// Waits until the socket can be read or written, or the seconds are over.
  private func isReady(for status: PostgresPollingStatusType, within seconds: Double?) -> Bool {
    let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
    var watched = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
    let milliseconds = seconds.map { Int32(clamping: Int(($0 * 1000).rounded(.up))) } ?? -1
    return poll(&watched, 1, milliseconds) > 0
  }

  /// The address that is being tried.
  private var address: String {
    [PQhost(connection), PQhostaddr(connection), PQport(connection)].map { part in
      part.map { String(cString: $0) } ?? ""
    }.joined(separator: " ")
  }

  private func failure(overdue seconds: Int?) -> Diagnostic {
    ConnectionTarget(connection).failure(
      String(cString: PQerrorMessage(connection)), overdue: seconds,
      needsPassword: PQconnectionNeedsPassword(connection) == 1,
      hasUser: PQuser(connection) != nil)
  }

  /// libpq's `connect_timeout`; `nil` without a limit. libpq itself does not look at it here.
  private func secondsPerAddress() throws(Diagnostic) -> Int? {
    guard let text = option("connect_timeout"), !text.isEmpty else { return nil }
    let trimmed = text.split(separator: " ").joined()
    guard let seconds = Int32(trimmed) else {
      throw Diagnostic(
        .configuration, "connect_timeout of the PostgreSQL connection is not a number of seconds",
        hint: "correct it in the connection string, in PGCONNECT_TIMEOUT or in the service file")
    }
    return seconds > 0 ? max(2, Int(seconds)) : nil
  }

  private var hasSeveralHosts: Bool {
    (option("host") ?? "").contains(",") || (option("hostaddr") ?? "").contains(",")
  }

  private func option(_ name: String) -> String? {
    guard let options = PQconninfo(connection) else { return nil }
    defer { PQconninfoFree(options) }
    var known = options
    while let keyword = known.pointee.keyword {
      if String(cString: keyword) == name { return known.pointee.val.map { String(cString: $0) } }
      known += 1
    }
    return nil
  }
}
