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
