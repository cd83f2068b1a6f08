import Diagnostics
import Glibc

/// The user that a private server runs as. PostgreSQL refuses to run as root.
struct ServerUser {
  var id: uid_t
  var group: gid_t
  /// The words before a command that run it as this user.
  var prefix: [String]

  /// The current user; for root, the user `postgres`.
  static func current() throws(Diagnostic) -> ServerUser {
    guard geteuid() == 0 else { return ServerUser(id: geteuid(), group: getegid(), prefix: []) }
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    let status = getpwnam_r("postgres", &entry, &buffer, buffer.count, &found)
    guard status == 0, found != nil, entry.pw_uid != 0 else {
      throw Diagnostic(
        .unavailable, "PostgreSQL cannot run as root, and there is no user “postgres”",
        hint: "run as an ordinary user, or install PostgreSQL: apt-get install postgresql")
    }
    let candidates = ["/usr/bin/setpriv", "/bin/setpriv"]
    guard let setpriv = candidates.first(where: { access($0, X_OK) == 0 }) else {
      throw Diagnostic(
        .unavailable, "setpriv, which starts PostgreSQL as user “postgres”, is missing",
        hint: "run as an ordinary user, or install setpriv: apt-get install util-linux")
    }
    return ServerUser(
      id: entry.pw_uid, group: entry.pw_gid,
      prefix: [
        setpriv, "--reuid=\(entry.pw_uid)", "--regid=\(entry.pw_gid)", "--init-groups", "--",
      ])
  }

  /// Throws `configuration` if the user has no name. initdb then refuses to make a cluster; an
  /// existing one can be used.
  func requireName() throws(Diagnostic) {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    // A directory service that does not answer is not a missing user: initdb then says what it met.
    guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found == nil else { return }
    throw Diagnostic(
      .configuration,
      "a private PostgreSQL server cannot be made: the user id \(id) of this process has no entry in"
        + " /etc/passwd, and PostgreSQL's initdb needs its name",
      hint:
        "run as a user with an entry, or use a server that runs already: set source: and record:"
        + " in yearbook.yaml, each with user=NAME")
  }

  /// The first folder on the way to `path`, or `path` itself, that this user cannot enter.
  func blockingFolder(to path: String) -> String? {
    var folders = ["/"]
    for component in path.split(separator: "/") {
      folders.append((folders.count == 1 ? "" : folders[folders.count - 1]) + "/" + component)
    }
    return folders.first { folder in
      var status = stat()
      guard stat(folder, &status) == 0 else { return true }
      let mode = status.st_mode
      if status.st_uid == id { return mode & S_IXUSR == 0 }
      if status.st_gid == group { return mode & S_IXGRP == 0 }
      return mode & S_IXOTH == 0
    }
  }
}
