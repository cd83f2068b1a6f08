import Foundation
import TestSupport
import Testing

/// The film that a year in review leads to: its picture and its length, on the page.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct LinkedFilmTests {
  private struct Head: Decodable { var release: String }
  private struct Board: Decodable { var milliseconds: Int }

  private func folder(_ here: Installation, _ pipeline: String) throws -> String {
    let folder = "\(here.folder)/store/tenants/acme/\(pipeline)/2025"
    let latest = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/latest.json"))
    return "\(folder)/releases/\(try JSONDecoder().decode(Head.self, from: latest).release)/data"
  }

  private func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func run(_ here: Installation, _ pipeline: String) throws -> String {
    let (status, output) = try here.yearbook(
      ["run", pipeline, "--tenant", "acme", "--period", "2025"])
    try #require(status == 0, "\(output)")
    return output
  }

  @Test func `A page shows the newest film's own picture and length, and none without a film`()
    throws
  {
    try Installation.withFilms { here in
      _ = try run(here, "annual")
      var annual = try folder(here, "annual")
      #expect(!FileManager.default.fileExists(atPath: "\(annual)/video-poster.jpg"))
      #expect(
        !String(decoding: try bytes("\(annual)/index.html"), as: UTF8.self).contains("video/"))

      _ = try run(here, "video")
      _ = try run(here, "annual")
      let video = try folder(here, "video")
      annual = try folder(here, "annual")
      #expect(try bytes("\(annual)/video-poster.jpg") == bytes("\(video)/poster.jpg"))
      let page = String(decoding: try bytes("\(annual)/index.html"), as: UTF8.self)
      let seconds =
        try JSONDecoder().decode(Board.self, from: bytes("\(video)/storyboard.json")).milliseconds
        / 1000
      let clock = "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
      #expect(page.contains(" · \(clock)</span>"), "\(clock)")
      #expect(page.contains("<img src=\"video-poster.jpg\" width=\"640\" height=\"360\""))

      // The same film: nothing is made again.
      #expect(try run(here, "annual").contains("0 published"))
      // Another film: another picture or length.
      try here.addPOC("Second", of: "acme", key: "acme/shots/1.png")
      _ = try run(here, "video")
      _ = try run(here, "annual")
      let again = try folder(here, "annual")
      #expect(again != annual)
      #expect(
        try bytes("\(again)/video-poster.jpg") == bytes("\(folder(here, "video"))/poster.jpg"))
    }
  }

  @Test func `A film's folder that has lost its picture costs no page`() throws {
    try Installation.withFilms { here in
      _ = try run(here, "video")
      let video = try folder(here, "video")
      try FileManager.default.removeItem(atPath: "\(video)/poster.jpg")
      _ = try run(here, "annual")
      let page = String(
        decoding: try bytes("\(folder(here, "annual"))/index.html"), as: UTF8.self)
      #expect(page.contains("class=\"play\" href=\"../../../../../video/2025/index.html\""))
      #expect(!page.contains("video-poster.jpg"))
    }
  }
}
