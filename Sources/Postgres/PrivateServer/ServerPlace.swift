import Diagnostics
import FoundationEssentials
import Glibc

/// Where a private server's cluster is.
struct ServerPlace {
  /// The cluster's folder, with links resolved. It may not exist yet.
  var data: String
  /// The folder that the server's user cannot enter, if the cluster is elsewhere for that reason.
  var blockedBy: String?

  /// Finds the place of an existing cluster, or chooses one for a new cluster.
  static func find(in directory: String, for user: ServerUser) throws(Diagnostic) -> ServerPlace {
    let link = directory + "/data"
    var status = stat()
    let blocking = user.blockingFolder(to: directory)
    if lstat(link, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      if let target = realpath(link, nil) {
        defer { free(target) }
        return ServerPlace(data: String(cString: target), blockedBy: blocking ?? directory)
      }
      // The system may have cleaned /var/tmp. Then the cluster is created again.
      unlink(link)
    }
    guard let blocking else { return ServerPlace(data: link, blockedBy: nil) }
    if lstat(link, &status) == 0 {
      throw Diagnostic(
        .unavailable,
        "user “postgres” cannot reach \(link): it cannot enter \(blocking)",
        hint: "remove \(link), or let other users pass through: chmod o+x \(blocking)")
    }
    let shelter = try makeTemporaryFolder("/var/tmp/yearbook-postgres-XXXXXX")
    chown(shelter, user.id, user.group)
    guard symlink(shelter + "/data", link) == 0 else {
      throw Diagnostic(.io, "cannot create \(link): \(String(cString: strerror(errno)))")
    }
    return ServerPlace(data: shelter + "/data", blockedBy: blocking)
  }
}

/// Creates a folder with mode 700 from a path template that ends in `XXXXXX`.
func makeTemporaryFolder(_ template: String) throws(Diagnostic) -> String {
  var name = Array(template.utf8CString)
  guard mkdtemp(&name) != nil else {
    throw Diagnostic(
      .io, "cannot create the folder \(template): \(String(cString: strerror(errno)))")
  }
  return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
