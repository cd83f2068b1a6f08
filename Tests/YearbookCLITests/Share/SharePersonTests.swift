import Basics
import Engine
import Foundation
import Pipelines
import Postgres
import Store
import TestSupport
import Testing

/// A person's own page, shared: it ends with their consent, and shares end on their last day.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct SharePersonTests {
  private static let rows = """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    VALUES (md5('acme')::uuid, 'acme', 'Acme', 'America/Sao_Paulo', 'pt-BR', 'BRL', '2020-01-01');
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, account_status,
      privacy, share, created)
    SELECT md5(v.name)::uuid, md5('acme')::uuid, v.name, 'Nome' || v.name, 'Souza',
      v.name || '@example.org', 30, 'A', 'names', v.share, '2024-01-01'
    FROM (VALUES ('ana', 'Y'), ('bo', 'N'), ('fay', 'Y')) AS v(name, share);
    INSERT INTO app.pocuser (id, userid, tenantid, name, language, created)
    SELECT md5(u.username || n)::uuid, u.id, u.tenantid, 'Poc-of-' || u.username, 'Swift',
      '2025-03-01 12:00+00'::timestamptz + n * interval '1 day'
    FROM app."user" u, generate_series(1, 3) n;
    """

  private func id(_ name: String, _ scene: ShareScene) throws -> String {
    try scene.here.platform.connect().query("SELECT md5($1)::uuid::text AS id", [name]).only()
      .string("id")
  }

  private func with(_ body: (ShareScene) throws -> Void) throws {
    try Installation.with { here in
      for report in ["annual", "member"] { try here.addReport(report) }
      try here.useProjectRules()
      try here.platform.connect().execute(Self.rows)
      try here.write("yearbook.yaml", "site: \(ShareScene.site)\n")
      let scene = try ShareScene(here)
      try scene.run("member")
      try scene.run()
      try body(scene)
    }
  }

  private func share(_ name: String, _ scene: ShareScene) throws -> String {
    try scene.expect(["share", "acme", "member", "2025", "--person", id(name, scene)])
      .components(separatedBy: "\n").first { $0.hasPrefix("https://") } ?? ""
  }

  @Test func `A person's page names that person alone, and leads to nothing else of theirs`() throws
  {
    try with { scene in
      let address = try share("ana", scene)
      let page = try scene.page(address)
      #expect(page.contains("Nomeana") && page.contains("card-wide.png"))
      let folders = Array(
        try scene.here.record.connect().query("SELECT name FROM yearbook.folder"))
      #expect(folders.count == 2)
      for row in folders {
        let name = try row.string("name")
        #expect(try scene.files(with: name, in: scene.folder(address)) == "")
      }
      for other in ["Nomefay", "Nomebo", try id("ana", scene)] {
        #expect(try scene.files(with: other, in: scene.folder(address)) == "", "\(other)")
      }
      #expect(try scene.expect(["share", "--list"]).contains("acme member 2025, one person's"))
      // Who did not ask has none, and a report of people cannot be shared as a whole.
      try scene.expect(
        ["share", "acme", "member", "2025", "--person", id("bo", scene)], status: 64,
        "no report of this person")
      try scene.expect(["share", "acme", "member", "2025"], status: 64, "no pictures to share")
      try scene.verify()
    }
  }

  @Test func `A person who takes it back, or is erased, is gone from what was shared`() throws {
    try with { scene in
      let (ana, fay) = (try share("ana", scene), try share("fay", scene))
      let report = try scene.share("acme")
      try scene.here.platform.connect().execute(
        "UPDATE app.\"user\" SET share = 'N' WHERE username = 'ana'")
      try scene.run("member")
      try scene.checkIsGone(ana)
      #expect(try scene.files(with: "Nomeana", in: scene.folder(ana)) == "")
      #expect(try scene.page(fay).contains("Nomefay"))
      try scene.verify()
      try scene.expect(["purge", "--tenant", "acme", "--user", id("fay", scene), "--yes"])
      try scene.checkIsGone(fay)
      #expect(try scene.files(with: "Nomefay", in: scene.store) == "")
      // The report's page is made again without the person, and nothing older is left of it.
      #expect(try scene.page(report).contains("og:image"))
      let releases = try FileManager.default.contentsOfDirectory(
        atPath: scene.folder(report) + "/releases")
      #expect(releases.count == 1)
      try scene.verify()
    }
  }

  @Test func `A share ends after its last day, for good`() throws {
    try with { scene in
      let today = Int(Date().timeIntervalSince1970)
      let last = CivilDate(daysSince1970: Timestamp.dayNumber(today) + 3)
      let address = try scene.share("acme", ["--until", last.description])
      #expect(try scene.page(address).contains("no ar até"))
      #expect(try scene.expect(["share", "--list"]).contains("until \(last)"))
      var configuration = try Configuration(
        path: "\(scene.here.folder)/yearbook.yaml", environment: [:])
      configuration.signingKey = "\(scene.here.folder)/key"
      let store = try configuration.releaseStore(scene.store)
      let shares = try Shares(
        configuration, store: store,
        library: PipelineLibrary(folder: "\(scene.here.folder)/pipelines"),
        templates: "\(scene.here.folder)/templates")
      func renew(_ day: Int) -> Shares.Renewal {
        shares.renew(tenants: ["acme"], now: (last.daysSince1970 + day) * 86_400)
      }
      // At the first moment of its last day, and at the last one.
      for now in [last.daysSince1970 * 86_400, last.daysSince1970 * 86_400 + 86_399] {
        let renewal = shares.renew(tenants: ["acme"], now: now)
        #expect(renewal.failures == [] && renewal.takenBack == 0)
      }
      #expect(try scene.page(address).contains("og:image"))
      let ended = renew(1)
      #expect(ended.failures == [] && ended.takenBack == 1 && ended.changed == ["acme"])
      try scene.checkIsGone(address)
      #expect(renew(1).changed == [])
      try scene.verify()
    }
  }
}
