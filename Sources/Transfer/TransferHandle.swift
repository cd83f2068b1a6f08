import CCurl
import Diagnostics
import Glibc

/// A handle of libcurl with its open connections, and the rule of where they can lead.
final class TransferHandle {
  let pointer: UnsafeMutableRawPointer
  private let gate = SocketGate()

  /// libcurl needs this once per process, before anything else.
  private static let isStarted = yb_curl_start() == CURLE_OK

  init() throws(Diagnostic) {
    guard Self.isStarted, let pointer = curl_easy_init() else {
      throw Diagnostic(.bug, "libcurl could not be started")
    }
    self.pointer = pointer
  }

  deinit { curl_easy_cleanup(pointer) }

  func set(_ option: CURLoption, _ value: Int) { yb_curl_set_number(pointer, option, value) }

  func set(_ option: CURLoption, _ value: String) { yb_curl_set_text(pointer, option, value) }

  /// Forgets all options of the last transfer; connections stay.
  func reset() {
    curl_easy_reset(pointer)
    // No signals: the process has many threads.
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_NOPROGRESS, 0)
    gate.begin()
  }

  /// Lets connections lead to public addresses only, and directly: a proxy would be the address
  /// that is looked at.
  func allowPublicOnly() {
    set(CURLOPT_PROXY, "")
    yb_curl_set_open(pointer, SocketGate.open)
    yb_curl_set_pointer(pointer, CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(gate).toOpaque())
  }

  /// Whether the last transfer had only addresses that it must not reach.
  var wasKeptIn: Bool { gate.refused > 0 && gate.opened == 0 }

  /// Whether the last transfer used a connection of an earlier one.
  var usedOpenConnection: Bool { yb_curl_opened(pointer) == 0 }
}

/// Opens the sockets of one handle, if their addresses are public.
private final class SocketGate {
  private(set) var refused = 0
  private(set) var opened = 0

  func begin() { (refused, opened) = (0, 0) }

  static let open: yb_curl_open = { context, _, address in
    // CURL_SOCKET_BAD, a macro.
    let none: curl_socket_t = -1
    guard let context, let address else { return none }
    let gate = Unmanaged<SocketGate>.fromOpaque(context).takeUnretainedValue()
    let found = address.pointee
    guard
      let target = yb_curl_address(address).flatMap({
        NetworkAddress($0, byteCount: Int(found.addrlen))
      }), target.isPublic
    else {
      gate.refused += 1
      return none
    }
    gate.opened += 1
    return socket(
      found.family, found.socktype | Int32(SOCK_CLOEXEC.rawValue), found.protocol)
  }
}
