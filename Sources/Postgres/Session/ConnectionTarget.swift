import CLibPQ
import Diagnostics
import Glibc

/// Where a connection string leads, as far as it may be shown.
///
/// The password is kept apart, only to be taken out of libpq's messages.
struct ConnectionTarget {
  var host: String
  var port: String
  var database: String
  var user: String
  private var secrets: [String]

  /// Reads what libpq made of the connection string, its environment, service and password files.
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

  /// `text` in one line and without any password.
  func scrubbed(_ text: String) -> String {
    var line = text.split(whereSeparator: \.isNewline)
      .map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    for secret in secrets {
      line = line.split(separator: secret, omittingEmptySubsequences: false).joined(
        separator: "***")
    }
    return line
  }

  /// The diagnostic of a connection that could not be made.
  ///
  /// libpq gives no SQLSTATE here. A server that answered has sent a line with `FATAL`: of those only
  /// starting, stopping and being full pass by themselves. One that did not answer may come back.
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
      hint = "the server is not ready for more work now; try again"
    } else if answered {
      hint = "check that the database and the user exist and that pg_hba.conf lets the user in"
    } else {
      hint = "check that PostgreSQL runs there and that host and port are right"
    }
    return Diagnostic(
      .unavailable, "cannot connect to PostgreSQL (\(description)): \(message)", hint: hint,
      isTransient: isTransient)
  }
}

/// The keywords a connection is opened with.
enum ConnectionKeywords {
  /// A later keyword overrides an earlier one, so what stands before `dbname` is a default.
  static func of(_ conninfo: String, application: String) throws(Diagnostic) -> [(String, String)] {
    guard !conninfo.utf8.contains(0) else { throw malformed }
    if !conninfo.isEmpty {
      var error: UnsafeMutablePointer<CChar>?
      let options = PQconninfoParse(conninfo, &error)
      // libpq's own words quote the string with its password: they are not shown.
      if let error { PQfreemem(error) }
      guard let options else {
        // A lone word is a database's name for libpq, as it is for psql.
        if conninfo.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) {
          throw malformed
        }
        return defaults + [("dbname", conninfo)] + own(application)
      }
      PQconninfoFree(options)
    }
    return defaults + [("dbname", conninfo)] + own(application)
  }

  /// Ten seconds to connect; a peer that vanished is noticed within about a minute.
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
      .configuration, "the connection string cannot be read",
      hint: """
        libpq takes postgresql://user@host:port/database or host=… port=… dbname=… user=…; \
        special characters in a URI are percent-encoded
        """)
  }
}
