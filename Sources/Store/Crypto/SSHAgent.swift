import Basics
import Diagnostics
import Glibc

/// Asks ssh-agent for signatures (draft-ietf-sshm-ssh-agent, 3.6).
struct SSHAgent: Sendable {
  let socket: String

  private static let signRequest: UInt8 = 13
  private static let signResponse: UInt8 = 14

  /// The 64 bytes of an Ed25519 signature over `bytes`.
  func sign(_ bytes: [UInt8], with publicKey: [UInt8]) throws(Diagnostic) -> [UInt8] {
    var request = SSHWriter()
    request.raw([Self.signRequest])
    request.string(SSHSignature.wire(publicKey))
    request.string(bytes)
    request.integer(0)
    var message = SSHWriter()
    message.string(request.bytes)
    var answer = SSHReader(try exchange(message.bytes))
    guard answer.raw(1) == [Self.signResponse], let blob = answer.string() else {
      throw Diagnostic(
        .configuration, "ssh-agent does not sign with the configured key",
        hint: "to list its keys: `ssh-add -l`; to add one: `ssh-add FILE`")
    }
    var reader = SSHReader(blob)
    guard reader.text() == "ssh-ed25519", let signature = reader.string(), signature.count == 64
    else { throw Diagnostic(.io, "ssh-agent gave a signature that is not Ed25519") }
    return signature
  }

  /// Sends one message and returns the body of the reply.
  private func exchange(_ message: [UInt8]) throws(Diagnostic) -> [UInt8] {
    let number = Glibc.socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw Disk.failure("reach", socket) }
    defer { close(number) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(socket.utf8)
    let isShort = withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard path.count < target.count else { return false }
      target.copyBytes(from: path)
      return true
    }
    let isConnected =
      isShort
      && withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
      }
    guard isConnected else {
      throw Diagnostic(
        .configuration, "ssh-agent cannot be reached", hint: "start it and set SSH_AUTH_SOCK")
    }
    var rest = message[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { bytes in
        retryingInterrupts {
          send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
      }
      guard count > 0 else { throw Disk.failure("write to", socket) }
      rest = rest.dropFirst(count)
    }
    var header = SSHReader(try receive(4, from: number))
    guard let length = header.integer(), (1...65536).contains(length) else {
      throw Diagnostic(.io, "ssh-agent gave a malformed reply")
    }
    return try receive(Int(length), from: number)
  }

  private func receive(_ count: Int, from number: Int32) throws(Diagnostic) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { room in
        retryingInterrupts {
          recv(number, room.baseAddress?.advanced(by: filled), count - filled, 0)
        }
      }
      guard got > 0 else { throw Diagnostic(.io, "ssh-agent closed the connection") }
      filled += got
    }
    return bytes
  }
}
