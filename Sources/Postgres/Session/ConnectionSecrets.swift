import CLibPQ

/// What of a connection string must not be seen by others, without opening the connection.
package struct ConnectionSecrets: Sendable {
  /// Whether the string itself holds a password.
  package var hasPassword = false
  /// The file with passwords that it names; `nil` if it names none.
  package var passwordFile: String?
  /// The file with a client's private key that it names; `nil` if it names none.
  package var keyFile: String?

  /// Reads a libpq URI or keyword string.
  package init(_ conninfo: String) {
    var error: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(conninfo, &error)
    // libpq's message quotes the string, so nobody sees it.
    if let error { PQfreemem(error) }
    guard let options else {
      // Malformed, or the name of a database. What cannot be read can hold one.
      hasPassword = conninfo.contains("password") || conninfo.contains("@")
      return
    }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val.map({ String(cString: $0) }), !value.isEmpty {
        switch String(cString: keyword) {
        case "password", "sslpassword": hasPassword = true
        case "passfile": passwordFile = value
        case "sslkey": keyFile = value
        default: break
        }
      }
      option += 1
    }
  }
}
