/// Bech32 (BIP 173) without its length limit: the format of age's keys.
enum Bech32 {
  private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

  /// The part before a text's last `1`, in lower case, and the data; `nil` for a wrong checksum or
  /// mixed case.
  static func decode(_ text: String) -> (prefix: String, data: [UInt8])? {
    let lower = text.lowercased()
    guard lower == text || text.uppercased() == text, let one = lower.lastIndex(of: "1") else {
      return nil
    }
    let prefix = String(lower[..<one])
    var values: [UInt8] = []
    for byte in lower[lower.index(after: one)...].utf8 {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      values.append(UInt8(value))
    }
    guard !prefix.isEmpty, values.count >= 6, checksum(expanded(prefix) + values) == 1 else {
      return nil
    }
    guard let data = regroup(values.dropLast(6), from: 5, to: 8, isPadded: false) else {
      return nil
    }
    return (prefix, data)
  }

  /// `prefix`, `1`, the data and its checksum, in lower case.
  static func encode(prefix: String, _ data: [UInt8]) -> String? {
    guard let values = regroup(data[...], from: 8, to: 5, isPadded: true) else { return nil }
    let rest = checksum(expanded(prefix) + values + [UInt8](repeating: 0, count: 6)) ^ 1
    let check = (0..<6).map { UInt8(rest >> (5 * (5 - $0)) & 31) }
    return prefix + "1"
      + String(decoding: (values + check).map { alphabet[Int($0)] }, as: UTF8.self)
  }

  private static func expanded(_ prefix: String) -> [UInt8] {
    prefix.utf8.map { $0 >> 5 } + [0] + prefix.utf8.map { $0 & 31 }
  }

  private static func checksum(_ values: [UInt8]) -> UInt32 {
    let generators: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    var sum: UInt32 = 1
    for value in values {
      let top = sum >> 25
      sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
      for (bit, generator) in generators.enumerated() where top >> bit & 1 == 1 { sum ^= generator }
    }
    return sum
  }

  private static func regroup(
    _ values: ArraySlice<UInt8>, from: Int, to: Int, isPadded: Bool
  ) -> [UInt8]? {
    var buffer = 0
    var bits = 0
    var out: [UInt8] = []
    for value in values {
      buffer = buffer << from | Int(value)
      bits += from
      while bits >= to {
        bits -= to
        out.append(UInt8(buffer >> bits & (1 << to - 1)))
      }
      buffer &= 1 << bits - 1
    }
    if isPadded {
      if bits > 0 { out.append(UInt8(buffer << (to - bits) & (1 << to - 1))) }
    } else if bits >= from || buffer != 0 {
      return nil
    }
    return out
  }
}
