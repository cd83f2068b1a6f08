import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import Synchronization
import TestSupport
import Testing

@testable import Stages

/// What the rows say about a recording's length decides what a pause in it is.
struct StitchPauseTests {
  /// A recording with a picture of one colour at 0 s, at one hour and a second later.
  private func record(_ path: String) throws {
    let writer = try RecordingWriter(
      shape: .webmVP8, width: 160, height: 90, hasAudio: false, path: path)
    for (light, time) in [(60, 0), (90, 3_600_000), (120, 3_601_000)] {
      try writer.append(VideoFrame(width: 160, height: 90, luma: UInt8(light)), at: time)
    }
    try writer.finish()
  }

  @Test func `A recording that lasts longer than it ran loses its pause, and no other does`() throws
  {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 1)
      try record("\(folder)/media/a.webm")
      let media = FilmMedia(environment: environment)
      func look(_ recorded: Int?) throws -> (duration: Int, longest: Int?, codes: [String]) {
        let found = try media.facts("a.webm", .recording, recorded: recorded)
        guard case .recording(let probe) = found.facts.content else { return (0, nil, []) }
        return (probe.duration, found.facts.longest, found.warnings.map(\.code))
      }
      for recorded in [nil, 3_600_000, 7_200_000] {
        let found = try look(recorded)
        #expect(abs(found.duration - 3_602_000) < 1_000, "\(found)")
        #expect(found.longest == nil && found.codes == [])
      }
      let short = try look(10_000)
      #expect(short.duration < 4_000, "\(short)")
      #expect(short.codes == ["recording-jump"])
      // The other rows of the same object are not touched by it.
      #expect(try look(nil).longest == nil)
    }
  }

  @Test func `The storyboard's instants say how long a recording ran`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/timeline.csv"
      let header = StitchFixture.header + ",started,stopped"
      let rows = [
        "x,dojo,a,2026-01-03,A,,,Ana,0,0,a.webm,f,2026-01-03 10:00:00+00,2026-01-03 10:05:30.5+00",
        "x,dojo,b,2026-01-03,A,,,Ana,0,0,a.webm,f,2026-01-03 10:00:00+00,",
        "x,dojo,c,2026-01-03,A,,,Ana,0,0,a.webm,f,2026-01-03 10:00:00+00,2026-01-03 09:00:00+00",
        "x,dojo,d,2026-01-03,A,,,Ana,0,0,a.webm,f,2026-01-03 10:00:00+00,infinity",
      ]
      try StitchFixture.write(([header] + rows).joined(separator: "\n") + "\n", path)
      let work = try StitchFixture.work(folder, rows: [])
      var dataset = try #require(work.dataset("timeline"))
      dataset.content = .file(path: path)
      let items = try FilmItem.read(dataset, spec: #require(work.pipeline.stitch))
      #expect(items.map(\.recorded) == [330_000, nil, nil, nil])
    }
  }

  @Test func `Fonts are in the key of a film and of each scene`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 1)
      let prepared = try StitchStage().prepare(
        StitchFixture.work(folder, rows: []), inputs: [], environment: environment)
      #expect(prepared.inputs.parts["fonts"] == RasterFonts.digest.hex)
      _ = try prepared.run()
      let segments = environment.made.withLock { $0 }.filter { $0.parts["stage"] == "segment" }
      #expect(!segments.isEmpty)
      #expect(segments.allSatisfy { $0.parts["fonts"] == RasterFonts.digest.hex })
    }
  }
}
