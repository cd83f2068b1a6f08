import Foundation
import Postgres
import TestSupport
import Testing

extension StoreCommandTests {
  private static let sshKeygen = Places.program("ssh-keygen")

  /// A key, and an installation that signs with it.
  private static func withKey(
    _ body: (Installation, _ key: String, _ environment: [String]) throws -> Void
  ) throws {
    let keygen = try #require(sshKeygen)
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      let key = "\(here.folder)/key"
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
      try here.write("signers", "yearbook namespaces=\"yearbook\" \(publicKey)")
      try body(here, key, ["YEARBOOK_SIGNING_KEY=\(key)"])
    }
  }

  private static func check(
    _ here: Installation, status: Int32 = 0, _ text: String = "all as published"
  ) throws {
    try expect(
      here, ["verify", "--deep", "--signers", "\(here.folder)/signers"], status: status, text)
  }

  @Test(.enabled(if: sshKeygen != nil, "ssh-keygen is not installed"))
  func `Heads that an older version signed are unbound, and no fault`() throws {
    try Self.withKey { here, key, signing in
      let run = ["run", "rows", "--period", "2025"]
      try Self.expect(here, run, "2 published", environment: signing)
      try Self.check(here)
      // As an older version left it: heads do not say whose they are, and pages are not signed.
      for slug in ["acme", "other"] {
        let tenant = "\(here.folder)/store/tenants/\(slug)"
        let head = "\(tenant)/rows/2025/heads/1.json"
        let text = try String(contentsOfFile: head, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { line in
          !["tenant_id", "pipeline", "period"].contains { line.contains("\"\($0)\"") }
        }
        #expect(lines.count == text.split(separator: "\n").count - 3)
        for path in [head, "\(tenant)/rows/2025/latest.json"] {
          unlink(path)
          try Data((lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        }
        unlink(head + ".sig")
        let signed = try Program.run([
          try #require(Self.sshKeygen), "-q", "-Y", "sign", "-f", key, "-n", "yearbook", head,
        ])
        #expect(signed.status == 0, "\(signed.output)")
      }
      for folder in ["tenants/acme", "tenants/other", "operator"] {
        for name in ["pages.json", "pages.json.sig"] {
          unlink("\(here.folder)/store/\(folder)/\(name)")
        }
      }
      try Self.check(here, "2 heads unbound")
      try Self.check(here)
      struct Found: Decodable {
        var unbound: Int
        var sound: Bool
      }
      let found = try Self.json(
        Found.self, here, ["verify", "--deep", "--signers", "\(here.folder)/signers"])
      #expect(found.unbound == 2 && found.sound)
      // A run without changes signs the pages; a publication binds.
      try Self.expect(here, run, "0 published", environment: signing)
      try Self.check(here, "2 heads unbound")
      #expect(
        FileManager.default.fileExists(atPath: "\(here.folder)/store/tenants/acme/pages.json"))
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      try Self.expect(here, run, "2 published", environment: signing)
      try Self.check(here)
      // From now on, the list of pages cannot be taken away.
      unlink("\(here.folder)/store/tenants/acme/pages.json")
      unlink("\(here.folder)/store/tenants/acme/pages.json.sig")
      try Self.check(here, status: 1, "fault unsigned: tenants/acme/pages.json")
    }
  }

  @Test(.enabled(if: sshKeygen != nil, "ssh-keygen is not installed"))
  func `Pages that somebody replaced are named, and made again when their catalog is removed`()
    throws
  {
    try Self.withKey { here, _, signing in
      let run = ["run", "nightly", "--as-of", "2026-01-05"]
      try Self.expect(here, run, environment: signing)
      try Self.expect(here, ["verify", "--deep"], "all as published")
      try Self.check(here)
      let store = "\(here.folder)/store"
      let index = "\(store)/tenants/acme/index.html"
      try Data("<p>evil</p>\n".utf8).write(to: URL(fileURLWithPath: index))
      try Self.check(here, status: 1, "fault altered: tenants/acme/index.html")
      try Self.expect(
        here, ["verify"], status: 1, "remove catalog.json beside them")
      unlink("\(store)/tenants/acme/catalog.json")
      try Self.expect(here, run, environment: signing)
      try Self.check(here)
      // Whoever has nothing but the store and the list of signers still sees what is not signed.
      let alone = ["verify", "--deep", "--signers", "\(here.folder)/signers"]
      let none = try Program.run(
        [Places.yearbook] + alone + ["--pipelines", "/nonexistent", "--templates", "/nonexistent"],
        in: here.folder, environment: here.environment)
      #expect(none.status == 0, "\(none.output)")
      #expect(none.output.contains("were not made again"), "\(none.output)")
      try Data("<p>evil</p>\n".utf8).write(to: URL(fileURLWithPath: index))
      let found = try Program.run(
        [Places.yearbook] + alone + ["--pipelines", "/nonexistent", "--templates", "/nonexistent"],
        in: here.folder, environment: here.environment)
      #expect(found.status == 1, "\(found.output)")
      #expect(found.output.contains("fault altered: tenants/acme/index.html"), "\(found.output)")
    }
  }

  @Test func `What the operator's rollback leads to is what the operator's page leads to`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write(
        "pipelines/together/pipeline.yaml",
        """
        name: together
        scope: platform
        period: [year]
        title: Together
        extract: {queries: {people: {order: [username]}}}
        aggregate:
          figures: {people: {from: people, count: rows}}
          tables: {people: {from: people, publish: people, columns: {username: text}}}
        """)
      try here.write(
        "pipelines/together/people.sql",
        "SELECT p.tenant_id, u.username FROM partition p JOIN \"user\" u ON u.tenantid = p.tenant_id"
      )
      for locale in ["en", "pt-BR", "es"] {
        let path = "templates/messages/\(locale).yaml"
        let text = try String(contentsOfFile: "\(here.folder)/\(path)", encoding: .utf8)
        let words = try #require(text.split(separator: "\n").last { $0.hasPrefix("rows:") })
        try here.write(path, text + "together\(words.dropFirst(4))\n")
      }
      let run = ["run", "together", "--period", "2025"]
      try Self.expect(here, run, "1 published")
      let place = "\(here.folder)/store/operator/together/2025"
      let first = try String(contentsOfFile: place + "/index.html", encoding: .utf8)
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      try Self.expect(here, run, "1 published")
      #expect(try String(contentsOfFile: place + "/index.html", encoding: .utf8) != first)
      try Self.expect(here, ["rollback", "@operator/together/2025"], "sequence 3")
      #expect(try String(contentsOfFile: place + "/index.html", encoding: .utf8) == first)
    }
  }
}
