import Diagnostics
import Foundation
import Media
import Testing

/// Recordings and pictures that were cut, changed and spliced. The number of a mutation decides its
/// bytes.
@Suite struct `Mutated media` {
  let folder = Folder()

  /// A generator of reproducible numbers.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  private func sources() throws -> [Data] {
    var found: [Data] = []
    let shapes: [(RecordingWriter.Shape, String)] = [
      (.webmVP8, "a.webm"), (.mp4H264, "a.mp4"),
    ]
    for (shape, name) in shapes {
      let path = folder.file(name)
      let writer = try RecordingWriter(
        shape: shape, width: 96, height: 64, hasAudio: true, path: path)
      for index in 0..<20 {
        try writer.append(Clips.frame(index, width: 96, height: 64), at: index * 50)
        try writer.append(stereo: Clips.tone(2_400, from: index * 2_400))
      }
      try writer.finish()
      found.append(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let picture = Clips.frame(3, width: 96, height: 64)
    found.append(Data(try StillImage.jpeg(picture)))
    found.append(Data(try Bitmap(picture).png()))
    return found
  }

  /// One of: both ends cut off, bytes flipped, a range of bytes repeated, a piece of another file
  /// in the middle.
  private func mutate(_ number: Int, _ sources: [Data]) -> Data {
    var random = Seeded(state: UInt64(number))
    var bytes = Array(sources[number % sources.count])
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let start = Int.random(in: 0..<bytes.count, using: &random) / 8
      bytes = Array(bytes[start..<Int.random(in: start...bytes.count, using: &random)])
    case 1:
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
    case 2:
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, start + Int.random(in: 1...4_000, using: &random))
      bytes.insert(
        contentsOf: bytes[start..<end], at: Int.random(in: 0...bytes.count, using: &random))
    default:
      let other = sources.randomElement(using: &random) ?? Data()
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes = Array(bytes[..<place]) + other.dropFirst(other.count / 3)
    }
    return Data(bytes)
  }

  @Test(.timeLimit(.minutes(30)))
  func `Mutated media are used or refused, in bounded time, and nothing else happens`() throws {
    let sources = try sources()
    var limits = SandboxLimits()
    limits.memory = 512 << 20
    limits.processorSeconds = 20
    limits.waitingSeconds = 30
    let before = try memory()
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    var (used, crashed) = (0, [Int]())
    let count = Run.isSoak ? 2_000 : 100
    for number in 0..<count {
      let name = "mutated-\(number)"
      try mutate(number, sources).write(to: URL(fileURLWithPath: folder.file(name)))
      do throws(Diagnostic) {
        let object = try MediaRoot(folder.path).open(name)
        if number % sources.count < 2 {
          _ = try RecordingProbe.probe(object, limits: limits)
        } else {
          _ = try PictureReader.read(object, maxWidth: 64, maxHeight: 64)
        }
        used += 1
      } catch {
        #expect(error.code == .data, "number \(number): \(error)")
        if error.message == "the decoder crashed" { crashed.append(number) }
      }
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    #expect(used > 0)
    // A crash of a child would cost only one scene. The test still expects that none crashes.
    #expect(crashed == [])
    // Other tests open and close descriptors at the same time. A leak of one descriptor per
    // mutation would show.
    let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    #expect(after < descriptors + 60)
    let grown = try memory() - before
    print("\(count) mutated media: \(used) used, memory grown by \(grown >> 20) MiB")
    #expect(grown < 256 << 20)
  }

  /// The memory of this process, in bytes.
  private func memory() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return try #require(pages) * 4_096
  }
}
