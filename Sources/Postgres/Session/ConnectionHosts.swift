import CLibPQ
import Glibc

/// Which servers a connection string names.
package struct ConnectionHosts: Sendable {
  /// Whether it names several hosts, and allows the session to be with the primary, but does not
  /// ask for it.
  package let allowsPrimary: Bool

  /// Reads a libpq URI or keyword string, and libpq's environment variables.
  package init(_ conninfo: String) {
    var error: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(conninfo, &error)
    // libpq's message quotes the string, so nobody sees it.
    if let error { PQfreemem(error) }
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    var hosts = [variable("PGHOST"), variable("PGHOSTADDR")].compactMap(\.self)
    var wanted = variable("PGTARGETSESSIONATTRS") ?? "any"
    if let options {
      defer { PQconninfoFree(options) }
      var option = options
      while let keyword = option.pointee.keyword {
        if let value = option.pointee.val.map({ String(cString: $0) }), !value.isEmpty {
          switch String(cString: keyword) {
          case "host", "hostaddr": hosts.append(value)
          case "target_session_attrs": wanted = value
          default: break
          }
        }
        option += 1
      }
    }
    allowsPrimary =
      hosts.contains { $0.contains(",") } && ["any", "prefer-standby"].contains(wanted)
  }
}
