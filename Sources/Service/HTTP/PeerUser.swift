import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Who is at the other end of a Unix socket: the kernel says so, as it was when they connected.
enum PeerUser {
  /// The caller that the user of this request's connection is; `nil` if tokens alone count.
  @TaskLocal static var caller: Caller?

  /// What `SO_PEERCRED` gives: `struct ucred`.
  private struct Credentials: Sendable {
    var process: Int32
    var user: UInt32
    var group: UInt32
  }

  /// The user's number; `nil` if the connection is none that has a user.
  static func number(of channel: any Channel) async throws -> UInt32? {
    guard channel.localAddress?.protocol == .unix,
      let options = channel as? any SocketOptionProvider
    else { return nil }
    let found: Credentials = try await options.unsafeGetSocketOption(
      level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET),
      name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
    ).get()
    return found.process > 0 ? found.user : nil
  }

  /// Whether a server before this one passed the request on: its own user is then not who asks.
  static func isPassedOn(_ request: Request) -> Bool {
    request.headers.contains { field in
      let name = field.name.canonicalName
      return name == "forwarded" || name == "via" || name == "x-real-ip"
        || name.hasPrefix("x-forwarded-")
    }
  }
}
