import Foundation
import TestSupport
import Testing

/// Two hours of 720p as a browser writes them, without duration and index.
struct LongRecordingTests {
  /// Only in an optimised build, because time is measured.
  private static let program = Places.project + "/.build/release/yearbook"
  private static let isWanted =
    Run.isSoak && Run.has("ffmpeg") && Run.has("time")
    && FileManager.default.isExecutableFile(atPath: program)

  @Test(.enabled(if: isWanted, "slow: needs YEARBOOK_SOAK, ffmpeg, time and an optimised build"))
  func `Two hours without duration or index are analysed in a minute with 200 MB`() throws {
    let folder = Folder()
    let minute = folder.file("minute.webm")
    let made = Run.tool(
      "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=60", "-f", "lavfi",
      "-i", "sine=f=300:r=48000:d=60", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "10",
      "-b:v", "1500k", "-g", "250", "-c:a", "libopus", minute)
    #expect(made.status == 0, "\(made.errors)")
    let long = folder.file("long.webm")
    let looped = Run.tool(
      "ffmpeg", "-v", "error", "-stream_loop", "119", "-i", minute, "-c", "copy", "-f", "webm",
      "-live", "1", long)
    #expect(looped.status == 0, "\(looped.errors)")
    // The server and its children end with the program, so `time` sees the largest of them.
    let start = Date()
    let inspected = Run.tool("time", "-f", "%M", Self.program, "film", "inspect", "--json", long)
    let seconds = Date().timeIntervalSince(start)
    #expect(inspected.status == 0, "\(inspected.errors)")
    let probe = try #require(
      JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any])
    let duration = try #require(probe["duration"] as? Int)
    #expect(abs(duration - 7_200_000) < 10_000)
    #expect((probe["activity"] as? [Any])?.count == (duration + 999) / 1_000)
    let memory = try #require(
      inspected.errors.split(separator: "\n").last.flatMap { Int($0) })
    print("two hours: \(seconds) s, \(memory / 1_024) MiB")
    #expect(seconds <= 60)
    #expect(memory <= 200 * 1_024)
  }
}
