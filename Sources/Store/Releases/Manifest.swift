import Basics

/// A BagIt manifest: names with their SHA-256 (RFC 8493, 2.1.3).
struct Manifest {
  var entries: [(name: String, digest: SHA256Digest)]

  /// Sorted by name. The two spaces are what `sha256sum -c` reads.
  var bytes: [UInt8] {
    var out: [UInt8] = []
    for entry in entries.sorted(by: { Array($0.name.utf8).lexicographicallyPrecedes($1.name.utf8) })
    {
      out.append(contentsOf: "\(entry.digest.hex)  \(entry.name)\n".utf8)
    }
    return out
  }

  init(_ entries: [(name: String, digest: SHA256Digest)]) { self.entries = entries }

  /// Reads exactly what `bytes` writes; `nil` for anything else.
  init?(bytes: [UInt8]) {
    entries = []
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      let text = String(decoding: line, as: UTF8.self)
      guard let digest = SHA256Digest(hex: text.prefix(64)),
        text.dropFirst(64).hasPrefix("  "), Name.isPath(String(text.dropFirst(66)))
      else { return nil }
      entries.append((name: String(text.dropFirst(66)), digest: digest))
    }
    guard self.bytes == bytes, Set(entries.map(\.name)).count == entries.count else { return nil }
  }

  /// The digests by name.
  var digests: [String: SHA256Digest] {
    Dictionary(entries.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
  }
}
