import FoundationEssentials
import Glibc

/// Debian's Postfix with a configuration and folders of its own; see
/// Tests/Fixtures/postfix_server.sh.
package final class Postfix {
  /// Why tests that need it are skipped; `nil` if they are not.
  package static let missing: String? =
    Places.program("postfix") == nil && access("/usr/sbin/postfix", X_OK) != 0
    ? "Postfix is not installed: scripts/install-judges"
    : geteuid() == 0 ? nil : "Postfix is started by root only"

  package let port: Int
  private let folder: TemporaryFolder
  private let program: RunningProgram

  /// Starts it and waits until it listens.
  package init() throws {
    folder = try TemporaryFolder()
    port = try Self.freePort()
    program = try RunningProgram(
      [Places.project + "/Tests/Fixtures/postfix_server.sh", folder.path, "\(port)"],
      environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
    let ready = folder.path + "/ready"
    guard eventually(within: 60, { access(ready, F_OK) == 0 }) else {
      print(program.output)
      throw POSIXFailure(ETIMEDOUT)
    }
  }

  deinit {
    program.send(SIGTERM)
    _ = try? program.wait()
  }

  /// The maildir of mails to yearbook.example, and of what comes back to it.
  package var maildir: String { folder.path + "/inbox" }

  /// The new mails in the maildir.
  package var inbox: [[UInt8]] {
    let place = maildir + "/new"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place).sorted()) ?? []
    return names.compactMap {
      FileManager.default.contents(atPath: "\(place)/\($0)").map(Array.init)
    }
  }

  private static func freePort() throws -> Int {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 && getsockname(number, $0, &size) == 0
      }
    }
    guard isBound else { throw POSIXFailure(errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
