import Foundation
import Media
import Postgres
import TestSupport
import Testing

/// `share` and `unshare`, with the built program and a real PostgreSQL.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ShareCommandTests {
  @Test func `A shared page says what its pictures say, and holds no person and no other tenant`()
    throws
  {
    try ShareScene.with { scene in
      let slugs = ["brasil", "england", "espana"]
      for (slug, lang) in zip(slugs, ["pt-BR", "en", "es"]) {
        let address = try scene.share(slug)
        let name = address.dropLast("/index.html".count).split(separator: "/").last ?? ""
        #expect(address.hasPrefix("\(ShareScene.site)/tenants/\(slug)/shared/"))
        #expect(name.count == 26)
        let page = try scene.page(address)
        #expect(page.contains("lang=\"\(lang)\"") && page.contains("noindex"))
        let picture = try scene.file("card-wide.png", address)
        let words = StillImage.description(ofPNG: Array(picture)).split(separator: "\n")
        #expect(words.count >= 4)
        for word in words.flatMap({ $0.split(separator: ": ") }) {
          #expect(page.contains(word.replacing("&", with: "&amp;")), "\(word)")
        }
        // Only this page's own pictures, by absolute addresses, and nothing of anybody else's.
        let folder = address.dropLast("index.html".count)
        #expect(page.contains("property=\"og:image\" content=\"\(folder)releases/"))
        #expect(page.contains("name=\"twitter:card\" content=\"summary_large_image\""))
        for part in page.components(separatedBy: "https://").dropFirst() {
          #expect(("https://" + part).hasPrefix(folder))
        }
        for word in ["<script", "http-equiv=\"refresh\"", "<form", "<iframe"] {
          #expect(!page.contains(word))
        }
        for text in ShareScene.names + slugs.filter({ $0 != slug }) {
          #expect(try scene.files(with: text, in: scene.folder(address)) == "", "\(text)")
        }
        let code = String(decoding: try scene.file("qr.svg", address), as: UTF8.self)
        #expect(code.contains("<svg") && code.contains("#000000"))
        // Nothing that others can read leads to it.
        for listing in ["index.html", "catalog.json", "annual/2025/index.html"] {
          let text = try String(
            contentsOfFile: "\(scene.store)/tenants/\(slug)/\(listing)", encoding: .utf8)
          #expect(!text.contains(name), "\(listing)")
        }
        // The same command gives the same address.
        #expect(try scene.share(slug) == address)
      }
      try scene.verify()
      let listed = try scene.expect(["share", "--list"])
      for slug in slugs { #expect(listed.contains("\(slug) annual 2025, since")) }
      let one = try scene.expect(["share", "--list", "england", "--json"])
      #expect(
        one.contains("\"state\" : \"shown\"") || one.contains("\"state\":\"shown\""), "\(one)")
      #expect(!one.contains("brasil"))
      // An unchanged run changes nothing.
      let address = try scene.share()
      let before = try scene.page(address)
      try scene.run()
      #expect(try scene.page(address) == before)
    }
  }

  @Test func `What cannot be shared is told, with the reason`() throws {
    try ShareScene.with { scene in
      let share = ["share", "brasil", "annual"]
      try scene.run(period: "2026", more: ["--tenant", "brasil"])
      try scene.expect(share + ["2026"], status: 64, "its period is under way")
      try scene.expect(share + ["1999"], status: 64, "no partition")
      try scene.expect(["share", "nobody", "annual", "2025"], status: 64, "no tenant 'nobody'")
      try scene.expect(share, status: 64, "TENANT REPORT PERIOD")
      try scene.expect(share + ["2025", "--until", "2020-01-01"], status: 64, "has passed")
      try scene.expect(share + ["2025", "--until", "soon"], status: 64, "must be a day")
      try scene.expect(
        share + ["2025", "--person", "x"], status: 64, "no report of this person")
      try scene.expect(["unshare"], status: 64, "by their addresses")
      try scene.expect(["unshare", "abc"], status: 64, "no shared page")
      try scene.expect(["share", "--list"], "nothing is shared")
      try scene.here.write("yearbook.yaml", "site: file:///srv/store\n")
      try scene.expect(share + ["2025"], status: 78, "site: https://")
      let shares = "\(scene.store)/tenants/brasil/shared"
      #expect(!FileManager.default.fileExists(atPath: shares))
    }
  }

  @Test func `What is taken back is gone at once, and stays gone`() throws {
    try ShareScene.with { scene in
      let (address, other) = (try scene.share(), try scene.share("england"))
      try scene.expect(["unshare", address], "1 page taken back")
      try scene.checkIsGone(address)
      try scene.verify()
      // Again, by its name alone.
      let name = String(address.split(separator: "/").dropLast().last ?? "")
      try scene.expect(["unshare", name], "1 page taken back")
      try scene.run()
      try scene.checkIsGone(address)
      #expect(try scene.expect(["share", "--list"]).contains("brasil \(name), taken back on"))
      #expect(try scene.page(other).contains("og:image"))
      // Who shares again gets another address.
      let again = try scene.share()
      #expect(again != address && !again.isEmpty)
      try scene.checkIsGone(address)
      try scene.expect(["unshare", "--tenant", "brasil"], "2 pages taken back")
      try scene.checkIsGone(again)
      try scene.verify()
      // An image of the page from before does not come back: the next command makes it gone again.
      try Data("<p>old</p>".utf8).write(
        to: URL(fileURLWithPath: scene.folder(address) + "/index.html"))
      try scene.expect(["verify"], status: 1, "altered")
      try scene.expect(["prune", "--yes"])
      try scene.checkIsGone(address)
      try scene.verify()
    }
  }

  @Test func `It follows its report, and ends with it`() throws {
    try ShareScene.with { scene in
      let address = try scene.share()
      let before = try scene.file("card-wide.png", address)
      try scene.here.platform.connect().execute(
        """
        INSERT INTO app.pocuser (id, userid, tenantid, name, language, created, updated)
        SELECT md5('late')::uuid, u.id, u.tenantid, 'Late', 'Go', '2025-05-01', '2025-05-01'
        FROM app."user" u JOIN app.tenant t ON t.id = u.tenantid
        WHERE t.slug = 'brasil' AND username = 'ana'
        """)
      try scene.run()
      let after = try scene.file("card-wide.png", address)
      #expect(before != after)
      let words = StillImage.description(ofPNG: Array(after)).split(separator: "\n")
      let page = try scene.page(address)
      for word in words.dropFirst(2).flatMap({ $0.split(separator: ": ") }) {
        #expect(page.contains(word), "\(word)")
      }
      try scene.verify()
      // A withdrawn report takes its pages with it, and a rollback does not bring them back.
      try scene.expect(
        [
          "withdraw", "--tenant", "brasil", "--pipeline", "annual", "--period", "2025", "--yes",
        ], "1 share taken back")
      try scene.checkIsGone(address)
      try scene.expect(["rollback", "brasil/annual/2025"])
      try scene.checkIsGone(address)
      try scene.verify()
    }
  }

  @Test func `A tenant that is erased or renamed takes its shares with it`() throws {
    try ShareScene.with { scene in
      let (brasil, england) = (try scene.share(), try scene.share("england"))
      try scene.here.platform.connect().execute(
        "UPDATE app.tenant SET slug = 'albion' WHERE slug = 'england'")
      try scene.expect(["tenant", "rename", "england", "albion"])
      let moved = england.replacing("/england/", with: "/albion/")
      // The tags and the code lead to where the page is now.
      #expect(try scene.page(moved).contains("content=\"\(moved)\""))
      #expect(try scene.files(with: "/england/", in: scene.folder(moved) + "/index.html") == "")
      try scene.verify()
      try scene.expect(["purge", "--tenant", "brasil", "--yes"])
      #expect(!FileManager.default.fileExists(atPath: scene.folder(brasil)))
      #expect(try scene.page(moved).contains("og:image"))
      try scene.verify()
    }
  }
}
