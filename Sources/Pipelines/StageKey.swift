package import Basics

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
    // A name can hold an object's key. Two that look alike, such as `é` in one character and in
    // two, are equal texts for Swift, but two objects.
    let isPlain = name.utf8.allSatisfy { $0 < 0x80 }
    let name = isPlain ? name : "\(name) (\(SHA256Digest(of: name.utf8).hex.prefix(12)))"
    assert(parts[name] == nil, "a key input is named twice")
    parts[name] = value
  }

  /// Adds a digest.
  package mutating func add(_ name: String, _ digest: SHA256Digest) { add(name, digest.hex) }

  /// Adds the SHA-256 of `bytes`.
  package mutating func add(_ name: String, contentsOf bytes: some Sequence<UInt8>) {
    add(name, SHA256Digest(of: bytes))
  }

  /// The key: SHA-256 over the parts, ordered by name, each name and value with its length.
  package var key: StageKey {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8192)
    for (name, value) in parts.sorted(by: { $0.key < $1.key }) {
      bytes.append(contentsOf: String(name.utf8.count).utf8)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(contentsOf: name.utf8)
      bytes.append(UInt8(ascii: "="))
      bytes.append(contentsOf: String(value.utf8.count).utf8)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(contentsOf: value.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    return StageKey(SHA256Digest(of: bytes))
  }
}

/// The SHA-256 of everything that decides a stage's result.
package struct StageKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let digest: SHA256Digest

  package init(_ digest: SHA256Digest) { self.digest = digest }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { digest.hex }

  package var description: String { digest.hex }

  package static func < (one: Self, other: Self) -> Bool { one.digest < other.digest }
}
