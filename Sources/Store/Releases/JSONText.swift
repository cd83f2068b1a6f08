/// A JSON value whose members keep their order: the same value is always the same bytes.
indirect enum JSONText {
  case string(String)
  case integer(Int)
  case object([(String, JSONText?)])
  case array([JSONText])
  /// Finished JSON, written as it is.
  case raw([UInt8])

  /// Indented by two spaces, with a final line feed. Members whose value is `nil` are left out.
  var bytes: [UInt8] {
    var out: [UInt8] = []
    write(to: &out, depth: 0)
    out.append(UInt8(ascii: "\n"))
    return out
  }

  private func write(to out: inout [UInt8], depth: Int) {
    switch self {
    case .string(let text): Self.quote(text, to: &out)
    case .integer(let number): out.append(contentsOf: String(number).utf8)
    case .raw(let bytes): out.append(contentsOf: bytes)
    case .object(let members):
      let present = members.compactMap { member in member.1.map { (member.0, $0) } }
      Self.list(present, "{", "}", to: &out, depth: depth) { member, out in
        Self.quote(member.0, to: &out)
        out.append(contentsOf: ": ".utf8)
        member.1.write(to: &out, depth: depth + 1)
      }
    case .array(let elements):
      Self.list(elements, "[", "]", to: &out, depth: depth) { element, out in
        element.write(to: &out, depth: depth + 1)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, to out: inout [UInt8], depth: Int,
    _ write: (Element, inout [UInt8]) -> Void
  ) {
    out.append(contentsOf: open.utf8)
    for (index, element) in elements.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      newLine(depth + 1, to: &out)
      write(element, &out)
    }
    if !elements.isEmpty { newLine(depth, to: &out) }
    out.append(contentsOf: close.utf8)
  }

  private static func newLine(_ depth: Int, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\n"))
    out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
  }

  private static func quote(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        out.append(UInt8(ascii: "\\"))
        out.append(byte)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        out.append(contentsOf: "\\u00".utf8)
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
