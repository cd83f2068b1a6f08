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
    var rest = bytes[...]
    var last = rest[..<rest.startIndex]
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")), end - rest.startIndex > 66 else {
        return nil
      }
      let (digits, blanks) = (rest.prefix(64), rest.dropFirst(64).prefix(2))
      let word = rest[(rest.startIndex + 66)..<end]
      // In the order of their bytes, so that none is named twice.
      guard let digest = SHA256Digest(hex: digits), blanks.allSatisfy({ $0 == 0x20 }),
        last.lexicographicallyPrecedes(word), let name = String(validating: word, as: UTF8.self),
        Name.isPath(name)
      else { return nil }
      entries.append((name: name, digest: digest))
      last = word
      rest = rest[(end + 1)...]
    }
  }

  /// The digests by name.
  var digests: [String: SHA256Digest] {
    Dictionary(entries.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
  }
}
