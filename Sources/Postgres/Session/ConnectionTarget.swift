import CLibPQ
import Diagnostics
import Glibc

/// The parts of a connection string that can be shown.
///
/// The password is kept only to remove it from libpq's messages.
struct ConnectionTarget {
  var host: String
  var port: String
  var database: String
  var user: String
  private var secrets: [String]

  /// Reads the values that libpq took from the connection string, its environment variables,
  /// service file and password file.
  init(_ connection: OpaquePointer?) {
    func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
      pointer.map { String(cString: $0) } ?? ""
    }
    host = text(PQhost(connection))
    port = text(PQport(connection))
    database = text(PQdb(connection))
    user = text(PQuser(connection))
    secrets = [text(PQpass(connection))]
    if let options = PQconninfo(connection) {
      defer { PQconninfoFree(options) }
      var option = options
      while let keyword = option.pointee.keyword {
        if let value = option.pointee.val,
          ["password", "sslpassword"].contains(String(cString: keyword))
        {
          secrets.append(String(cString: value))
        }
        option += 1
      }
    }
    secrets = secrets.filter { !$0.isEmpty }
  }

  /// `host H, port P, database D, user U`.
  var description: String { "host \(host), port \(port), database \(database), user \(user)" }

  /// `text` in one line, with passwords replaced.
  func scrubbed(_ text: String) -> String {
    var line = text.split(whereSeparator: \.isNewline)
      .map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    for secret in secrets {
      line = line.split(separator: secret, omittingEmptySubsequences: false).joined(
        separator: "***")
    }
    return line
  }

  /// The diagnostic for a connection that could not be opened.
  ///
  /// libpq gives no SQLSTATE here. A server that answered sent a line with `FATAL`. Of these
  /// failures, only three can pass by themselves: the server starts, stops or is full. A server
  /// that did not answer may come back.
  func failure(_ libpqMessage: String) -> Diagnostic {
    let message = scrubbed(libpqMessage)
    let passing = [
      "starting up", "shutting down", "not yet accepting", "in recovery mode", "too many clients",
      "too many connections", "remaining connection slots",
    ]
    let answered = message.contains("FATAL:")
    let isTransient =
      answered
      ? passing.contains { message.contains($0) }
      : !message.contains("no password supplied") && !message.contains("certificate")
        && !message.contains("Name or service not known")
    let hint: String
    if message.contains("password") {
      hint = "set the password in ~/.pgpass or PGPASSWORD, or in the connection string"
    } else if answered && isTransient {
      hint = "the server does not accept more connections now: run again later"
    } else if answered {
      hint = "check that the database and the user exist and that pg_hba.conf allows this user"
    } else {
      hint = "check that PostgreSQL runs there and that the host and the port are correct"
    }
    return Diagnostic(
      .unavailable, "cannot connect to PostgreSQL (\(description)): \(message)", hint: hint,
      isTransient: isTransient)
  }
}

/// The keywords that open a connection.
enum ConnectionKeywords {
  /// A later keyword overrides an earlier one, so keywords before `dbname` are defaults.
  static func of(_ conninfo: String, application: String) throws(Diagnostic) -> [(String, String)] {
    guard !conninfo.utf8.contains(0) else { throw malformed }
    if !conninfo.isEmpty {
      var error: UnsafeMutablePointer<CChar>?
      let options = PQconninfoParse(conninfo, &error)
      // libpq's own message quotes the string with its password, so it is not shown.
      if let error { PQfreemem(error) }
      guard let options else {
        // libpq takes a single word as the name of a database, as psql does.
        if conninfo.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) {
          throw malformed
        }
        return defaults + [("dbname", conninfo)] + own(application)
      }
      PQconninfoFree(options)
    }
    return defaults + [("dbname", conninfo)] + own(application)
  }

  /// 10 seconds to connect. A lost peer is noticed within about a minute.
  private static var defaults: [(String, String)] {
    var keywords = [
      ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
    ]
    if getenv("PGCONNECT_TIMEOUT") == nil { keywords.append(("connect_timeout", "10")) }
    return keywords
  }

  private static func own(_ application: String) -> [(String, String)] {
    [("fallback_application_name", application), ("client_encoding", "UTF8")]
  }

  private static var malformed: Diagnostic {
    Diagnostic(
      .configuration, "the connection string is malformed",
      hint: """
        libpq takes postgresql://user@host:port/database or host=… port=… dbname=… user=…; \
        special characters in a URI are percent-encoded
        """)
  }
}
