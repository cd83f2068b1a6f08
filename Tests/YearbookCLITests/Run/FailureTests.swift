import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// What one tenant's bad data, a missing file or a full disk may cost: that much, and nothing more.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct FailureTests {
  @Test func `A poisoned tenant fails alone, and after its repair only it is retried`() throws {
    try Installation.with { here in
      for name in ["acme", "poisoned", "zeta"] { try here.addTenant(name) }
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username, 1 / (CASE WHEN u.picture = '99' THEN 0 ELSE 1 END) AS one
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      let source = try here.platform.connect()
      try source.execute(
        "UPDATE app.\"user\" SET picture = '99' WHERE username = 'u2' AND tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'poisoned')")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("2 published, 0 unchanged, 1 failed"), "\(output)")
      let lines = output.split(separator: "\n").filter { $0.contains("failed ") }
      #expect(lines.count { $0.contains("division by zero") && $0.contains("poisoned") } == 1)
      #expect(
        try Set(here.payload().keys.map { $0.split(separator: "/")[1] }) == ["acme", "zeta"])

      try source.execute("UPDATE app.\"user\" SET picture = NULL")
      let retry = try here.yearbook(["retry"])
      #expect(retry.status == 0, "\(retry.output)")
      #expect(retry.output.contains("1 published, 0 unchanged, 0 failed"), "\(retry.output)")
      #expect(retry.output.contains("stages      1 run, 0 found done"), "\(retry.output)")
      #expect(try here.yearbook(["retry"]).output.contains("nothing to retry"))
    }
  }

  @Test func `Two tenants with one slug both fail by their ids, and everybody else is published`()
    throws
  {
    try Installation.with { here in
      for name in ["acme", "other", "twin", "zeta"] { try here.addTenant(name) }
      let source = try here.platform.connect()
      try source.execute("ALTER TABLE app.tenant DROP CONSTRAINT tenant_slug_key")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try source.execute("UPDATE app.tenant SET slug = 'twin' WHERE slug = 'other'")
      let ids = try source.query(
        "SELECT id FROM app.tenant WHERE slug = 'twin' ORDER BY id"
      ).map { try $0.string("id") }
      #expect(ids.count == 2)
      try source.execute("UPDATE app.\"user\" SET username = 'new' WHERE username = 'u1'")
      let before = try here.payload()
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("2 published, 0 unchanged, 2 failed"), "\(output)")
      #expect(
        output.contains("2 tenants have the slug 'twin': \(ids.joined(separator: ", "))"),
        "\(output)")
      for (path, file) in try here.payload()
      where path.contains("/twin/") || path.contains("/other/") {
        #expect(before[path] == file, "\(path)")
      }
      // A schedule, and one that is asked for by its slug, too.
      #expect(try here.yearbook(["run", "nightly"]).status == 1)
      let asked = try here.yearbook(["run", "rows", "--period", "2025", "--tenant", "twin"])
      #expect(asked.status == 1 && asked.output.contains("2 failed"), "\(asked.output)")
      // Once they have their own, all is as before.
      try source.execute(
        "UPDATE app.tenant SET slug = 'other' WHERE id = '\(ids[0])' AND name = 'other'")
      try source.execute(
        "UPDATE app.tenant SET slug = 'other' WHERE id = '\(ids[1])' AND name = 'other'")
      let retry = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(retry.status == 0 && retry.output.contains("2 published"), "\(retry.output)")
    }
  }

  @Test func `A retry works on the rows that failed, or on today's`() throws {
    try Installation.with { here in
      for name in ["acme", "broken"] { try here.addTenant(name) }
      let source = try here.platform.connect()
      func setPicture(_ picture: String) throws {
        try source.execute("UPDATE app.\"user\" SET picture = '\(picture)' WHERE username = 'u1'")
      }
      let specification = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username, coalesce(u.picture, '') AS picture,
          CASE WHEN t.slug = 'broken' AND u.picture = 'first' THEN 'other' ELSE 'ACTIVE' END AS state
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id
        JOIN tenant t ON t.id = p.tenant_id
        """)
      // A word that no list knows: the one tenant fails after its rows were read.
      try here.write(
        "pipelines/rows/pipeline.yaml",
        specification.replacingOccurrences(
          of: "columns: {username: text}",
          with: "columns: {username: text, picture: text, state: term}"))
      func messages(_ terms: String) throws {
        for locale in ["en", "pt-BR", "es"] {
          let file = "templates/messages/\(locale).yaml"
          var text = try Installation.text(file, in: here.folder)
          if let added = text.range(of: "\nrows:") {
            text = String(text[..<added.lowerBound]) + "\n"
          }
          try here.write(
            file,
            text + "rows: {figures: {people: P}, columns: {username: N, picture: B, state: S},"
              + " tables: {people: P}, terms: {state: {\(terms)}}}\n")
        }
      }
      try messages("ACTIVE: a")
      try setPicture("first")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("1 published, 0 unchanged, 1 failed"), "\(output)")

      // The rows change, and the list learns the word: the rows that failed are told from those of now.
      try setPicture("second")
      try messages("ACTIVE: a, other: o")
      let kept = try here.yearbook(["gc", "--keep", "2h"])
      #expect(kept.status == 0, "\(kept.output)")
      let replayed = try here.yearbook(["retry", "--keep-data"])
      #expect(replayed.status == 0, "\(replayed.output)")
      #expect(replayed.output.contains("1 published, 0 unchanged, 0 failed"), "\(replayed.output)")
      #expect(replayed.output.contains("1 partition with the rows that run"), "\(replayed.output)")
      func tables() throws -> [String] {
        let root = "\(here.folder)/store/tenants/broken/rows/2025/releases"
        return try FileManager.default.contentsOfDirectory(atPath: root).sorted().map {
          try Installation.text("\($0)/data/people.csv", in: root)
        }
      }
      #expect(try tables().map { $0.contains("first") } == [true])
      #expect(
        try here.record.connect().query("SELECT FROM yearbook.kept").isEmpty, "rows were kept on")
      let today = try here.yearbook(["run", "rows", "--period", "2025", "--tenant", "broken"])
      #expect(today.status == 0, "\(today.output)")
      #expect(try tables().count { $0.contains("second") } == 1)
    }
  }

  @Test func `A pipeline whose queries are broken fails for all, and the others publish`() throws {
    try Installation.with { here in
      for name in ["acme", "zeta"] { try here.addTenant(name) }
      try Self.addPipelines(here)
      try here.write(
        "pipelines/first/people.sql",
        "SELECT p.tenant_id, u.usrname AS username FROM partition p JOIN \"user\" u ON u.tenantid = p.tenant_id"
      )
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("2 published, 0 unchanged, 2 failed, 2 skipped"), "\(output)")
      let told = try here.yearbook(["status"])
      #expect(told.output.contains("failed 2 partitions: "), "\(told.output)")
      #expect(told.output.contains("usrname"), "\(told.output)")
      #expect(told.output.contains("first acme "), "\(told.output)")
      try here.write(
        "pipelines/first/people.sql",
        "SELECT p.tenant_id, u.username FROM partition p JOIN \"user\" u ON u.tenantid = p.tenant_id"
      )
      let retry = try here.yearbook(["retry"])
      #expect(retry.status == 0, "\(retry.output)")
      #expect(retry.output.contains("4 published, 0 unchanged, 0 failed"), "\(retry.output)")
    }
  }

  /// `first` and `second`, which needs it, beside `rows`; `nightly` runs all three.
  private static func addPipelines(_ here: Installation) throws {
    for name in ["first", "second"] {
      try here.write(
        "pipelines/\(name)/pipeline.yaml",
        Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
          .replacingOccurrences(of: "name: rows", with: "name: \(name)"))
      try here.write(
        "pipelines/\(name)/people.sql",
        """
        SELECT p.tenant_id, u.username\(name == "first" ? ", 1 / coalesce(length(u.picture), 0) AS one" : "")
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id
        """)
    }
    try here.write(
      "pipelines/nightly.yaml",
      """
      name: nightly
      tenants: active
      pipelines:
        - {run: first, periods: [this-year]}
        - {run: second, periods: [this-year], needs: [first]}
        - {run: rows, periods: [this-year]}
      """)
    for locale in ["en", "pt-BR", "es"] {
      let file = "templates/messages/\(locale).yaml"
      let words = "{figures: {people: P}, columns: {username: N}, tables: {people: P}}"
      try here.write(
        file,
        Installation.text(file, in: here.folder) + "first: \(words)\nsecond: \(words)\n")
    }
  }

  @Test func `A failed pipeline stops only what needs it, for its tenant alone`() throws {
    try Installation.with { here in
      for name in ["acme", "zeta"] { try here.addTenant(name) }
      try Self.addPipelines(here)
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET picture = 'x' WHERE tenantid ="
          + " (SELECT id FROM app.tenant WHERE slug = 'zeta')")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("4 published, 0 unchanged, 1 failed, 1 skipped"), "\(output)")
      let made = try Set(
        here.payload().keys.map { $0.split(separator: "/")[1...2].joined(separator: " ") })
      #expect(made == ["acme rows", "zeta first", "zeta second", "zeta rows"])
      // The way back takes up both, the one after the other.
      try here.platform.connect().execute("UPDATE app.\"user\" SET picture = 'x'")
      let retry = try here.yearbook(["retry"])
      #expect(retry.status == 0, "\(retry.output)")
      #expect(retry.output.contains("2 published, 0 unchanged, 0 failed"), "\(retry.output)")
    }
  }

  @Test(arguments: [
    ("{run: rows, periods: [this-year], needs: [rows]}", "rows"),
    ("{run: rows, periods: [this-year], needs: [nothing]}", "nothing"),
    ("{run: nothing, periods: [this-year]}", "nothing"),
  ])
  func `A schedule that runs in a circle or names what is not there does not begin`(
    entry: String, word: String
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write(
        "pipelines/nightly.yaml", "name: nightly\ntenants: active\npipelines:\n  - \(entry)\n")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("pipelines/nightly.yaml:4:"), "\(output)")
      #expect(output.contains("'\(word)'"), "\(output)")
    }
  }

  @Test func `A missing media file costs a scene and leaves a warning`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      for name in ["video", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.platform.connect().execute(
        """
        WITH poc AS (
          INSERT INTO app.pocuser (userid, tenantid, name, language, favorite, created)
          SELECT u.id, u.tenantid, 'Parser', 'Swift', 'N', '2025-05-05' FROM app."user" u
          WHERE u.username = 'u1' RETURNING id, tenantid
        )
        INSERT INTO app.poc_screenshot (pocid, tenantid, object_key, created)
        SELECT id, tenantid, 'acme/shots/gone.png', '2025-05-05' FROM poc
        """)
      let (status, output) = try here.yearbook(["run", "video", "--period", "2025"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("warning video acme 2025: acme/shots/gone.png: "), "\(output)")
      let payload = try here.payload()
      #expect(payload["tenants/acme/video/2025/data/film.mp4"] != nil)
      let storyboard = payload["tenants/acme/video/2025/data/storyboard.json"] ?? Data()
      #expect(String(decoding: storyboard, as: UTF8.self).contains("Parser"))
      #expect(
        try here.yearbook(["run", "video", "--period", "2025", "--strict"]).status == 1)
      // The object arrives: its scene is made, and nothing of the old release is lost.
      try FileManager.default.createDirectory(
        atPath: "\(here.folder)/media/acme/shots", withIntermediateDirectories: true)
      try Data(Self.picture).write(
        to: URL(fileURLWithPath: "\(here.folder)/media/acme/shots/gone.png"))
      let later = try here.yearbook(["run", "video", "--period", "2025", "--strict"])
      #expect(later.status == 0, "\(later.output)")
      #expect(later.output.contains("1 published"), "\(later.output)")
    }
  }

  /// A one-pixel PNG.
  private static let picture: [UInt8] = Array(
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
    ) ?? Data())

  @Test(
    .enabled(if: geteuid() == 0, "only root may mount a small disk"),
    arguments: [("store", "1m"), ("workspace", "200k")])
  func `A full disk stops the run with its own code, and what was published stays`(
    part: String, size: String
  ) throws {
    try Installation.with { here in
      for number in 1...30 { try here.addTenant("tenant-\(number)") }
      let disk = "\(here.folder)/disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try #require(mount("tmpfs", disk, "tmpfs", 0, "size=\(size)") == 0)
      defer { umount(disk) }
      let variable = "YEARBOOK_\(part.uppercased())=\(disk)/\(part)"
      let first = try here.yearbook(
        ["run", "rows", "--period", "2024", "--tenant", "tenant-1"], environment: [variable])
      #expect(first.status == 0, "\(first.output)")
      let full = try here.yearbook(["run", "rows", "--period", "2025"], environment: [variable])
      #expect([1, 74].contains(full.status), "\(full.output)")
      #expect(full.output.lowercased().contains("no space left"), "\(full.output)")
      let sound = try here.yearbook(["verify", "--deep"], environment: [variable])
      #expect(sound.status == 0, "\(sound.output)")
      // Room is made: the same command does the rest.
      #expect(mount("tmpfs", disk, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
      let again = try here.yearbook(["run", "rows", "--period", "2025"], environment: [variable])
      #expect(again.status == 0, "\(again.output)")
      #expect(try here.yearbook(["verify", "--deep"], environment: [variable]).status == 0)
    }
  }
}
