import Diagnostics
import Foundation
import TestSupport

@testable import Basics
@testable import Store

extension FuzzTarget {
  /// The identity that the seeds are encrypted to: bytes that count up from one.
  private static let identity: AgeIdentity? = Bech32.encode(
    prefix: "age-secret-key-", (1...32).map { UInt8($0) }
  ).flatMap { AgeIdentity($0.uppercased()) }

  /// What the seeds hold.
  private static let secret = Array("the year in review\n".utf8)

  /// A file is opened to what was sealed in it, or refused: never to anything else.
  @Sendable static func checkAgeFile(_ bytes: [UInt8]) throws {
    guard let identity else { throw Violation(description: "no identity") }
    var plain: [UInt8] = []
    try accepts([.data, .io]) {
      var decryptor = AgeDecryptor([identity], path: "file.age")
      let write = { (piece: [UInt8]) throws(Diagnostic) in plain += piece }
      // In two pieces, as a file may come.
      let half = bytes.count / 2
      for piece in [bytes[..<half], bytes[half...]] {
        try Array(piece).withUnsafeBytes { bytes in try decryptor.add(bytes, write) }
      }
      try decryptor.finish(write)
      try require(plain == secret, "another text was opened")
    }
    try require(plain.isEmpty || plain == secret, "bytes that were not sealed came out")
  }

  /// Keys as people write them are refused, or are those that they say.
  @Sendable static func checkKeys(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    if let recipient = AgeRecipient(text) {
      try require(
        Bech32.encode(prefix: "age", recipient.key) == text.lowercased(), "another recipient")
      try require(AgeRecipient(recipient.description) == recipient, "it does not read back")
    }
    _ = AgeIdentity(text)
    if let key = ReleaseSigner.publicKey(line: text) {
      let line = "ssh-ed25519 " + Data(SSHSignature.wire(key)).base64EncodedString()
      try require(ReleaseSigner.publicKey(line: line) == key, "another key")
    }
    let file = "/tmp/yb-fuzz-key-\(getpid())"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    try accepts([.configuration]) {
      let signer = try ReleaseSigner(file: file, agent: "/nowhere")
      try require(signer.publicKeyText.hasPrefix("ssh-ed25519 AAAA"), "an odd key")
    }
    try accepts([.configuration]) { _ = try AllowedSigners(file: file) }
    try accepts([.configuration]) { _ = try AgeIdentity.read(file: file) }
  }

  /// A signature is refused or is, byte for byte, what would be written for it.
  @Sendable static func checkSignature(_ bytes: [UInt8]) throws {
    guard let signature = SSHSignature(armored: bytes) else { return }
    try require(signature.armored == bytes, "another armor")
    try require(signature.publicKey.count == 32 && signature.signature.count == 64, "a size")
    _ = signature.isValid(for: secret)
    try require(!signature.isValid(for: secret + [0]), "a signature of what nobody signed")
  }

  /// What a partition's files say is refused or reads back the same.
  @Sendable static func checkHeads(_ bytes: [UInt8]) throws {
    if let head = Head(bytes: bytes) {
      try require(Head(bytes: head.bytes) == head, "another head")
      _ = Timestamp.seconds(head.created)
      _ = head.sequence + 1
    }
    if var prunings = Prunings(bytes: bytes) {
      try require(Prunings(bytes: prunings.bytes) == prunings, "other prunings")
      let sequences = [1, 5, 6, 100]
      prunings.add(heads: sequences, releases: [])
      try require(sequences.allSatisfy(prunings.containsHead), "a head was lost")
      try require(Prunings(bytes: prunings.bytes) == prunings, "other prunings")
    }
    if let list = PageList(bytes: bytes) {
      try require(list.bytes == bytes, "another list of pages")
    }
  }
}
