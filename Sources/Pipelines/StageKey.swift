import Crypto

/// Everything that decides a stage's result. Each part has a name, so that `explain` can say which
/// part changed.
package struct KeyInputs: Hashable, Sendable {
  /// Name to value. Long values are replaced with their digests.
  package private(set) var parts: [String: String] = [:]

  /// - Parameter version: the version of the stage's code.
  package init(stage: String, version: Int) {
    parts["stage"] = stage
    parts["version"] = String(version)
  }

  /// Adds a short value. Each name can be added only once.
  package mutating func add(_ name: String, _ value: String) {
    assert(parts[name] == nil, "a key input is named twice")
    parts[name] = value
  }

  /// Adds the SHA-256 of `bytes`.
  package mutating func add(_ name: String, contentsOf bytes: some Sequence<UInt8>) {
    add(name, StageKey.hex(SHA256.hash(data: Array(bytes))))
  }

  /// The key: SHA-256 over the parts, ordered by name, each name and value with its length.
  package var key: StageKey {
    var hash = SHA256()
    for (name, value) in parts.sorted(by: { $0.key < $1.key }) {
      hash.update(data: Array("\(name.utf8.count):\(name)=\(value.utf8.count):\(value)\n".utf8))
    }
    return StageKey(hex: StageKey.hex(hash.finalize()))
  }
}

/// The SHA-256 of everything that decides a stage's result.
package struct StageKey: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  package let hex: String

  /// - Parameter hex: 64 lower-case hexadecimal digits.
  package init(hex: String) { self.hex = hex }

  package var description: String { hex }

  static func hex(_ digest: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
