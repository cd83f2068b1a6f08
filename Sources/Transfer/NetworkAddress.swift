import Glibc

/// The address that a socket would be connected to.
///
/// What a name resolves to can change between any two looks at it, and a number can be written in
/// many ways. So rules about addresses hold for this, at the moment of the connection.
struct NetworkAddress: Hashable {
  /// 4 bytes of IPv4 or 16 of IPv6.
  private let bytes: [UInt8]

  /// - Parameter bytes: 4 or 16 of them.
  init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads an address as the system's calls have it; `nil` if it is of another family.
  init?(_ address: UnsafePointer<sockaddr>, byteCount: Int) {
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET where byteCount >= MemoryLayout<sockaddr_in>.size:
      bytes = Array(UnsafeRawBufferPointer(start: raw + 4, count: 4))
    case AF_INET6 where byteCount >= MemoryLayout<sockaddr_in6>.size:
      bytes = Array(UnsafeRawBufferPointer(start: raw + 8, count: 16))
    default: return nil
    }
  }

  /// Whether it is one of the internet's own addresses, at which nothing of this machine or of its
  /// networks can answer.
  ///
  /// The lists are IANA's registries of special-purpose addresses (RFC 6890): what is not globally
  /// reachable there, and multicast.
  var isPublic: Bool {
    bytes.count == 4 ? Self.isPublicV4(bytes[...]) : isPublicV6
  }

  private static let specialV4: [(prefix: UInt32, length: UInt32)] = [
    (0x0000_0000, 8),  // this network
    (0x0A00_0000, 8),  // private
    (0x6440_0000, 10),  // shared by customers of a carrier (CGNAT)
    (0x7F00_0000, 8),  // loopback
    (0xA9FE_0000, 16),  // link-local, with the clouds' metadata services
    (0xAC10_0000, 12),  // private
    (0xC000_0000, 24),  // protocol assignments
    (0xC000_0200, 24),  // documentation
    (0xC058_6300, 24),  // 6to4 relays, withdrawn
    (0xC0A8_0000, 16),  // private
    (0xC612_0000, 15),  // benchmarks
    (0xC633_6400, 24),  // documentation
    (0xCB00_7100, 24),  // documentation
    (0xE000_0000, 4),  // multicast
    (0xF000_0000, 4),  // reserved, with the broadcast address
  ]

  private static func isPublicV4(_ bytes: ArraySlice<UInt8>) -> Bool {
    let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return !specialV4.contains { (number ^ $0.prefix) >> (32 - $0.length) == 0 }
  }

  private var isPublicV6: Bool {
    // These hold an IPv4 address, to which the packets go in the end: mapped ones (::ffff:0:0/96),
    // and those of translators (64:ff9b::/96).
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
    if bytes.starts(with: mapped) || bytes.starts(with: translated) {
      return Self.isPublicV4(bytes[12...])
    }
    // 2002::/16 is 6to4.
    if bytes[0] == 0x20, bytes[1] == 0x02 { return Self.isPublicV4(bytes[2..<6]) }
    // Only 2000::/3 is given out.
    guard bytes[0] >> 5 == 1 else { return false }
    let start = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    // 2001::/23 protocol assignments (Teredo, benchmarks), 2001:db8::/32 and 3fff::/20
    // documentation.
    return start >> 9 != 0x2001_0000 >> 9 && start != 0x2001_0DB8 && start >> 12 != 0x3FFF_0
  }
}
