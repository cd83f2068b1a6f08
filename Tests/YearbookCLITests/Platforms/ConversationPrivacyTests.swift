import Foundation
import Postgres
import Sample
import Synchronization
import TestSupport
import Testing

/// Conversations are counted without their texts and without their clients (LGPD).
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ConversationPrivacyTests {
  private static let periods = ["--period", "2026", "--period", "2026-10", "--as-of", "2026-11-20"]

  @Test func `The reader cannot read a text, an address, a secret or the archive`() throws {
    try OtherInstallation.with(.conversations, size: 2) { here in
      let reader = try Connection(
        here.platform.conninfo + " user=yearbook_reader", application: "tests")
      for statement in [
        "SELECT text FROM app.messages", "SELECT \"from\" FROM app.messages",
        "SELECT \"to\" FROM archive.messages", "SELECT id FROM app.bots",
        "SELECT secret FROM app.report_secret", "SELECT app.pseudonym('a@clients.example')",
        "SELECT app.erase_client('a@clients.example')", "DELETE FROM reports.message",
      ] {
        #expect(throws: (any Error).self, "\(statement)") { try reader.query(statement) }
      }
      let columns = try reader.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'reports'"
          + " AND table_name = 'message' ORDER BY 1"
      ).map { try $0.string("column_name") }
      #expect(
        columns == [
          "archived", "characters", "client", "conversation", "direction", "id", "is_to_itself",
          "sent", "tenant_id",
        ])
    }
  }

  @Test func `No text, no address and no pseudonym is in the store, the workspace or the output`()
    throws
  {
    try OtherInstallation.with(.conversations) { here in
      let (status, output) = try here.yearbook(["run", "conversations"] + Self.periods)
      try #require(status == 0, "\(output)")
      let source = try here.platform.connect()
      var canaries = try source.query(
        """
        SELECT DISTINCT left(text, 40) AS word FROM app.messages WHERE char_length(text) > 12
        UNION SELECT DISTINCT client::text FROM reports.message
        UNION SELECT '@clients.example' UNION SELECT secret::text FROM app.report_secret
        UNION SELECT DISTINCT conversation::text FROM reports.message
        """
      ).map { try $0.string("word") }
      canaries.append("script>alert")
      #expect(canaries.count > 500)
      var files = 0
      for part in ["store", "workspace"] {
        let root = "\(here.folder)/\(part)"
        for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
          guard let bytes = FileManager.default.contents(atPath: "\(root)/\(path)") else {
            continue
          }
          files += 1
          let text = String(decoding: bytes, as: UTF8.self)
          let found = canaries.first { text.contains($0) || path.contains($0) }
          #expect(found == nil, "\(found ?? "") is in \(part)/\(path)")
        }
      }
      #expect(files > 50)
      #expect(!canaries.contains { output.contains($0) })
    }
  }

  @Test(.enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"))
  func `Deleting messages moves them to the archive and changes no figure`() throws {
    try OtherInstallation.with(.conversations) { here in
      let first = try here.yearbook(["run", "conversations"] + Self.periods)
      try #require(first.status == 0, "\(first.output)")
      let before = try here.newest("tenants/vendas/conversations/2026")
      let source = try here.platform.connect()
      try source.execute("DELETE FROM app.messages WHERE hashtext(id::text) % 2 = 0")
      let again = try here.yearbook(["run", "conversations"] + Self.periods)
      try #require(again.status == 0, "\(again.output)")
      let after = try here.newest("tenants/vendas/conversations/2026")
      for (name, bytes) in before where name.hasSuffix(".csv") {
        #expect(after[name] == bytes, "\(name)")
      }
      #expect(before["report.json"] != after["report.json"], "it says how many are archived")
      let (status, output) = try here.countAgain(day: "2026-11-20")
      #expect(status == 0, "\(output)")
    }
  }

  @Test(.enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"))
  func `Erasing a client reaches the reports that were made of the archive`() throws {
    try OtherInstallation.with(.conversations) { here in
      let client = "everybody@clients.example"
      let first = try here.yearbook(["run", "conversations"] + Self.periods)
      try #require(first.status == 0, "\(first.output)")
      let source = try here.platform.connect()
      let pseudonym = try source.query("SELECT app.pseudonym($1)::text AS it", [client]).only()
        .string("it")
      let archived = try source.query(
        "SELECT count(*)::int AS n FROM reports.message WHERE archived AND client::text = $1"
          + " AND tenant_id = 'vendas@bots.example'", [pseudonym]
      ).only().int("n")
      #expect(archived > 0, "the client must have archived messages")
      let before = try here.newest("tenants/vendas/conversations/2026")
      // The reports come first: they leave the client out while the platform still has the rows.
      let purged = try here.yearbook(
        ["purge", "--tenant", "vendas", "--user", pseudonym, "--yes"])
      try #require(purged.status == 0, "\(purged.output)")
      let hidden = try here.newest("tenants/vendas/conversations/2026")
      #expect(hidden["report.json"] != before["report.json"])
      // The platform erases: nothing changes any more, and the second count has no such client.
      let erased = try source.query("SELECT app.erase_client($1)::text AS it", [client]).only()
      #expect(try erased.string("it") == pseudonym)
      let left = try source.query(
        """
        SELECT (SELECT count(*) FROM app.messages WHERE $1 IN ("from", "to"))
          + (SELECT count(*) FROM archive.messages WHERE $1 IN ("from", "to")) AS n
        """, [client]
      ).only().int("n")
      #expect(left == 0)
      let again = try here.yearbook(["run", "conversations"] + Self.periods)
      try #require(again.status == 0, "\(again.output)")
      let after = try here.newest("tenants/vendas/conversations/2026")
      for (name, bytes) in hidden where name.hasSuffix(".csv") {
        #expect(after[name] == bytes, "\(name)")
      }
      let (status, output) = try here.countAgain(day: "2026-11-20")
      #expect(status == 0, "\(output)")
      #expect(throws: (any Error).self) {
        try source.query("SELECT app.erase_client('vendas@bots.example')")
      }
    }
  }

  @Test
  func
    `What is deleted in one database goes to the archive in another, and what is erased goes from both`()
    throws
  {
    let schema = try Installation.text("docs/platforms/conversations.sql")
    try withDatabase { live in
      try withDatabase { archive in
        let here = try Connection(live, application: "tests")
        let there = try Connection(archive, application: "tests")
        let platform = OtherPlatform(.conversations, size: 6)
        try Installation.roles.withLock { _ in
          _ = try platform.create(
            on: [.init(here, .live), .init(there, .archive)], schema: schema)
        }
        let words = archive.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
        let options = words.filter { $0[0] != "user" }.map { "\($0[0]) '\($0[1])'" }
        try here.execute(
          """
          CREATE EXTENSION postgres_fdw;
          CREATE SERVER archive FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (\(options.joined(separator: ", ")));
          CREATE USER MAPPING FOR CURRENT_USER SERVER archive OPTIONS (user 'postgres');
          IMPORT FOREIGN SCHEMA archive LIMIT TO (messages) FROM SERVER archive INTO archive;
          """)
        func count(_ connection: Connection, _ condition: String = "true") throws -> Int {
          try connection.query(
            "SELECT count(*)::int AS n FROM reports.message WHERE \(condition)"
          ).only().int("n")
        }
        let before = (try count(here), try count(there))
        let gone = try count(here, "sent < '2026-06-01'")
        #expect(gone > 10)
        try here.execute(#"DELETE FROM app.messages WHERE "timestamp" < '2026-06-01'"#)
        #expect(try count(here) == before.0 - gone)
        #expect(try count(there) == before.1 + gone)
        let client = try here.query(
          "SELECT app.erase_client('everybody@clients.example')::text AS it"
        ).only().string("it")
        for connection in [here, there] {
          #expect(try count(connection, "client = '\(client)'") == 0)
          #expect(try count(connection) > 0)
        }
      }
    }
  }
}
