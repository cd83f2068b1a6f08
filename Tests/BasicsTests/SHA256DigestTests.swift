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

  @Test func `Pieces give the same digest as the whole`() {
    var hasher = SHA256Hasher()
    for byte in 0..<200 { hasher.update([UInt8(byte)]) }
    #expect(hasher.digest() == SHA256Digest(of: (0..<200).map { UInt8($0) }))
  }
}
