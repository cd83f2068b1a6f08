import CLibPQ
import Diagnostics
import Glibc

/// What libpq says of a connection that could not be opened.
///
/// A server's reply has its SQLSTATE before its text, as libpq's messages are verbose here. So
/// whether a refusal can pass is known in any language of the server. The words that are looked for
/// are libpq's own: this program sets no locale, so libpq speaks English.
struct ConnectionFailure {
  /// The message in one line, with each SQLSTATE behind its text.
  private(set) var text: String
  /// What servers and poolers replied.
  private(set) var replies: [PostgresError] = []
  /// Whether an address was tried that did not reply at all.
  private(set) var hasSilentAddress = false

  init(_ message: String) {
    var lines: [String] = []
    for line in message.split(whereSeparator: \.isNewline) {
      let line = String(line.drop(while: \.isWhitespace))
      // Where in PostgreSQL's sources the error was raised.
      if line.hasPrefix("LOCATION:") { continue }
      if let (before, reply) = Self.reply(in: line) {
        replies.append(reply)
        lines.append("\(before) \(reply.description)")
      } else {
        if line.hasPrefix("connection to server"), Self.lasting(line) == nil {
          hasSilentAddress = true
        }
        lines.append(line)
      }
    }
    text = lines.joined(separator: " ")
  }

  /// `…: FATAL:  57P03: the database system is starting up`: what is before the SQLSTATE, and the
  /// reply. Severity and text can be in any language.
  private static func reply(in line: String) -> (before: String, PostgresError)? {
    let bytes = Array(line.utf8)
    let labels = ["DETAIL:", "HINT:", "CONTEXT:"]
    guard bytes.count > 10, !labels.contains(where: line.hasPrefix) else { return nil }
    for index in 0...(bytes.count - 10) {
      let state = bytes[(index + 3)..<(index + 8)]
      guard bytes[index] == UInt8(ascii: ":"), bytes[index + 1] == UInt8(ascii: " "),
        bytes[index + 2] == UInt8(ascii: " "), bytes[index + 8] == UInt8(ascii: ":"),
        bytes[index + 9] == UInt8(ascii: " "),
        state.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
      else { continue }
      func text(_ part: ArraySlice<UInt8>) -> String { String(decoding: part, as: UTF8.self) }
      return (
        text(bytes[...index]),
        PostgresError(
          sqlState: text(state), severity: "FATAL", message: text(bytes[(index + 10)...]))
      )
    }
    return nil
  }

  /// Faults that libpq found by itself and that do not pass, and what to do about them.
  private static let faults: [(words: [String], hint: String)] = [
    (
      ["no password supplied", "authentication method requirement", "channel binding"],
      "check the password, and how the server asks for it in pg_hba.conf"
    ),
    (
      [
        "certificate", "private key file", "server does not support SSL", "SSL error",
        "home directory",
      ],
      "check sslmode, sslrootcert, sslcert and sslkey of the connection"
    ),
  ]

  /// The hint for a fault in a line of libpq's that does not pass; `nil` for any other line.
  private static func lasting(_ line: String) -> String? {
    faults.first { fault in fault.words.contains { line.contains($0) } }?.hint
  }

  /// The hint for a fault that libpq found and that does not pass.
  var lastingHint: String? { Self.lasting(text) }

  /// Whether the name of the host was looked up and is not known. It may be in a minute.
  var isUnknownName: Bool { text.contains("could not translate host name") }
  var isNameServerSilent: Bool { text.contains("Temporary failure in name resolution") }

  /// Whether no address was tried, as the connection string makes no sense to libpq. Versions
  /// before 14 begin their messages in other ways.
  var isNeverTried: Bool {
    PQlibVersion() >= 140_000 && !text.contains("connection to server") && !isUnknownName
  }

  /// Whether the same connection can succeed later.
  var isTransient: Bool {
    if replies.contains(where: \.isTransientRefusal) || hasSilentAddress { return true }
    if !replies.isEmpty || lastingHint != nil || isNeverTried { return false }
    return !isUnknownName || isNameServerSilent
  }
}

extension PostgresError {
  /// Whether a server that refuses a session with this error can accept it later.
  var isTransientRefusal: Bool {
    // A server that could not read the start of the session in time says 57014. Poolers have no
    // state of their own for their limits and say XX000.
    isTransient || sqlState == "57014" || sqlClass == "XX"
  }

  /// What to do about a refused session.
  var refusalHint: String {
    if let hint = poolerHint { return hint }
    switch sqlState {
    case "53300":
      return "the server has no free connection: run again later, or raise max_connections"
    case "28P01", "28000":
      return "check the user, the password (in ~/.pgpass, in the file that PGPASSFILE names, in"
        + " PGPASSWORD or in the connection string) and what pg_hba.conf allows this user"
    case "3D000":
      return "create the database, or correct its name in the connection string"
    case "42501":
      return "GRANT CONNECT ON DATABASE … to this user, or connect as another"
    case "22023", "42704":
      return "correct options=… in the connection string, or PGOPTIONS"
    default:
      return isTransientRefusal
        ? "the server does not accept sessions now: run again later"
        : "check that the database and the user exist and that pg_hba.conf allows this user"
    }
  }
}

extension ConnectionTarget {
  /// The diagnostic for a connection that could not be opened.
  ///
  /// - Parameters:
  ///   - overdue: the seconds after which an address had not answered.
  ///   - needsPassword: whether the server asked for a password, and there was none.
  ///   - hasUser: whether libpq found a name for the user.
  func failure(
    _ libpqMessage: String, overdue: Int?, needsPassword: Bool, hasUser: Bool
  ) -> Diagnostic {
    // Passwords are taken out after the SQLSTATEs were read: one can look like a part of them.
    let failure = ConnectionFailure(libpqMessage)
    if !hasUser {
      return Diagnostic(
        .configuration,
        "the connection to PostgreSQL names no user, and the user id \(geteuid()) of this process"
          + " has no entry in /etc/passwd to take a name from",
        hint: "add user=NAME to the connection string, or set PGUSER")
    }
    var reply = failure.replies.first(where: \.isTransientRefusal) ?? failure.replies.first
    if let text = reply?.message { reply?.message = scrubbed(text) }
    let isTransient = overdue != nil || failure.isTransient
    var message = scrubbed(failure.text)
    if let overdue { message = "no answer within \(overdue) s (\(message))" }
    let isMistake =
      needsPassword || reply != nil || failure.lastingHint != nil || failure.isNeverTried
    let hint =
      if let reply, reply.isTransientRefusal || !isTransient {
        reply.refusalHint
      } else if needsPassword {
        PostgresError(sqlState: "28P01", severity: "FATAL", message: "").refusalHint
      } else if !isTransient, let lasting = failure.lastingHint {
        lasting
      } else if failure.isNeverTried {
        "correct the connection string, the PG… environment variables or the service file"
      } else {
        "check that PostgreSQL runs there and that the host and the port are correct"
      }
    return Diagnostic(
      !isTransient && isMistake ? .configuration : .unavailable,
      "cannot connect to PostgreSQL (\(description)): \(message)", hint: hint,
      underlying: reply, isTransient: isTransient && !needsPassword)
  }
}
