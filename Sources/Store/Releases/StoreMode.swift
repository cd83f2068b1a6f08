package import Glibc

/// Who can read the store's files on this machine, whatever the umask of the program is.
package enum StoreMode: String, Sendable, CaseIterable {
  /// Only the user who publishes: folders 700, files 600 and 400.
  case `private`
  /// The group too: 750, 640 and 440. The group is the root folder's, if that has the set-group-ID
  /// bit.
  case group
  /// Everybody, such as a web server with a user of its own: 755, 644 and 444.
  case `public`

  /// The permissions that nobody gets.
  package var mask: mode_t {
    switch self {
    case .private: 0o077
    case .group: 0o027
    case .public: 0o022
    }
  }
}
