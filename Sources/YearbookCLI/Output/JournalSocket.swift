import Foundation

/// systemd's journal, by its native protocol: a datagram with fields for each entry.
///
/// It is used where the standard error already goes to the journal. The fields are then indexed, so
/// that `journalctl YEARBOOK_RUN=…` finds a run's lines, and the level is the entry's priority.
struct JournalSocket: Sendable {
  /// This process's journal; `nil` if its standard error goes elsewhere.
  static let current = JournalSocket(ProcessInfo.processInfo.environment)

  private let descriptor: Int32
  private let path: String

  /// - Parameter environment: systemd sets `JOURNAL_STREAM` to the device and inode of the stream
  ///   that leads to the journal. If the standard error is another, somebody redirected it.
  init?(_ environment: [String: String]) {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"],
      fstat(Console.standardError.descriptor, &status) == 0,
      stream == "\(status.st_dev):\(status.st_ino)"
    else { return nil }
    path = environment["YEARBOOK_JOURNAL"] ?? "/run/systemd/journal/socket"
    guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, kind, 0)
    if descriptor < 0 { return nil }
  }

  /// Sends an entry. It never waits.
  ///
  /// - Returns: `false` if the journal did not take it: it is away, busy, or the entry is too big.
  func send(_ fields: [(name: String, value: String)]) -> Bool {
    let bytes = Self.entry(fields)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        sendto(
          descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
          address, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return sent == bytes.count
  }

  /// `NAME=value` and a line feed; a value with line feeds has its length in front instead.
  static func entry(_ fields: [(name: String, value: String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      bytes += Array(name.utf8)
      if value.utf8.contains(UInt8(ascii: "\n")) {
        bytes.append(UInt8(ascii: "\n"))
        withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes += Array($0) }
      } else {
        bytes.append(UInt8(ascii: "="))
      }
      bytes += Array(value.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
