import Diagnostics
import FoundationEssentials
import Media
import TestSupport
import Testing

@testable import Sample

@Suite struct SampleMediaTests {
  private func bytes(_ path: String) throws -> [UInt8] {
    Array(try #require(FileManager.default.contents(atPath: path)))
  }

  @Test func `The same seed gives the same files, byte for byte`() throws {
    try withTemporaryFolder { folder in
      // The tenant with the portrait recording and Japanese in its pictures.
      var tenant = SamplePlatform().tenant(3)
      tenant.keepOnly(recordings: 1)
      var keys: [String] = []
      try SampleMedia(root: "\(folder)/a", seed: 2026).write(tenant) { keys.append($0) }
      try SampleMedia(root: "\(folder)/b", seed: 2026).write(tenant) { _ in }
      #expect(keys.count { $0.hasSuffix(".png") } >= 8)
      #expect(keys.contains("shibuya-kaihatsu/recordings/jihanki.webm"))
      for key in keys {
        #expect(try bytes("\(folder)/a/\(key)") == bytes("\(folder)/b/\(key)"), "\(key)")
      }
      let another = SampleMedia(root: "\(folder)/c", seed: 1)
      tenant.keepOnly(recordings: 0)
      try another.write(tenant) { _ in }
      let picture = tenant.pictureKey(0)
      #expect(try bytes("\(folder)/a/\(picture)") != bytes("\(folder)/c/\(picture)"))
    }
  }

  @Test func `For a media root that cannot be written, the error names the file`() throws {
    try withTemporaryFolder { folder in
      let file = "\(folder)/file"
      #expect(FileManager.default.createFile(atPath: file, contents: Data()))
      let tenant = SamplePlatform().tenant(4)
      let expected = Diagnostic(
        .io, "the sample media cannot be written", at: .init(file: "\(file)/"),
        hint: "make the folder writable, with room for about 20 MB")
      #expect(throws: expected) { try SampleMedia(root: file, seed: 1).write(tenant) { _ in } }
    }
  }

  @Test func `All recordings together last at most 75 seconds`() {
    let recordings = SampleProfile.written.flatMap(\.recordings)
    #expect(recordings.reduce(0) { $0 + $1.seconds } <= 75)
    #expect(recordings.contains { $0.kept < 100 })
    #expect(recordings.contains { $0.isUneven })
    #expect(recordings.contains { $0.height > $0.width })
    #expect(recordings.allSatisfy { $0.width % 2 == 0 && $0.height % 2 == 0 })
  }
}

extension SampleTenant {
  fileprivate mutating func keepOnly(recordings count: Int) {
    self = SampleTenant(
      seed: seed, index: index, pocsPerTenant: 24, today: today, recordingsAtMost: count)
  }
}
