import Foundation

/// A part of one of OpenTelemetry's messages: described once, written as JSON or as protobuf.
///
/// The names and numbers of fields are those of opentelemetry-proto 1.x.
indirect enum OTLPNode {
  /// A field of a message: its name in JSON, its number in protobuf, its value.
  struct Field {
    var name: String
    var number: Int
    var node: OTLPNode

    init(_ name: String, _ number: Int, _ node: OTLPNode) {
      self.name = name
      self.number = number
      self.node = node
    }
  }

  case message([Field])
  /// Elements of one repeated field.
  case list([OTLPNode])
  case string(String)
  /// Identifiers of traces and spans: hexadecimal in JSON.
  case identifier([UInt8])
  /// `fixed64`, as times and counts are.
  case fixed(UInt64)
  case double(Double)
  case integer(Int64)
  case word(Int)
  case boolean(Bool)

  /// The message as a request's body.
  func body(_ encoding: OTLPEncoding) -> [UInt8] {
    var bytes: [UInt8] = []
    switch encoding {
    case .json: writeJSON(to: &bytes)
    case .protobuf: writeContent(to: &bytes)
    }
    return bytes
  }

  private func writeJSON(to bytes: inout [UInt8]) {
    switch self {
    case .message(let fields):
      bytes.append(UInt8(ascii: "{"))
      for (index, field) in fields.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += "\"\(field.name)\":".utf8
        field.node.writeJSON(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .list(let nodes):
      bytes.append(UInt8(ascii: "["))
      for (index, node) in nodes.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        node.writeJSON(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .string(let text): Self.quote(text, to: &bytes)
    case .identifier(let id): Self.quote(Self.hex(id), to: &bytes)
    // JSON's numbers are not exact beyond 53 bits.
    case .fixed(let number): bytes += "\"\(number)\"".utf8
    case .integer(let number): bytes += "\"\(number)\"".utf8
    case .double(let number):
      bytes += (number.isFinite ? "\(number)" : "\"\(number.isNaN ? "NaN" : "Infinity")\"").utf8
    case .word(let number): bytes += "\(number)".utf8
    case .boolean(let flag): bytes += "\(flag)".utf8
    }
  }

  private static func quote(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case ..<0x20:
        bytes += "\\u00".utf8
        bytes += hex([byte]).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// A message's fields; for others nothing.
  private func writeContent(to bytes: inout [UInt8]) {
    guard case .message(let fields) = self else { return }
    for field in fields { field.node.write(field.number, to: &bytes) }
  }

  private func write(_ number: Int, to bytes: inout [UInt8]) {
    switch self {
    case .list(let nodes): for node in nodes { node.write(number, to: &bytes) }
    case .message:
      var content: [UInt8] = []
      writeContent(to: &content)
      Self.write(content, number, to: &bytes)
    case .string(let text): Self.write(Array(text.utf8), number, to: &bytes)
    case .identifier(let id): Self.write(id, number, to: &bytes)
    case .fixed(let value): Self.write(value, number, to: &bytes)
    case .double(let value): Self.write(value.bitPattern, number, to: &bytes)
    case .integer(let value):
      Self.write(varint: UInt64(number << 3), to: &bytes)
      Self.write(varint: UInt64(bitPattern: value), to: &bytes)
    case .word(let value):
      Self.write(varint: UInt64(number << 3), to: &bytes)
      Self.write(varint: UInt64(value), to: &bytes)
    case .boolean(let flag):
      Self.write(varint: UInt64(number << 3), to: &bytes)
      bytes.append(flag ? 1 : 0)
    }
  }

  private static func write(_ content: [UInt8], _ number: Int, to bytes: inout [UInt8]) {
    write(varint: UInt64(number << 3 | 2), to: &bytes)
    write(varint: UInt64(content.count), to: &bytes)
    bytes += content
  }

  private static func write(_ fixed: UInt64, _ number: Int, to bytes: inout [UInt8]) {
    write(varint: UInt64(number << 3 | 1), to: &bytes)
    withUnsafeBytes(of: fixed.littleEndian) { bytes += $0 }
  }

  private static func write(varint: UInt64, to bytes: inout [UInt8]) {
    var rest = varint
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension OTLPNode {
  /// Attributes, in the order in which they are given.
  static func attributes(_ values: [(String, OTLPNode)]) -> OTLPNode {
    .list(
      values.map { key, value in
        let field =
          switch value {
          case .integer: Field("intValue", 3, value)
          case .double: Field("doubleValue", 4, value)
          case .boolean: Field("boolValue", 2, value)
          default: Field("stringValue", 1, value)
          }
        return .message([Field("key", 1, .string(key)), Field("value", 2, .message([field]))])
      })
  }

  /// Who sends: `service.name` and `service.version`, and no host.
  static func resource(version: String) -> OTLPNode {
    .message([
      Field(
        "attributes", 1,
        attributes([("service.name", .string("yearbook")), ("service.version", .string(version))]))
    ])
  }

  static func scope(version: String) -> OTLPNode {
    .message([Field("name", 1, .string("yearbook")), Field("version", 2, .string(version))])
  }
}
