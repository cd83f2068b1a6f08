import Foundation
import TestSupport
import Testing

@testable import Basics

@Suite struct SHA256DigestTests {
  /// FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `The examples of the standard have the right digests`(text: String, digest: String) {
    #expect(SHA256Digest(of: Array(text.utf8)).hex == digest)
    #expect(SHA256Digest(of: text.utf8).hex == digest)
  }

  @Test func `Only hexadecimal text is read as a digest`() {
    let digest = SHA256Digest(of: [1, 2, 3])
    #expect(SHA256Digest(hex: digest.hex) == digest)
    #expect(SHA256Digest(hex: digest.hex.uppercased()) == nil)
    #expect(SHA256Digest(hex: digest.hex.dropLast()) == nil)
    #expect(SHA256Digest(hex: digest.hex.dropLast() + "g") == nil)
  }

  @Test func `Pieces give the digest of the whole, however it is cut`() throws {
    for seed in Seeds.of(few: 100, many: 10_000) {
      var random = SeededRandom(seed: seed)
      // A block has 64 bytes, and the last one's padding begins at 56.
      let count = random.pick([0, 55, 56, 63, 64, 65, 128, random.number(0...5000)])
      let bytes = (0..<count).map { _ in UInt8(random.number(0...255)) }
      var hasher = SHA256Hasher()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(random.pick([0, 1, 63, 64, 65, random.number(1...1000)]))
        rest = rest.dropFirst(piece.count)
        if random.isOne(of: 2) {
          hasher.update(Array(piece))
        } else {
          piece.withUnsafeBytes { hasher.update($0) }
        }
      }
      let whole = SHA256Digest(of: bytes)
      #expect(hasher.digest() == whole, "seed \(seed)")
      #expect(SHA256Digest(of: bytes.lazy.map { $0 }) == whole, "seed \(seed)")
      #expect(SHA256Digest(of: bytes + [0]) != whole, "seed \(seed)")
      try withTemporaryFolder(inMemory: true) { folder in
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/f"))
        let read = try SHA256Digest.ofFile("\(folder)/f")
        #expect(read.digest == whole && read.byteCount == count, "seed \(seed)")
      }
    }
  }
}
