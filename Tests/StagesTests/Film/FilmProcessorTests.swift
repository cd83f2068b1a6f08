import Foundation
import Media
import TestSupport
import Testing

@testable import Stages

/// The same film from processors that can do less: the program runs with parts of this one's vector
/// code masked.
///
/// libav is told what to use by the program itself and x264 has a test of its own; what is left
/// looks at the processor by itself: glibc's mathematics and copying, and pixman under the
/// drawings.
@Suite(.serialized, .enabled(if: Places.noYearbook == nil, "the program is not built"))
struct FilmProcessorTests {
  private static let rows = """
    at,kind,id,day,title,subtitle,description,people,hidden,guests,media_key,favorite
    2026-03-03 10:00:00+00,poc,a,2026-03-03,Ação 日本語 🎉,Rust,Um leitor,Ana,0,0,wide.png,t
    2026-03-05 10:00:00+00,dojo,b,2026-03-05,محرك بحث,,,Ana,0,0,dojo.webm,f

    """

  private func film(_ folder: String, _ name: String, _ environment: [String: String]) throws
    -> Data
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Places.yearbook)
    process.arguments = [
      "film", "render", "--to", "\(folder)/\(name).mp4", "--rows", folder + "/rows", "--media",
      folder + "/media", "--preset", "360p30", "--pipelines", Places.project + "/pipelines",
      "--templates", Places.project + "/templates",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).mp4"))
  }

  @Test func `A film does not depend on the processor's vector code`() throws {
    try withTemporaryFolder { folder in
      for part in ["rows", "media"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
      }
      try StitchFixture.write(Self.rows, folder + "/rows/timeline.csv")
      try StitchFixture.write("month,pocs,dojos\n2026-03-01,1,1\n", folder + "/rows/months.csv")
      try StitchFixture.write("pocs,dojos,dojo_seconds\n1,1,3600\n", folder + "/rows/totals.csv")
      try StitchFixture.picture(folder + "/media/wide.png", width: 640, height: 400)
      try StitchFixture.recording(folder + "/media/dojo.webm", seconds: 3)
      let all = try film(folder, "all", [:])
      let glibc =
        "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-FMA,-FMA4,-SSE4_2,-SSE4_1,-SSSE3,-ERMS"
      let old = try film(folder, "sse2", ["GLIBC_TUNABLES": glibc, "PIXMAN_DISABLE": "ssse3"])
      #expect(old == all)
      let none = try film(
        folder, "none", ["GLIBC_TUNABLES": glibc, "PIXMAN_DISABLE": "sse2 ssse3 mmx"])
      #expect(none == all)
    }
  }
}
