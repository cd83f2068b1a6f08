import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Stages

struct FilmWorkbenchTests {
  private func bench(_ folder: String, preset: String = "360p30") throws -> FilmWorkbench {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    return try FilmWorkbench(
      pipeline: #require(library.pipeline("video")),
      tenant: Tenant(
        id: "3f0c1a52-0000-4000-8000-000000000001", slug: "kobo", name: "工房 & Sons",
        zone: .utc, locale: "en", currency: "EUR"), period: #require(Period("2026")),
      rows: Places.project + "/templates/video/example",
      templates: Places.project + "/templates", media: nil, scratch: folder, preset: preset)
  }

  @Test func `The example's film has every kind of card`() throws {
    try withTemporaryFolder { folder in
      let (lines, warnings) = try bench(folder).plan()
      #expect(warnings.isEmpty)
      #expect(lines.first?.content == "intro")
      #expect(lines.last?.content == "outro")
      #expect(lines.filter { $0.content == "item" }.count == 6)
      #expect(lines.filter { $0.content == "month" }.count == 4)
      #expect(lines.map(\.number) == Array(1...lines.count))
    }
  }

  @Test func `One scene is drawn as a picture and written as a film`() throws {
    try withTemporaryFolder { folder in
      let bench = try bench(folder)
      let (frame, _) = try bench.picture(scene: 3, at: 0.5)
      #expect(frame.width == 640 && frame.height == 360)
      #expect(Set(frame.y).count > 10)
      #expect(try bench.film(scene: 3, to: folder + "/scene.mp4").made == 1)
      #expect(try bench.film(scene: 3, to: folder + "/scene.mp4").made == 0)
      let size = try FileManager.default.attributesOfItem(atPath: folder + "/scene.mp4")[.size]
      #expect(try #require(size as? Int) > 10_000)
    }
  }

  @Test func `A missing scene, preset or file of rows is a usage error`() throws {
    try withTemporaryFolder { folder in
      let bench = try bench(folder)
      #expect(throws: Diagnostic.self) { try bench.picture(scene: 99, at: 0) }
      #expect(
        throws: Diagnostic(
          .usage, "the preset '4k' is unknown",
          hint: "use one of: 360p30, 720p30, 1080p30, vertical")
      ) { try self.bench(folder, preset: "4k") }
    }
  }

  @Test func `A film that does not fit on the disk is not started`() throws {
    // Eight minutes at 720p.
    let needed = FilmRoom.bytes(steps: 900, .p720)
    #expect(needed == 430_079_400)
    try FilmRoom.check(needed: needed, free: needed)
    #expect(
      throws: Diagnostic(
        .io, "the film needs up to 430.1 MB, but the workspace has only 12.3 MB free",
        hint:
          "free some space, set workspace: to another disk, or shorten the film under stitch.lengths"
      )
    ) { try FilmRoom.check(needed: needed, free: 12_345_678) }
  }
}
