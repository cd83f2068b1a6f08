import Foundation
import Postgres
import TestSupport
import Testing

/// What messengers show for a link to a report, and for whom they do.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct SharePreviewTests {
  @Test func `A link has a preview if the store is on the web, and only its own tenant's`() throws {
    try Installation.with { here in
      for name in ["annual", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.useProjectRules()
      try here.platform.connect().execute(
        Installation.text("Tests/Fixtures/golden/rows.sql"))
      func run() throws {
        let (status, output) = try here.yearbook(
          ["run", "annual", "--period", "2025", "--as-of", "2026-11-20"])
        try #require(status == 0, "\(output)")
      }
      func page(_ slug: String) throws -> String {
        try Installation.text("index.html", in: "\(here.folder)/store/tenants/\(slug)/annual/2025")
      }
      try run()
      #expect(try !page("brasil").contains("og:"))

      // The address of the store changes nothing but the pages that lead to releases.
      try here.write("yearbook.yaml", "site: https://reports.example.com/\n")
      try run()
      let shown = try page("brasil")
      let start = "<meta property=\"og:image\" content=\"https://reports.example.com/"
      let picture = try #require(
        shown.components(separatedBy: start).dropFirst().first?.components(separatedBy: "\"").first)
      #expect(picture.hasPrefix("tenants/brasil/annual/2025/releases/"))
      let bytes = try #require(
        FileManager.default.contents(atPath: "\(here.folder)/store/\(picture)"))
      #expect(bytes.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
      for other in ["england", "espana"] { #expect(!shown.contains(other)) }
      let (status, output) = try here.yearbook(["verify"])
      #expect(status == 0, "\(output)")

      // Others cannot read an address that is not on the web.
      try here.write("yearbook.yaml", "site: file:///srv/store\n")
      try run()
      #expect(try !page("brasil").contains("og:"))
    }
  }
}
