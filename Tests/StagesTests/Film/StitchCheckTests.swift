import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Stages

struct StitchCheckTests {
  private let templates = Places.project + "/templates"

  private func spec(_ change: (String) -> String = { $0 }) throws -> StitchSpec {
    let reader = SpecReader(file: "pipeline.yaml")
    let text = change(StitchFixture.pipeline.replacingOccurrences(of: "PRESET", with: "720p30"))
    let node = try #require(reader.parse(text)?.mapping()?["stitch"])
    let spec = StitchSpec(node, queries: ["timeline", "months", "totals"])
    try reader.finish()
    return try #require(spec)
  }

  @Test func `The project's own cards are sound`() throws {
    let catalog = try MessageCatalog(folder: templates + "/messages")
    let found = try StitchStage.diagnostics(
      of: spec(), pipeline: "pipeline.yaml", templates: templates, catalog: catalog)
    #expect(found == [])
  }

  @Test func `A missing card and a figure without a message are reported together`() throws {
    let found = try StitchStage.diagnostics(
      of: spec {
        $0.replacingOccurrences(of: "outro.svg", with: "end.svg")
          .replacingOccurrences(
            of: "show: {pocs: integer, dojos: integer}", with: "show: {cows: integer}")
      }, pipeline: "pipeline.yaml", templates: templates,
      catalog: MessageCatalog(folder: templates + "/messages"))
    #expect(
      found.map(\.description) == [
        "pipeline.yaml: no message 'film.figures.cows' for a figure of the film",
        "\(templates)/video/end.svg: this template can't be read",
      ])
  }

  @Test func `All errors of the stitch part are reported at once, with their places`() {
    var told: [String] = []
    do {
      _ = try spec {
        $0.replacingOccurrences(of: "720p30", with: "721p30")
          .replacingOccurrences(of: "storyboard: timeline", with: "storyboard: timelime")
          .replacingOccurrences(of: "media: recording", with: "media: film")
          .replacingOccurrences(of: "max: 3m", with: "max: 10s")
      }
    } catch let error as Diagnostics {
      told = error.all.map(\.description)
    } catch {
      told = ["\(error)"]
    }
    #expect(told.count == 4)
    #expect(told.allSatisfy { $0.hasPrefix("pipeline.yaml:") })
    #expect(
      told.contains { $0.contains("expected one of 360p30, 720p30, 1080p30, found '721p30'") })
  }
}
