import FoundationEssentials

/// Writes values in SSH's wire format (RFC 4251, 5): big-endian integers; strings after their
/// length.
struct SSHWriter {
  private(set) var bytes: [UInt8] = []

  mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func integer(_ value: UInt32) {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func string(_ value: some Collection<UInt8>) {
    integer(UInt32(value.count))
    raw(value)
  }

  mutating func string(_ value: String) { string(Array(value.utf8)) }
}

/// Reads what `SSHWriter` writes. A call returns `nil` if the bytes are not as expected.
struct SSHReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(Array(bytes)) }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func raw(_ count: Int) -> [UInt8]? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  mutating func integer() -> UInt32? {
    raw(4)?.reduce(0) { $0 << 8 | UInt32($1) }
  }

  mutating func string() -> [UInt8]? {
    guard let count = integer() else { return nil }
    return raw(Int(count))
  }

  mutating func text() -> String? { string().flatMap { String(validating: $0, as: UTF8.self) } }
}

/// Base64 between a BEGIN and an END line (the form of RFC 7468, as OpenSSH writes it).
enum Armor {
  static func encode(_ bytes: [UInt8], label: String, width: Int) -> [UInt8] {
    let text = Array(Data(bytes).base64EncodedString().utf8)
    var out = Array("-----BEGIN \(label)-----\n".utf8)
    for start in stride(from: 0, to: text.count, by: width) {
      out += text[start..<min(text.count, start + width)] + [0x0A]
    }
    return out + Array("-----END \(label)-----\n".utf8)
  }

  /// - Returns: `nil` for anything but one block with this label.
  static func decode(_ bytes: [UInt8], label: String) -> [UInt8]? {
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard lines.first == "-----BEGIN \(label)-----", lines.last == "-----END \(label)-----",
      let data = Data(base64Encoded: lines.dropFirst().dropLast().joined())
    else { return nil }
    return Array(data)
  }
}
