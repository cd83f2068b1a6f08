import Foundation
import Synchronization
import Testing

@testable import Media

@Suite struct `The same bytes on any processor` {
  let folder = Folder()

  private func segment(_ name: String, x264Options: String) throws -> Data {
    let path = folder.file(name)
    let encoder = try SegmentEncoder(
      format: Clips.format, gridSteps: 2, path: path, x264Options: x264Options)
    for index in 0..<32 { try encoder.append(Clips.frame(index)) }
    try encoder.append(stereo: Clips.noise(51_200))
    try encoder.finish()
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test func `A segment does not depend on x264's vector code`() throws {
    let best = try segment("best", x264Options: "")
    #expect(try segment("none", x264Options: ":asm=0") == best)
    #expect(try segment("old", x264Options: ":asm=sse2fast,sse2,mmx2") == best)
  }

  @Test func `Segments encoded in parallel equal segments encoded one by one`() throws {
    let alone = try segment("alone", x264Options: "")
    let path = folder.path
    let results = Mutex<[Bool]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      do {
        let file = "\(path)/side-\(index)"
        let encoder = try SegmentEncoder(format: Clips.format, gridSteps: 2, path: file)
        for frame in 0..<32 { try encoder.append(Clips.frame(frame)) }
        try encoder.append(stereo: Clips.noise(51_200))
        try encoder.finish()
        let isEqual = try Data(contentsOf: URL(fileURLWithPath: file)) == alone
        results.withLock { $0.append(isEqual) }
      } catch { results.withLock { $0.append(false) } }
    }
    #expect(results.withLock { $0 } == [true, true, true, true])
  }

  /// Keeps its segment and recordings, so that another run of this test can compare them with other
  /// glibc CPU features: GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["YEARBOOK_KEEP_CLIPS"] != nil,
      "needs YEARBOOK_KEEP_CLIPS, a folder"))
  func `Clips can be kept and compared between processes`() throws {
    let keep = ProcessInfo.processInfo.environment["YEARBOOK_KEEP_CLIPS"] ?? ""
    try segment("kept", x264Options: "").write(to: URL(fileURLWithPath: keep + "/segment"))
    for shape in RecordingWriter.Shape.allCases {
      let writer = try RecordingWriter(
        shape: shape, width: 320, height: 180, hasAudio: true, path: keep + "/" + shape.rawValue)
      for index in 0..<30 {
        try writer.append(Clips.frame(index, width: 320, height: 180), at: index * 66)
        try writer.append(stereo: Clips.noise(3_200))
      }
      try writer.finish()
    }
    let jpeg = try StillImage.jpeg(Clips.frame(3))
    try Data(jpeg).write(to: URL(fileURLWithPath: keep + "/poster.jpg"))
  }
}
