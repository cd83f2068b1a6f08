import Foundation
import TestSupport
import Testing

/// The film on a shared page: only where the tenant wants it, and not after it was withdrawn.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ShareFilmTests {
  @Test func `A film is shared only where the tenant says so, and ends the share with it`() throws {
    try Installation.withFilms { here in
      let site = "site: \(ShareScene.site)\n"
      try here.write("yearbook.yaml", site)
      let scene = try ShareScene(here)
      for pipeline in ["video", "annual"] { try scene.run(pipeline, more: ["--tenant", "acme"]) }
      let address = try scene.share("acme")
      #expect(try !scene.page(address).contains("<video"))
      #expect(throws: (any Error).self) { try scene.file("film.mp4", address) }

      try here.write("yearbook.yaml", site + "tenants: {acme: {share: {film: true}}}\n")
      try scene.expect(["prune", "--yes"])
      let page = try scene.page(address)
      #expect(page.contains("<video") && page.contains("kind=\"captions\""))
      #expect(page.contains("media-src 'self'"))
      for name in ["film.mp4", "poster.jpg", "captions.vtt"] {
        let latest = try #require(
          Installation.payload(inStore: scene.store).first {
            $0.key.contains("/video/") && $0.key.hasSuffix("/\(name)")
          })
        #expect(try scene.file(name, address) == latest.value, "\(name)")
      }
      try scene.verify()

      try scene.expect(
        [
          "withdraw", "--tenant", "acme", "--pipeline", "video", "--period", "2025", "--yes",
        ], "1 share taken back")
      try scene.checkIsGone(address)
      try scene.verify()
    }
  }
}
