import Foundation
import TestSupport
import Testing

/// Seeds of each target and mutations of them, the same at every time. `scripts/fuzz` looks for more.
@Suite struct FuzzTests {
  private static let folder = Places.project + "/Tests/Fixtures/fuzz"

  /// What is likely to mean something to somebody.
  private static let pieces = [
    "\"", "\"\"", ",", "\r", "\n", "\r\n", "'", "''", "$$", "$a1$", "E'", "\\'", "/*", "*/", "--",
    ";", "\0",
    "9223372036854775807", "-9223372036854775808", "-", "+",
    "99999999999999999999999999999999999999",
    "-->", "<", "&", "&amp;", "&#x41;", "&#", "<Key>", "</Key>", "\u{301}", "\u{202E}", "\u{FEFF}",
    "😀",
    "{", "}", "[", "]", ": ", "- ", "&a ", "*a", "? ", "!!", "|", "%", "\t", "  ", "2026",
    "ssh-ed25519 ",
    "age1", "-> X25519 ", "--- ", "N",
  ].map { Array($0.utf8) }

  private func seeds(_ name: String) throws -> [[UInt8]] {
    let folder = "\(Self.folder)/\(name)"
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
      Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))
    }
  }

  private func mutated(_ seeds: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = random.pick(seeds)
    for _ in 0..<random.number(1...6) {
      let place = random.number(0...bytes.count)
      let end = min(bytes.count, place + random.number(1...20))
      switch random.number(0...6) {
      case 0 where place < bytes.count: bytes[place] = UInt8(random.number(0...255))
      case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.number(0...7))
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: random.number(0...bytes.count))
      case 4:
        let other = random.pick(seeds)
        let from = random.number(0...other.count)
        bytes.insert(contentsOf: other[from..<min(other.count, from + 40)], at: place)
      default: bytes.insert(contentsOf: random.pick(Self.pieces), at: place)
      }
    }
    return bytes
  }

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `Every seed and what is near to it keeps the promises of who reads it`(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let seeds = try seeds(name)
    #expect(!seeds.isEmpty)
    for seed in seeds { try target.check(seed) }
    // Where the process dies of an input, it stands here.
    let last = "/tmp/yearbook-fuzz-\(name)"
    let file = open(last, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(file) }
    for number in Seeds.of(few: 400, many: 100_000) {
      var random = SeededRandom(seed: number)
      let bytes = mutated(seeds, &random)
      pwrite(file, bytes, bytes.count, 0)
      ftruncate(file, bytes.count)
      do {
        try target.check(bytes)
      } catch {
        Issue.record("\(error), seed \(number): \(String(decoding: bytes, as: UTF8.self))")
      }
    }
    unlink(last)
  }
}
