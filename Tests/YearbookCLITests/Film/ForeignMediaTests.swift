import Foundation
import Postgres
import TestSupport
import Testing

/// Another tenant's media, from the row to the release.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ForeignMediaTests {
  private static let keys = [
    "zeta/shots/1.png", "../media/zeta/shots/1.png", "acme/../zeta/shots/1.png",
    "acme/link.png", "acme/others/shots/1.png", "acme//shots/1.png", "acme/./shots/1.png", "",
  ]

  private struct Head: Decodable { var release: String }

  /// The bytes of the newest film and of the newest page of the year.
  private func published(_ here: Installation) throws -> [Data] {
    for pipeline in ["video", "annual"] {
      let (status, output) = try here.yearbook(
        ["run", pipeline, "--tenant", "acme", "--period", "2025"])
      #expect(status == 0, "\(output)")
    }
    return try [("video", "film.mp4"), ("annual", "index.html")].map { pipeline, file in
      let folder = "\(here.folder)/store/tenants/acme/\(pipeline)/2025"
      let latest = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/latest.json"))
      let release = try JSONDecoder().decode(Head.self, from: latest).release
      return try Data(
        contentsOf: URL(fileURLWithPath: "\(folder)/releases/\(release)/data/\(file)"))
    }
  }

  private func set(_ key: String, _ here: Installation) throws {
    try here.platform.connect().query(
      """
      UPDATE app.poc_screenshot s SET object_key = $1 FROM app.pocuser p
      WHERE p.id = s.pocid AND p.name = 'Second'
      """, [key])
  }

  @Test func `A row that names another tenant's picture gets what a missing picture gets`() throws {
    try Installation.withFilms { here in
      try here.addPOC("Second", of: "acme", key: "acme/gone.png")
      for (name, target) in [("link.png", "../zeta/shots/1.png"), ("others", "../zeta")] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(here.folder)/media/acme/\(name)", withDestinationPath: target)
      }
      let without = try published(here)
      for key in Self.keys {
        try set(key, here)
        let found = try published(here)
        #expect(found[0] == without[0], "film, '\(key)'")
        #expect(found[1] == without[1], "page, '\(key)'")
      }
      let warnings = try here.yearbook(["status", "--warnings"]).output
      #expect(!warnings.contains("zeta 2025"), "\(warnings)")
      // What it would look like: this test can fail.
      try set("zeta/shots/1.png", here)
      let refused = try here.yearbook(Installation.film)
      #expect(
        refused.output.contains(
          "zeta/shots/1.png: this key does not begin with 'acme/', the folder of its owner"),
        "\(refused.output)")
      try here.write("yearbook.yaml", "media: {layout: shared}\n")
      let shared = try published(here)
      #expect(shared[0] != without[0] && shared[1] != without[1])
      // A prefix of its own in a shared folder is a wall again.
      try here.write(
        "yearbook.yaml",
        "media: {layout: shared}\ntenants: {acme: {media_prefix: acme}}\n")
      #expect(try published(here) == without)
    }
  }

  @Test(arguments: [
    ("{media_prefix: ../zeta}", "leads out of the media folder"),
    ("{media_prefix: /srv/zeta}", "leads out of the media folder"),
    ("{media_prefix: ''}", "leads out of the media folder"),
    ("{media_prefix: ./}", "an empty part or a '.'"),
    ("{media_prefix: zeta/}", "would share the media below 'zeta/'"),
    ("{media_prefix: zeta/shots}", "would share the media below 'zeta/shots/'"),
  ])
  func `A prefix that is not a folder of the tenant's own stops the run`(
    settings: String, words: String
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("zeta")
      try here.write("yearbook.yaml", "tenants: {acme: \(settings)}\n")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 78, "\(output)")
      #expect(output.contains(words), "\(output)")
    }
  }

  @Test func `Media of a tenant whose folder has another name are found by its prefix`() throws {
    try Installation.withFilms { here in
      try FileManager.default.createDirectory(
        atPath: "\(here.folder)/media/customers", withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: "\(here.folder)/media/acme", toPath: "\(here.folder)/media/customers/0017")
      try here.platform.connect().execute(
        """
        UPDATE app.poc_screenshot SET object_key = replace(object_key, 'acme/', 'customers/0017/');
        UPDATE app.dojo_recording SET object_key = replace(object_key, 'acme/', 'customers/0017/');
        """)
      try here.write(
        "yearbook.yaml",
        "media: {layout: tenants}\ntenants: {acme: {media_prefix: customers/0017}}\n")
      let made = try here.yearbook(Installation.film)
      #expect(made.status == 0 && !made.output.contains("warning"), "\(made.output)")
      let storyboard = try here.payload()["tenants/acme/video/2025/data/storyboard.json"] ?? Data()
      #expect(String(decoding: storyboard, as: UTF8.self).contains("\"recording\""))
    }
  }
}
