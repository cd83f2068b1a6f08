import Foundation

/// A part of a mail that others wrote: its fields and what follows them.
struct ReceivedPart {
  /// By name in lower case; of fields with the same name, the first.
  private let fields: [String: String]
  let body: ArraySlice<UInt8>

  /// The most bytes of a header that are read.
  private static let most = 1 << 16

  /// Reads fields up to an empty line, with their folds.
  init(_ bytes: ArraySlice<UInt8>) {
    var fields: [String: String] = [:]
    var rest = bytes
    var name: String?
    var isNew = false
    while let line = Self.line(of: &rest), !line.isEmpty,
      bytes.count - rest.count <= Self.most
    {
      if line.first == 0x20 || line.first == 0x09 {
        if let name, isNew { fields[name]? += " " + Self.text(line).trimmed }
        continue
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let found = Self.text(line[..<colon]).trimmed.lowercased()
      isNew = fields[found] == nil
      if isNew { fields[found] = String(Self.text(line[(colon + 1)...]).trimmed) }
      name = found
    }
    self.fields = fields
    body = rest
  }

  func field(_ name: String) -> String? { fields[name] }

  /// `multipart/report`, in lower case; plain text if it is not said.
  var mediaType: String {
    (fields["content-type"] ?? "text/plain").prefix { $0 != ";" }.trimmed.lowercased()
  }

  /// A parameter of the type, without its quotation marks.
  func parameter(_ wanted: String) -> String? {
    for part in (fields["content-type"] ?? "").split(separator: ";").dropFirst() {
      guard let equals = part.firstIndex(of: "="),
        part[..<equals].trimmed.lowercased() == wanted
      else { continue }
      let value = part[part.index(after: equals)...].trimmed
      let isQuoted = value.hasPrefix("\"") && value.hasSuffix("\"") && value.count >= 2
      return String(isQuoted ? value.dropFirst().dropLast() : value)
    }
    return nil
  }

  /// The body without its encoding.
  var decoded: [UInt8] {
    switch (fields["content-transfer-encoding"] ?? "").lowercased() {
    case "base64":
      Data(base64Encoded: Data(body), options: .ignoreUnknownCharacters).map(Array.init) ?? []
    case "quoted-printable": Self.unquoted(body)
    default: Array(body)
    }
  }

  /// The groups of fields that empty lines part: RFC 3464, 2.1.
  var blocks: [ReceivedPart] {
    var blocks: [ReceivedPart] = []
    var rest = decoded[...]
    while !rest.isEmpty {
      let block = ReceivedPart(rest)
      guard block.body.count < rest.count else { break }
      rest = block.body
      // More than one empty line parts as one does.
      if !block.fields.isEmpty { blocks.append(block) }
    }
    return blocks
  }

  /// The parts between the lines of a boundary.
  static func parts(_ body: ArraySlice<UInt8>, boundary: String, most: Int) -> [ReceivedPart] {
    let mark = Array("--\(boundary)".utf8)
    guard !boundary.isEmpty, boundary.utf8.count <= 70 else { return [] }
    var parts: [ReceivedPart] = []
    var start: Int?
    var rest = body
    while parts.count < most {
      let place = rest.startIndex
      guard let line = line(of: &rest) else {
        // A report that was cut still says what it says.
        if let start { parts.append(ReceivedPart(body[start...])) }
        break
      }
      guard line.starts(with: mark) else { continue }
      let end = line.dropFirst(mark.count)
      let isLast = end.starts(with: "--".utf8)
      guard isLast || end.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
      if let start { parts.append(ReceivedPart(body[start..<place])) }
      if isLast { break }
      start = rest.startIndex
    }
    return parts
  }

  /// Takes the next line without its end; `nil` at the end.
  private static func line(of rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
    var line = rest[rest.startIndex..<end]
    rest = rest[min(end + 1, rest.endIndex)...]
    if line.last == 0x0D { line = line.dropLast() }
    return line
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> Substring {
    Substring(decoding: bytes, as: UTF8.self)
  }

  private static func unquoted(_ body: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    var rest = body
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "=") else {
        out.append(byte)
        continue
      }
      let next = rest.prefix(2)
      if next.first == 0x0A {
        rest = rest.dropFirst()
      } else if next.starts(with: [0x0D, 0x0A]) {
        rest = rest.dropFirst(2)
      } else if next.count == 2, let value = UInt8(String(decoding: next, as: UTF8.self), radix: 16)
      {
        out.append(value)
        rest = rest.dropFirst(2)
      } else {
        out.append(byte)
      }
    }
    return out
  }
}
