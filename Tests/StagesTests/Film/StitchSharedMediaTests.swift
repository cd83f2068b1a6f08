import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// A film of all pictures and recordings of the shared data: real, odd, broken and hostile.
@Suite(.serialized)
struct StitchSharedMediaTests {
  static let data = Places.project + "/../shared/data"
  static let isWanted =
    ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] != nil
    && FileManager.default.fileExists(atPath: data)

  @Test(.enabled(if: isWanted, "slow: wants YEARBOOK_SOAK and ../shared/data"))
  func `Every picture and recording has a scene or a card with a warning`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 2)
      var rows: [String] = []
      for (source, kind) in [("screenshots", "poc"), ("media", "dojo")] {
        let names = try FileManager.default.subpathsOfDirectory(
          atPath: StitchSharedMediaTests.data + "/" + source
        ).sorted()
        for name in names where !name.hasSuffix(".csv") {
          let path = "\(StitchSharedMediaTests.data)/\(source)/\(name)"
          var isFolder: ObjCBool = false
          guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            !isFolder.boolValue
          else { continue }
          let key = "\(rows.count)-\(name.replacingOccurrences(of: "/", with: "-"))"
            .replacingOccurrences(of: ",", with: "-")
          try FileManager.default.copyItem(atPath: path, toPath: folder + "/media/" + key)
          let day = "2026-\(rows.count % 2 == 0 ? "03" : "04")-\(10 + rows.count % 18)"
          rows.append("x,\(kind),\(rows.count),\(day),\(key),,,,0,0,\(key),f")
        }
      }
      rows.sort { $0.split(separator: ",")[3] < $1.split(separator: ",")[3] }
      var work = try StitchFixture.work(folder, rows: rows)
      work.settings.filmTarget = 20
      work.settings.filmMaximum = 3_600
      let output = try StitchStage().prepare(work, inputs: [], environment: environment).run()
      for warning in output.warnings { print(warning.code, warning.subject, warning.message) }
      #expect(output.files.count == 5)
      #expect(!output.warnings.isEmpty)
      if let show = ProcessInfo.processInfo.environment["YEARBOOK_SHOW"] {
        try FileManager.default.copyItem(
          atPath: environment.scratch + "/film.mp4", toPath: show + "/shared-\(rows.count).mp4")
      }
    }
  }
}
