import Foundation

extension Console {
  /// Writes a value as JSON for people and programs: indented, with sorted keys.
  func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    line(json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Writes a value as one line of JSON with sorted keys.
  func jsonLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    line(json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
