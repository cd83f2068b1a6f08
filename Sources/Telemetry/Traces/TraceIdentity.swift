import Basics

/// The identifiers of traces and spans. They follow from what they name, so that log lines, spans
/// and a second sending of the same run agree, whichever process makes them.
package enum TraceIdentity {
  /// The trace of a run: 16 bytes.
  package static func trace(run: String) -> [UInt8] {
    bytes("yearbook run \(run)", count: 16)
  }

  /// The span of a run as a whole: 8 bytes.
  package static func root(run: String) -> [UInt8] {
    bytes("yearbook root \(run)", count: 8)
  }

  /// The span of one try at a stage.
  static func attempt(_ words: [String]) -> [UInt8] {
    bytes(words.map { "\($0.utf8.count):\($0)" }.joined(separator: " "), count: 8)
  }

  /// The trace of a run as 32 hexadecimal digits.
  package static func traceText(run: String) -> String { OTLPNode.hex(trace(run: run)) }

  private static func bytes(_ text: String, count: Int) -> [UInt8] {
    let digits = Array(SHA256Digest(of: text.utf8).hex.utf8).prefix(count * 2)
    let values = digits.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }

  /// The trace and span of a `traceparent` (W3C Trace Context); `nil` if it is malformed.
  package static func parent(_ text: String) -> (trace: [UInt8], span: [UInt8])? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff",
      let trace = decode(parts[1], count: 16), let span = decode(parts[2], count: 8)
    else { return nil }
    return (trace, span)
  }

  private static func decode(_ hex: Substring, count: Int) -> [UInt8]? {
    guard hex.utf8.count == count * 2,
      hex.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
    else { return nil }
    let values = hex.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
    let bytes = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    return bytes.allSatisfy { $0 == 0 } ? nil : bytes
  }
}
