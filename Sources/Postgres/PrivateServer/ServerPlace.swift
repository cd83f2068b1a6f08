import Diagnostics
import FoundationEssentials
import Glibc

/// Where a private server's cluster lies.
struct ServerPlace {
  /// The cluster's folder, links resolved; it may not exist yet.
  var data: String
  /// The folder that keeps the server's user from a cluster inside the server's own folder.
  var blockedBy: String?

  /// Finds the place of an existing cluster or chooses one for a new cluster.
  static func find(in directory: String, for user: ServerUser) throws(Diagnostic) -> ServerPlace {
    let link = directory + "/data"
    var status = stat()
    let blocking = user.blockingFolder(to: directory)
    if lstat(link, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      if let target = realpath(link, nil) {
        defer { free(target) }
        return ServerPlace(data: String(cString: target), blockedBy: blocking ?? directory)
      }
      // What lay below /var/tmp may have been cleaned away: then the cluster is made anew.
      unlink(link)
    }
    guard let blocking else { return ServerPlace(data: link, blockedBy: nil) }
    if lstat(link, &status) == 0 {
      throw Diagnostic(
        .unavailable,
        "user “postgres” cannot reach \(link): it may not enter \(blocking)",
        hint: "remove \(link), or let others walk through it: chmod o+x \(blocking)")
    }
    let shelter = try makeTemporaryFolder("/var/tmp/yearbook-postgres-XXXXXX")
    chown(shelter, user.id, user.group)
    guard symlink(shelter + "/data", link) == 0 else {
      throw Diagnostic(.io, "cannot create \(link): \(String(cString: strerror(errno)))")
    }
    return ServerPlace(data: shelter + "/data", blockedBy: blocking)
  }
}

/// Makes a new folder of mode 700 from a template that ends in `XXXXXX`.
func makeTemporaryFolder(_ template: String) throws(Diagnostic) -> String {
  var name = Array(template.utf8CString)
  guard mkdtemp(&name) != nil else {
    throw Diagnostic(
      .io, "cannot create a folder \(template): \(String(cString: strerror(errno)))")
  }
  return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
