import Foundation
import Postgres
import TestSupport
import Testing

/// A member's own year: for those alone who asked and are named, and gone when they take it back.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct MemberYearTests {
  private static let rows = """
    INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
    SELECT md5(slug)::uuid, slug, initcap(slug), 'America/Sao_Paulo', locale, 'BRL', '2020-01-01'
    FROM (VALUES ('acme', 'pt-BR'), ('other', 'en')) AS v(slug, locale);
    INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, account_status,
      privacy, share, created)
    SELECT md5(v.name)::uuid, md5(v.slug)::uuid, v.name, 'Nome' || v.name, 'Souza', v.name || '@example.org',
      30, 'A', v.privacy, v.share, '2024-01-01'
    FROM (VALUES ('acme', 'ana', 'names', 'Y'), ('acme', 'bo', 'names', 'N'), ('acme', 'cy', 'none', 'Y'),
      ('acme', 'di', 'initials', 'Y'), ('acme', 'quiet', 'names', 'Y'), ('acme', 'fay', 'names', 'Y'),
      ('other', 'eve', 'names', 'Y')) AS v(slug, name, privacy, share);
    INSERT INTO app.pocuser (id, userid, tenantid, name, language, created)
    SELECT md5(u.username || n)::uuid, u.id, u.tenantid, 'Poc-of-' || u.username, 'Swift',
      '2025-03-01 12:00+00'::timestamptz + n * interval '1 day'
    FROM app."user" u, generate_series(1, 3) n WHERE u.username <> 'quiet';
    -- Ana's dojo, with all others and a guest.
    INSERT INTO app.room (id, userid, tenantid, date, name, created)
    SELECT md5('dojo')::uuid, md5('ana')::uuid, md5('acme')::uuid, '2025-06-01 12:00+00', 'Kata', '2025-05-01';
    INSERT INTO app.room_member SELECT md5('dojo')::uuid, id FROM app."user" WHERE username <> 'quiet';
    """

  private func with(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.addReport("member")
      try here.useProjectRules()
      try here.platform.connect().execute(Self.rows)
      try body(here)
    }
  }

  private func run(_ here: Installation, _ more: [String] = []) throws -> String {
    let (status, output) = try here.yearbook(
      ["run", "member", "--period", "2025", "--as-of", "2026-11-20"] + more)
    try #require(status == 0, "\(output)")
    return output
  }

  /// A tenant's folders, by the person's user name.
  private func folders(_ here: Installation, _ slug: String) throws -> [String: String] {
    var folders: [String: String] = [:]
    let names = try here.platform.connect().query(
      "SELECT id::text AS id, username FROM app.\"user\"")
    for row in try here.record.connect().query(
      "SELECT user_id, name FROM yearbook.folder WHERE tenant_id = md5($1)::uuid", [slug])
    {
      let id = try row.string("user_id")
      let name = try names.first { try $0.string("id") == id }?.string("username")
      folders[try #require(name)] = try row.string("name")
    }
    return folders
  }

  /// The text of each file below the tenant's folder that holds a word, by path.
  private func files(_ here: Installation, of slug: String, with word: String) throws -> [String] {
    try Program.run(["/bin/grep", "-rlF", word, "\(here.folder)/store/tenants/\(slug)"]).output
      .split(separator: "\n").map(String.init)
  }

  @Test func `Only who asked and is named has a year, in a folder that nothing lists`() throws {
    try with { here in
      _ = try run(here)
      let own = try folders(here, "acme")
      #expect(Set(own.keys) == ["ana", "fay"])
      #expect(try Set(folders(here, "other").keys) == ["eve"])
      let payload = try here.payload()
      for (name, folder) in own {
        #expect(folder.count == 26)
        let page = "tenants/acme/member/2025/data/own/\(folder)/index.html"
        let text = String(decoding: try #require(payload[page]), as: UTF8.self)
        #expect(text.contains("Nome\(name) Souza") && text.contains("Poc-of-\(name)"))
        for shape in ["wide", "square", "tall"] {
          #expect(payload["tenants/acme/member/2025/data/own/\(folder)/card-\(shape).png"] != nil)
        }
        // Beside the person's own files, only the release's lists of files know the folder.
        for file in try files(here, of: "acme", with: folder) {
          let last = file.split(separator: "/").last.map(String.init) ?? ""
          #expect(
            ["manifest-sha256.txt", "datapackage.json"].contains(last), "\(name): \(file)")
        }
      }
      // Nobody is in anybody else's files.
      for (path, bytes) in payload where path.contains("/own/") {
        let text = String(decoding: bytes, as: UTF8.self)
        let owner = own.first { path.contains($0.value) }?.key ?? "eve"
        for name in ["ana", "bo", "cy", "di", "fay", "eve", "quiet"] where name != owner {
          #expect(!text.contains("Nome\(name)"), "\(name) in \(path)")
          #expect(!text.contains("Poc-of-\(name)"), "\(name) in \(path)")
          #expect(!text.contains("\(name)@"), "\(name) in \(path)")
        }
      }
      let address = String(
        decoding: try #require(
          FileManager.default.contents(
            atPath: "\(here.folder)/store/tenants/acme/member/2025/index.html")), as: UTF8.self)
      #expect(address.contains("location.hash") && !address.contains("Nome"))
      let index = try Installation.text("index.html", in: "\(here.folder)/store/tenants/acme")
      #expect(!index.contains("Nome"))
      let (status, output) = try here.yearbook(["verify", "--deep"])
      #expect(status == 0, "\(output)")
      // Again: nothing changes, and the names stay.
      #expect(try run(here).contains("2 unchanged"))
      #expect(try folders(here, "acme") == own)
    }
  }

  @Test func `Who takes it back is gone from all releases, and gets another folder later`() throws {
    try with { here in
      _ = try run(here)
      let before = try folders(here, "acme")
      let platform = try here.platform.connect()
      try platform.execute("UPDATE app.\"user\" SET share = 'N' WHERE username = 'ana'")
      _ = try run(here)
      #expect(try Set(folders(here, "acme").keys) == ["fay"])
      #expect(try folders(here, "acme")["fay"] == before["fay"])
      let ana = try #require(before["ana"])
      #expect(try files(here, of: "acme", with: "Nomeana") == [])
      #expect(try files(here, of: "acme", with: ana) == [])
      // Who is no longer shown by name, either.
      try platform.execute("UPDATE app.\"user\" SET privacy = 'initials' WHERE username = 'fay'")
      _ = try run(here)
      #expect(try folders(here, "acme") == [:])
      #expect(try files(here, of: "acme", with: "Nomefay") == [])
      try platform.execute("UPDATE app.\"user\" SET share = 'Y', privacy = 'names'")
      _ = try run(here)
      let after = try folders(here, "acme")
      #expect(after["ana"] != nil && after["ana"] != ana && after["fay"] != before["fay"])
      let (status, output) = try here.yearbook(["verify", "--deep"])
      #expect(status == 0, "\(output)")
    }
  }

  @Test func `An erased person's year is erased with them`() throws {
    try with { here in
      _ = try run(here)
      let before = try folders(here, "acme")
      let id = try here.platform.connect().query("SELECT md5('ana')::uuid::text AS id").only()
        .string("id")
      let (status, output) = try here.yearbook(
        ["purge", "--tenant", "acme", "--user", id, "--yes"])
      #expect(status == 0, "\(output)")
      let ana = try #require(before["ana"])
      for word in ["Nomeana", "Poc-of-ana", ana] {
        for folder in ["store", "workspace"] {
          let found = try Program.run(["/bin/grep", "-rlF", word, "\(here.folder)/\(folder)"])
          #expect(found.output == "", "\(word)")
        }
      }
      #expect(try Set(folders(here, "acme").keys) == ["fay"])
      let left = try here.record.connect().query(
        "SELECT count(*) AS count FROM yearbook.folder WHERE user_id = $1", [id])
      #expect(try left.only().int("count") == 0)
    }
  }

  @Test func `A platform without the column works, and nobody has a year`() throws {
    try with { here in
      try here.platform.connect().execute("ALTER TABLE app.\"user\" DROP COLUMN share")
      _ = try run(here)
      #expect(try folders(here, "acme") == [:])
      let payload = try here.payload()
      #expect(
        payload.keys.filter { $0.contains("/member/") }.sorted() == [
          "tenants/acme/member/2025/data/index.html", "tenants/other/member/2025/data/index.html",
        ])
    }
  }

  @Test func `Each is mailed the address of their own year, and nobody another's`() throws {
    try with { here in
      try here.platform.connect().execute("GRANT SELECT (email) ON app.\"user\" TO yearbook_reader")
      try here.write(
        "yearbook.yaml",
        """
        site: https://reports.example.com
        channels: {mail: {kind: file, folder: mail, from: reports@example.com}}
        """)
      let output = try run(here, ["--config", "\(here.folder)/yearbook.yaml"])
      let sent = try here.deliver()
      #expect(sent.status == 0, "\(sent.output)")
      let acme = try folders(here, "acme")
      let all = acme.merging(try folders(here, "other")) { first, _ in first }
      let boxes = try here.mailboxes()
      // Who asked and did nothing has no year to be told of.
      #expect(Set(boxes.keys) == ["ana@example.org", "fay@example.org", "eve@example.org"])
      for (address, mails) in boxes {
        #expect(mails.count == 1)
        let text = mails.joined().replacing("\r", with: "").replacing("=\n", with: "")
        for (name, folder) in all {
          #expect(text.contains("index.html#\(folder)") == (address == "\(name)@example.org"))
        }
      }
      for folder in all.values { #expect(!(output + sent.output).contains(folder)) }
    }
  }

  @Test func `A place is told only in the upper half of ten or more`() throws {
    try with { here in
      let platform = try here.platform.connect()
      func places() throws -> [String: Int?] {
        let (status, output) = try here.yearbook(
          ["run", "member", "--period", "2025", "--as-of", "2026-11-20"])
        try #require(status == 0, "\(output)")
        var places: [String: Int?] = [:]
        for (name, folder) in try folders(here, "acme") {
          let bytes = try #require(
            here.payload()["tenants/acme/member/2025/data/own/\(folder)/report.json"])
          let report = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
          let figures = report?["figures"] as? [[String: Any]] ?? []
          let amounts = figures.first { $0["name"] as? String == "place" }?["amounts"]
          let value = (amounts as? [[String: Any]])?.first?["value"]
          places.updateValue((value as? String).flatMap { Int($0) }, forKey: name)
        }
        return places
      }
      // Five who created something: too few.
      #expect(try places() == ["ana": nil, "fay": nil])
      try platform.execute(
        """
        INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created)
        SELECT md5('more' || n)::uuid, md5('acme')::uuid, 'more' || n, 'More', 'L', 'x@example.org', 30, '2024-01-01'
        FROM generate_series(1, 5) n;
        INSERT INTO app.pocuser (id, userid, tenantid, name, created)
        SELECT md5('m' || n)::uuid, md5('more' || n)::uuid, md5('acme')::uuid, 'P', '2025-04-01'
        FROM generate_series(1, 5) n;
        """)
      // Ten, five of whom share the places up to the fifth.
      #expect(try places() == ["ana": 5, "fay": 5])
      try platform.execute("DELETE FROM app.pocuser WHERE id = md5('fay1')::uuid")
      #expect(try places() == ["ana": 4, "fay": 5])
      try platform.execute(
        "DELETE FROM app.pocuser WHERE userid = md5('fay')::uuid AND id <> md5('fay2')::uuid")
      // In the lower half.
      #expect(try places() == ["ana": 4, "fay": nil])
    }
  }
}
