import Diagnostics

@testable import Extraction

extension FuzzTarget {
  /// A parse that PostgreSQL prints is read whole, or refused; no text makes the reader fail
  /// otherwise, and no node in it is lost.
  @Sendable static func checkParse(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try accepts([.configuration, .bug]) {
      var count = 0
      for node in try NodeTree.nodes(of: text) { node.forEach { _ in count += 1 } }
      try require(
        count <= text.utf8.count { $0 == UInt8(ascii: "{") },
        "\(count) nodes in \(text.count) signs")
    }
  }
}
