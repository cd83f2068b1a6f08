import Glibc

/// Takes connections on a port of this host, and refuses each session with one error, as servers and
/// poolers do whose language or version is not installed here.
package final class ReplyingServer {
  package let port: Int
  private let listener: Int32
  private let thread: Background

  /// - Parameters:
  ///   - state: the SQLSTATE.
  ///   - severity: `FATAL` in the server's language.
  package init(state: String, severity: String = "FATAL", message: String) throws {
    (listener, port) = try Self.listen(backlog: 8)
    var reply: [UInt8] = []
    for (field, text) in [("S", severity), ("V", "FATAL"), ("C", state), ("M", message)] {
      reply += Array(field.utf8) + Array(text.utf8) + [0]
    }
    reply.append(0)
    let length = UInt32(reply.count + 4).bigEndian
    let packet = [UInt8(ascii: "E")] + withUnsafeBytes(of: length) { Array($0) } + reply
    thread = Background { [listener] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        Self.answer(client, packet)
        close(client)
      }
    }
  }

  /// A port on which nobody ever answers, though the kernel takes the connection.
  package static func silent() throws -> (listener: Int32, port: Int) { try listen(backlog: 8) }

  /// A port whose queue is full, so that the kernel does not even take the connection.
  package static func deaf() throws -> (sockets: [Int32], port: Int) {
    let (listener, port) = try listen(backlog: 0)
    var sockets = [listener]
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    for _ in 1...3 {
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      sockets.append(client)
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
          _ = connect(client, plain, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    return (sockets, port)
  }

  private static func answer(_ client: Int32, _ packet: [UInt8]) {
    var start = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(client, &start, start.count)
      guard count >= 8 else { return }
      // Asked for TLS or GSS encryption: no. Then the session begins.
      if count == 8, start[4] == 0x04, start[5] == 0xD2 {
        _ = write(client, "N", 1)
        continue
      }
      _ = packet.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
      return
    }
  }

  private static func listen(backlog: Int32) throws -> (Int32, Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw POSIXFailure(errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
        bind(listener, plain, size) == 0 && Glibc.listen(listener, backlog) == 0
          && getsockname(listener, plain, &size) == 0
      }
    }
    guard bound else { throw POSIXFailure(errno) }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Ends it.
  package func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    thread.join()
    close(listener)
  }
}
